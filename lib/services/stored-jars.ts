/**
 * Jars → the same jars with uncompressed entries, in a folder of the cache.
 *
 * At its start a NameNode reads its largest jars whole, to find web pages and classes: inflating
 * them takes more than half of the CPU of its start. A jar has no zip64 parts here.
 */
import { closeSync, mkdirSync, openSync, readFileSync, writeSync } from "node:fs";
import { rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { inflateRawSync } from "node:zlib";
import { fileTreeIsWhole, keepFileTree } from "./checksums.ts";
import { type Log, megabytes, seconds } from "./log.ts";

interface Entry {
  name: Buffer;
  flags: number;
  method: number; // 0: stored, 8: deflated
  time: Buffer; // 4 bytes: time and date
  crc: number;
  packedSize: number;
  size: number;
  attributes: number;
  at: number; // of its local header
}

const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const END = 0x06054b50;
const END_SIZE = 22;
const LOCAL_SIZE = 30;
const CENTRAL_SIZE = 46;
const VERSION = 20; // of the format: folders, deflate
const UTF8 = 0x0800;
const DEFLATED = 8;
const ZIP64 = 0xffff; // a number of entries that does not fit

/** Makes the copies in `folder` unless it has them. Resolves with their paths, in order. */
export async function storeJars(jars: readonly string[], folder: string, log: Log): Promise<string[]> {
  if (!(await fileTreeIsWhole(folder))) {
    const start = Date.now();
    const aside = `${folder}.${process.pid}`;
    await rm(aside, { recursive: true, force: true });
    mkdirSync(aside, { recursive: true });
    for (const jar of jars) storeJar(jar, join(aside, basename(jar)));
    await keepFileTree(aside, folder);
    log(`hadoop: uncompressed, ${megabytes([folder])} MB, ${seconds(start)} s`);
  }
  return jars.map((jar) => join(folder, basename(jar)));
}

/** Writes `jar` to `target` with uncompressed entries, in the same order. */
export function storeJar(jar: string, target: string): void {
  const bytes = readFileSync(jar);
  const entries = entriesOf(bytes, jar);
  const file = openSync(target, "w");
  try {
    let at = 0;
    const write = (part: Buffer) => (at += writeSync(file, part));
    const central = entries.map((entry) => {
      const head = headOf(entry, at);
      write(Buffer.concat([localHeader(entry), entry.name]));
      write(contentOf(entry, bytes, jar));
      return head;
    });
    const begin = at;
    for (const head of central) write(head);
    const end = Buffer.alloc(END_SIZE);
    end.writeUInt32LE(END, 0);
    end.writeUInt16LE(entries.length, 8);
    end.writeUInt16LE(entries.length, 10);
    end.writeUInt32LE(at - begin, 12);
    end.writeUInt32LE(begin, 16);
    write(end);
  } finally {
    closeSync(file);
  }
}

function entriesOf(bytes: Buffer, jar: string): Entry[] {
  const signature = Buffer.alloc(4);
  signature.writeUInt32LE(END);
  const end = bytes.lastIndexOf(signature);
  const count = end < 0 ? ZIP64 : bytes.readUInt16LE(end + 10);
  if (count === ZIP64) throw new Error(`${jar}: expected a zip file of less than ${ZIP64} entries`);
  let at = bytes.readUInt32LE(end + 16);
  return Array.from({ length: count }, () => {
    if (bytes.readUInt32LE(at) !== CENTRAL) throw new Error(`${jar}: expected an entry at byte ${at}`);
    const nameEnd = at + CENTRAL_SIZE + bytes.readUInt16LE(at + 28);
    const entry: Entry = {
      name: bytes.subarray(at + CENTRAL_SIZE, nameEnd),
      flags: bytes.readUInt16LE(at + 8),
      method: bytes.readUInt16LE(at + 10),
      time: bytes.subarray(at + 12, at + 16),
      crc: bytes.readUInt32LE(at + 16),
      packedSize: bytes.readUInt32LE(at + 20),
      size: bytes.readUInt32LE(at + 24),
      attributes: bytes.readUInt32LE(at + 38),
      at: bytes.readUInt32LE(at + 42),
    };
    at = nameEnd + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
    return entry;
  });
}

function contentOf({ name, method, packedSize, size, at }: Entry, bytes: Buffer, jar: string): Buffer {
  const begin = at + LOCAL_SIZE + bytes.readUInt16LE(at + 26) + bytes.readUInt16LE(at + 28);
  const packed = bytes.subarray(begin, begin + packedSize);
  const content = method === DEFLATED ? inflateRawSync(packed) : packed;
  if (content.length === size) return content;
  throw new Error(`${jar}: expected ${size} bytes of ${name.toString()}, got ${content.length}`);
}

function localHeader(entry: Entry): Buffer {
  const header = Buffer.alloc(LOCAL_SIZE);
  header.writeUInt32LE(LOCAL, 0);
  header.writeUInt16LE(VERSION, 4);
  writeCommon(header, 6, entry);
  return header;
}

/** The entry in the list at the file's end; its local header is at byte `at`. */
function headOf(entry: Entry, at: number): Buffer {
  const header = Buffer.alloc(CENTRAL_SIZE);
  header.writeUInt32LE(CENTRAL, 0);
  header.writeUInt16LE(VERSION, 4);
  header.writeUInt16LE(VERSION, 6);
  writeCommon(header, 8, entry);
  header.writeUInt32LE(entry.attributes, 38);
  header.writeUInt32LE(at, 42);
  return Buffer.concat([header, entry.name]);
}

/** The fields that both headers have, from the flags to the length of the name. */
function writeCommon(header: Buffer, at: number, { name, flags, time, crc, size }: Entry): void {
  header.writeUInt16LE(flags & UTF8, at);
  time.copy(header, at + 4); // between them the method: 0
  header.writeUInt32LE(crc, at + 8);
  header.writeUInt32LE(size, at + 12);
  header.writeUInt32LE(size, at + 16);
  header.writeUInt16LE(name.length, at + 20);
}
