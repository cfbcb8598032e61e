/**
 * A partition's messages → the files of one batch: a Parquet file for each table and day.
 *
 * The day is that of Kafka's timestamp in UTC. A message that is not an event
 * of the catalogue becomes a row of `failed_events` with the reason; no message
 * stops the stream, and none is left out. All that the failed topic holds goes there.
 */
import { isUtf8 } from "node:buffer";
import { failedEvents, type Value } from "../catalog.ts";
import type { Batch, StagedFile } from "./commits.ts";
import { type EventRow, eventColumns, type Position, readEvent } from "../envelope.ts";
import { Misfit } from "../misfit.ts";
import { ParquetFile } from "./parquet.ts";

/** What of a Kafka message the batch reads. */
export interface Message {
  offset: string;
  timestamp: string; // milliseconds since 1970
  value: Buffer | null;
}

/** What a row of failed_events is made of, beside its position. */
export interface FailedRow {
  reason: string;
  raw: string | null; // null: the message had no value
}

/** A message's text → its row; throws Misfit when it is not of the topic's form. */
export type ParseMessage = (text: string, position: Position) => EventRow | FailedRow;

/** When a batch is full, whichever comes first. */
export interface BatchLimits {
  maxRows: number;
  maxBytes: number; // of the messages' values
  maxFiles: number; // tables times days: timestamps are the producers' and may be any
}

export const DEFAULT_LIMITS: BatchLimits = { maxRows: 50_000, maxBytes: 32 << 20, maxFiles: 64 };

/** The reason of a message whose raw_event is not what was sent. */
export const NOT_UTF8 = "the message: expected UTF-8, got other bytes (replaced in raw_event by U+FFFD)";

const DAY_MS = 86_400_000;
const MAX_TIMESTAMP = Date.UTC(9999, 11, 31) + DAY_MS - 1; // the last that a day's name can hold

/** A batch being filled with messages in the order of their offsets. */
export class BatchBuilder {
  rows = 0;
  bytes = 0;
  failed = 0; // rows among them that went to failed_events
  last = -1; // offset of the newest message
  readonly timestamps: number[] = []; // of each message that has a usable one
  lastTimestamp: number | null = null; // of the newest message
  readonly #topic: string;
  readonly #partition: number;
  readonly #limits: BatchLimits;
  readonly #parse: ParseMessage;
  readonly #days = new Map<number, Map<string, ParquetFile>>(); // day since 1970 → table → file
  #files = 0;

  constructor(topic: string, partition: number, limits = DEFAULT_LIMITS, parse: ParseMessage = readEvent) {
    this.#topic = topic;
    this.#partition = partition;
    this.#limits = limits;
    this.#parse = parse;
  }

  get full(): boolean {
    const { maxRows, maxBytes, maxFiles } = this.#limits;
    return this.rows >= maxRows || this.bytes >= maxBytes || this.#files >= maxFiles;
  }

  /** Takes one message. @throws nothing: a message that cannot be an event is a failed one. */
  push({ offset, timestamp, value }: Message): void {
    const position = { timestamp: Number(timestamp), partition: this.#partition, offset: Number(offset) };
    const row = this.#read(position, value);
    if ("reason" in row) {
      this.#fail(position, row);
    } else {
      this.#file(position.timestamp, row.event.table).append(row.values);
    }
    this.rows++;
    this.bytes += value?.length ?? 0;
    this.last = position.offset;
    this.lastTimestamp = position.timestamp;
    if (isUsable(position.timestamp)) this.timestamps.push(position.timestamp);
  }

  /** Encodes the batch. Covers all offsets up to the newest message's. */
  finish(): Batch {
    const files: StagedFile[] = [];
    for (const [day, tables] of this.#days) {
      for (const [table, file] of tables) {
        files.push({ table, day: dayName(day), rows: file.rows, data: file.finish() });
      }
    }
    this.#days.clear(); // the encoded bytes are all that is needed from here on
    return { last: this.last, last_timestamp: this.lastTimestamp, files };
  }

  /** The message's row; with the reason, if it is a failed one. */
  #read(position: Position, value: Buffer | null): EventRow | FailedRow {
    const raw = value && value.toString("utf8");
    if (!isUsable(position.timestamp)) {
      return {
        raw,
        reason: `Kafka's timestamp: expected a time from 1970 to 9999, got ${position.timestamp}`,
      };
    }
    if (value === null || raw === null) return { raw, reason: "the message: expected JSON, got no value" };
    if (!isUtf8(value)) return { raw, reason: NOT_UTF8 };
    try {
      return this.#parse(raw, position);
    } catch (error) {
      if (error instanceof Misfit) return { raw, reason: error.message };
      throw error;
    }
  }

  #fail({ timestamp, partition, offset }: Position, { reason, raw }: FailedRow): void {
    const time = isUsable(timestamp) ? timestamp : 0;
    const row: Value[] = [raw, time, reason, this.#topic, partition, offset];
    this.#file(time, failedEvents.table).append(row);
    this.failed++;
  }

  #file(timestamp: number, table: string): ParquetFile {
    const day = Math.floor(timestamp / DAY_MS);
    let tables = this.#days.get(day);
    if (tables === undefined) {
      tables = new Map<string, ParquetFile>();
      this.#days.set(day, tables);
    }
    let file = tables.get(table);
    if (file === undefined) {
      file = new ParquetFile(eventColumns.get(table) ?? failedEvents.columns);
      tables.set(table, file);
      this.#files++;
    }
    return file;
  }
}

function isUsable(timestamp: number): boolean {
  return timestamp >= 0 && timestamp <= MAX_TIMESTAMP;
}

function dayName(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}
