/**
 * Messages of a producer → the same bytes as kafkajs makes, for less CPU.
 *
 * kafkajs 2.2.4 copies the list of a partition's messages for each further message. It zeroes 512
 * bytes for each record, and computes the checksum byte by byte. This module replaces these three
 * functions before kafkajs loads them: import it first.
 */
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

/** A record of a batch, as kafkajs passes it to its functions. */
export interface RecordFields {
  offsetDelta?: number;
  timestampDelta?: number;
  key?: Buffer | string | null;
  value: Buffer | string | null;
  headers?: Record<string, unknown>;
}

interface Encoded {
  buf: Buffer;
  buffer: Buffer;
}

interface Grouping {
  topic: string;
  partitionMetadata: unknown[];
  messages: unknown[];
  partitioner: (one: { topic: string; partitionMetadata: unknown[]; message: unknown }) => number;
}

/** kafkajs's own functions. Records with headers or times of their own still need the second. */
export const original = {
  crc32C: replace("kafkajs/src/protocol/recordBatch/crc32C/crc32C.js", crc32C),
  encodeRecord: replace("kafkajs/src/protocol/recordBatch/record/v0/index.js", encodeRecord),
  groupMessages: replace("kafkajs/src/producer/groupMessagesPerPartition.js", groupMessages),
};

function replace<F>(path: string, by: F): F {
  const own = require(path) as F;
  require.cache[require.resolve(path)]!.exports = by;
  return own;
}

/** The messages of each partition, in their order. */
export function groupMessages({ topic, partitionMetadata, messages, partitioner }: Grouping) {
  const groups: Record<number, unknown[]> = {};
  if (partitionMetadata.length === 0) return groups;
  for (const message of messages)
    (groups[partitioner({ topic, partitionMetadata, message })] ??= []).push(message);
  return groups;
}

/** A record: its length, then attributes, differences of time and offset, key, value, headers. */
export function encodeRecord(record: RecordFields): Encoded {
  const { offsetDelta = 0, timestampDelta = 0, key = null, value, headers } = record;
  const isPlain = timestampDelta === 0 && (headers === undefined || Object.keys(headers).length === 0);
  if (!isPlain) return original.encodeRecord(record);
  const keyBytes = key === null ? -1 : Buffer.byteLength(key);
  const valueBytes = value === null ? -1 : Buffer.byteLength(value);
  const fields = sizeOf(offsetDelta) + sizeOf(keyBytes) + sizeOf(valueBytes);
  const size = 3 + fields + Math.max(0, keyBytes) + Math.max(0, valueBytes); // 3 fields of one byte, all 0
  const buf = Buffer.allocUnsafe(sizeOf(size) + size);
  let at = writeNumber(buf, size, 0);
  buf[at++] = 0; // attributes
  buf[at++] = 0; // difference of time
  at = writeNumber(buf, offsetDelta, at);
  at = writeBytes(buf, key, keyBytes, at);
  at = writeBytes(buf, value, valueBytes, at);
  buf[at] = 0; // number of headers
  return { buf, buffer: buf };
}

/** Bytes of a number of at most 31 bits in Kafka's form: zigzag, 7 bits a byte. */
function sizeOf(number: number): number {
  let bytes = 1;
  for (let rest = ((number << 1) ^ (number >> 31)) >>> 7; rest !== 0; rest >>>= 7) bytes++;
  return bytes;
}

function writeNumber(to: Buffer, number: number, at: number): number {
  let rest = ((number << 1) ^ (number >> 31)) >>> 0;
  for (; rest > 0x7f; rest >>>= 7) to[at++] = (rest & 0x7f) | 0x80;
  to[at++] = rest;
  return at;
}

function writeBytes(to: Buffer, bytes: Buffer | string | null, length: number, at: number): number {
  at = writeNumber(to, length, at);
  if (bytes === null) return at;
  if (typeof bytes === "string") to.write(bytes, at);
  else bytes.copy(to, at);
  return at + length;
}

const POLYNOMIAL = 0x82f63b78; // Castagnoli's, reversed
const SLICES = 8; // bytes of one step

/** TABLES[n][byte]: the checksum of a byte that n bytes of zero follow. */
const TABLES: readonly Int32Array[] = (() => {
  const tables = Array.from({ length: SLICES }, () => new Int32Array(256));
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    tables[0]![byte] = crc;
  }
  for (let n = 1; n < SLICES; n++)
    for (let byte = 0; byte < 256; byte++) {
      const before = tables[n - 1]![byte]!;
      tables[n]![byte] = tables[0]![before & 0xff]! ^ (before >>> 8);
    }
  return tables;
})();

/** The CRC-32C of bytes, eight at a step. */
export function crc32C(bytes: Buffer): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = TABLES as Int32Array[] & { length: 8 };
  const wholeSteps = bytes.length - (bytes.length % SLICES);
  let crc = -1;
  let at = 0;
  for (; at < wholeSteps; at += SLICES) {
    crc ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    crc =
      t7![crc & 0xff]! ^
      t6![(crc >>> 8) & 0xff]! ^
      t5![(crc >>> 16) & 0xff]! ^
      t4![crc >>> 24]! ^
      t3![bytes[at + 4]!]! ^
      t2![bytes[at + 5]!]! ^
      t1![bytes[at + 6]!]! ^
      t0![bytes[at + 7]!]!;
  }
  for (; at < bytes.length; at++) crc = t0![(crc ^ bytes[at]!) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
}
