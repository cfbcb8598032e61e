/**
 * Messages → a bounded queue on this machine's disk, for the time in which Kafka cannot take them.
 *
 * A folder of segments `<number>.ndjson`, one message `{"key":…,"value":…}` a line. `append` resolves
 * when its lines are on the disk: one sync for all of them. Only the process that made a segment
 * appends to it, and never again after a write that failed; so what a crash cut short are a
 * segment's last lines, which nobody was told are safe. They are left out; that needs no
 * checksum, as a part of a JSON object is no JSON. A segment is deleted when all of it has been removed.
 * How far that has come is not kept: after a crash it is read from its beginning again, with the
 * same event_ids. A lock file keeps a second process out.
 */
import { rmSync } from "node:fs";
import { appendFile, type FileHandle, mkdir, open, readdir, readFile, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { takeLock } from "../lock.ts";
import { type Message, Unavailable } from "./batcher.ts";
import { type Lines, parseLines, readRange, toLine } from "./lines.ts";

const SEGMENT_BYTES = 1024 * 1024; // what a crash may send twice, at most, beside the last append
const PORTION_BYTES = 256 * 1024; // read at once; Kafka takes 1 MiB a batch and partition
const PAUSE_MS = 1000; // without a removal: then what follows is a new spell
const PENDING_BYTES = 16 * 1024 * 1024; // of appends that wait for the disk

export interface SpoolOptions {
  folder: string;
  maxBytes: number; // of all segments; more is refused
  segmentBytes?: number; // a segment that has so many is followed by a new one
  /** Is told what a crash has cut short: one line. */
  say?: (line: string) => void;
}

/** What a spool holds now. */
export interface SpoolState {
  messages: number;
  bytes: number; // on the disk
  full: boolean; // the last append was refused for want of room
  grownForMs: number; // for how long more has come than gone; 0: it shrinks, or is empty
}

/** The oldest messages, and how to remove them once they are elsewhere. */
export interface Portion {
  messages: Message[];
  remove: () => Promise<void>;
}

interface Segment {
  file: string;
  bytes: number; // on the disk for sure
  messages: number; // not removed yet
  removedBytes: number;
}

export class Spool {
  readonly folder: string;
  readonly #maxBytes: number;
  readonly #segmentBytes: number;
  #segments: Segment[] = []; // the oldest first
  #nextNumber = 1;
  #writing: { segment: Segment; handle: FileHandle } | undefined; // the last segment, if it takes more
  #turn: Promise<unknown> = Promise.resolve(); // one change at a time
  #pendingBytes = 0;
  #full = false;
  #growth: { since: number; by: number } | undefined; // messages that came, less those that went

  #lastRemoval = 0;

  private constructor({ folder, maxBytes, segmentBytes = SEGMENT_BYTES }: SpoolOptions) {
    [this.folder, this.#maxBytes, this.#segmentBytes] = [folder, maxBytes, segmentBytes];
  }

  /**
   * Opens the spool in `folder`, with what an earlier process left there.
   * @throws Error if another process holds it.
   */
  static async open(options: SpoolOptions): Promise<Spool> {
    const { folder, say = console.error } = options;
    await mkdir(folder, { recursive: true });
    const holder = takeLock(lockFile(folder));
    if (holder !== undefined) {
      throw new Error(
        `spool ${folder}: expected to be its only user, but process ${holder} holds it; ` +
          `stop that, or set QUESTLOG_HOME to another folder`,
      );
    }
    const spool = new Spool(options);
    for (const name of (await readdir(folder)).filter((name) => SEGMENT_NAME.test(name)).sort()) {
      await spool.#adopt(join(folder, name), say);
      spool.#nextNumber = parseInt(name) + 1;
    }
    return spool;
  }

  /** Nothing is in it, and nothing on its way into it. */
  isEmpty(): boolean {
    return this.#pendingBytes === 0 && this.#segments.every(({ messages }) => messages === 0);
  }

  state(): SpoolState {
    const sum = (of: "messages" | "bytes") => this.#segments.reduce((total, each) => total + each[of], 0);
    const grownForMs = this.#growth ? Date.now() - this.#growth.since : 0;
    return { messages: sum("messages"), bytes: sum("bytes"), full: this.#full, grownForMs };
  }

  /**
   * Resolves when all of the messages are on the disk, behind those that are there.
   * @throws Unavailable if there is no room for all of them, or if the disk fails.
   */
  async append(messages: readonly Message[]): Promise<void> {
    const lines = Buffer.from(messages.map(toLine).join(""));
    if (this.#pendingBytes > 0 && this.#pendingBytes + lines.length > PENDING_BYTES)
      throw new Unavailable(`spool ${this.folder}: the disk is behind by ${this.#pendingBytes} bytes`, "no");
    this.#pendingBytes += lines.length;
    try {
      await this.#inTurn(() => this.#append(lines, messages.length));
    } finally {
      this.#pendingBytes -= lines.length;
    }
  }

  /** The oldest messages, about 256 KiB of them and `maxMessages` at most; undefined if there is none. */
  async first(maxMessages = Infinity): Promise<Portion | undefined> {
    if (this.#pendingBytes > 0 && this.#oldest() === undefined) await this.#turn;
    const segment = this.#oldest();
    if (segment === undefined) return undefined;
    const { file, bytes, removedBytes: start } = segment;
    let read = parseLines(await readRange(file, start, Math.min(bytes, start + PORTION_BYTES)), maxMessages);
    if (read.bytes === 0) read = parseLines(await readRange(file, start, bytes), 1); // a long line
    if (read.bytes === 0)
      throw new Error(`spool ${file}: expected ${bytes} bytes, got fewer; was it edited?`);
    return { messages: read.messages, remove: () => this.#inTurn(() => this.#remove(segment, read)) };
  }

  /** Keeps a message that the topic will never take, in a file that is not read again; resolves with its name. */
  async setAside(message: Message): Promise<string> {
    const file = join(this.folder, "set-aside.ndjson");
    await appendFile(file, toLine(message), { flush: true });
    return file;
  }

  /** Resolves when what is being appended is on the disk; what is in the spool stays there. */
  async close(): Promise<void> {
    await this.#inTurn(() => this.#endSegment());
    rmSync(lockFile(this.folder), { force: true });
    if (this.#segments.length === 0) await rmdir(this.folder).catch(() => undefined); // something else is in it
  }

  #oldest(): Segment | undefined {
    return this.#segments.find(({ messages }) => messages > 0);
  }

  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(change);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async #append(lines: Buffer, messages: number): Promise<void> {
    const { bytes } = this.state();
    this.#full = bytes + lines.length > this.#maxBytes;
    if (this.#full) {
      const room = `${bytes} of ${this.#maxBytes} bytes are taken, and ${lines.length} more came`;
      throw new Unavailable(`spool ${this.folder} is full: ${room}`, "no");
    }
    try {
      if (!this.#writing) await this.#beginSegment();
      await this.#writing!.handle.appendFile(lines);
      await this.#writing!.handle.datasync();
    } catch (error) {
      await this.#abandonSegment();
      const { message } = error as Error;
      throw new Unavailable(`spool ${this.folder} cannot be written: ${message}`, "unknown", error);
    }
    const { segment } = this.#writing!;
    segment.bytes += lines.length;
    segment.messages += messages;
    this.#growth ??= { since: Date.now(), by: 0 };
    this.#growth.by += messages;
    if (segment.bytes >= this.#segmentBytes) await this.#endSegment();
  }

  async #remove(segment: Segment, { messages, bytes }: Lines): Promise<void> {
    segment.messages -= messages.length;
    segment.removedBytes += bytes;
    // What had grown while nothing could go does not count any more.
    if (Date.now() - this.#lastRemoval > PAUSE_MS && this.#growth)
      this.#growth = { since: Date.now(), by: 0 };
    if (this.#growth && (this.#growth.by -= messages.length) <= 0) this.#growth = undefined;
    this.#lastRemoval = Date.now();
    if (segment.messages > 0) return;
    if (this.#writing?.segment === segment) await this.#endSegment();
    await this.#delete(segment);
    this.#full = false;
  }

  async #delete(segment: Segment): Promise<void> {
    this.#segments = this.#segments.filter((other) => other !== segment);
    await rm(segment.file, { force: true });
  }

  async #beginSegment(): Promise<void> {
    const file = join(this.folder, `${String(this.#nextNumber++).padStart(12, "0")}.ndjson`);
    const handle = await open(file, "ax");
    const segment = { file, bytes: 0, messages: 0, removedBytes: 0 };
    this.#segments.push(segment);
    this.#writing = { segment, handle };
    await syncFolder(this.folder); // else a power cut could take the file, however synced its content is
  }

  async #endSegment(): Promise<void> {
    const { handle } = this.#writing ?? {};
    this.#writing = undefined;
    await handle?.close();
  }

  /** After a failed write: the system may have dropped what it could not write, so nothing follows in this file. */
  async #abandonSegment(): Promise<void> {
    const { segment, handle } = this.#writing ?? {};
    this.#writing = undefined;
    if (!segment || !handle) return;
    await handle.truncate(segment.bytes).catch(() => undefined); // nothing beyond is read by this process anyway
    await handle.close().catch(() => undefined);
    if (segment.messages === 0) await this.#delete(segment).catch(() => undefined);
  }

  async #adopt(file: string, say: (line: string) => void): Promise<void> {
    const content = await readFile(file);
    const { messages, wholeBytes, bytes } = parseLines(content);
    const lostBytes = content.length - wholeBytes;
    if (lostBytes > 0)
      say(`spool ${file}: ${lostBytes} bytes, cut short before anybody was told, are left out`);
    if (messages.length === 0) await rm(file);
    else this.#segments.push({ file, bytes, messages: messages.length, removedBytes: 0 });
  }
}

const SEGMENT_NAME = /^\d{12}\.ndjson$/;

function lockFile(folder: string): string {
  return join(folder, "lock");
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
