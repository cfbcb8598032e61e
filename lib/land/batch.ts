/**
 * A partition's messages → the files of one batch: a Parquet file for each table and day.
 *
 * Kafka's timestamp decides the day, in UTC. A message that is no event of the catalogue becomes a
 * row of `failed_events` with the reason. So does every message of the failed topic. Every message
 * becomes a row, and no message stops the stream.
 */
import { isUtf8 } from "node:buffer";
import { type Column, columnsOf, failedEvents, type Value } from "../catalog.ts";
import type { Batch, StagedFile } from "./commits.ts";
import { type EventRow, type Position, readEvent } from "../envelope.ts";
import { dateText } from "../exact.ts";
import { isTime, storedTime } from "../kafka-time.ts";
import { Misfit } from "../misfit.ts";
import { ParquetFile } from "./parquet.ts";

/** The fields of a Kafka message that a batch reads. */
export interface Message {
  offset: string;
  timestamp: string; // milliseconds since 1970
  value: Buffer | null;
}

/** A row of failed_events, without its position. */
export interface FailedRow {
  reason: string;
  raw: string | null; // null: the message had no value
}

/** A message's text → its row; throws Misfit for text that does not have the topic's form. */
export type ParseMessage = (text: string, position: Position) => EventRow | FailedRow;

/** A batch is full when it reaches one of these limits. */
export interface BatchLimits {
  maxRows: number;
  maxBytes: number; // of the messages' values
  maxFiles: number; // one for each table and day; producers set timestamps, so days can be many
}

export const DEFAULT_LIMITS: BatchLimits = { maxRows: 50_000, maxBytes: 32 << 20, maxFiles: 64 };

/** The reason for a message whose raw_event differs from the bytes that were sent. */
export const NOT_UTF8 = "the message: expected UTF-8, got other bytes (replaced in raw_event by U+FFFD)";

const DAY_MS = 86_400_000;

/** A batch being filled with messages in the order of their offsets. */
export class BatchBuilder {
  rows = 0;
  bytes = 0;
  failed = 0; // rows of failed_events
  last = -1; // offset of the newest message
  readonly timestamps: number[] = []; // of each message with a usable timestamp
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

  /** Adds one message. Never throws: a message that is no event becomes a row of failed_events. */
  push({ offset, timestamp, value }: Message): void {
    const position = { timestamp: Number(timestamp), partition: this.#partition, offset: Number(offset) };
    const row = this.#read(position, value);
    if ("reason" in row) {
      this.#fail(position, row);
    } else {
      this.#file(position.timestamp, row.event.table, () => columnsOf(row.event)).append(row.values);
    }
    this.rows++;
    this.bytes += value?.length ?? 0;
    this.last = position.offset;
    this.lastTimestamp = position.timestamp;
    if (isTime(position.timestamp)) this.timestamps.push(position.timestamp);
  }

  /** Encodes the batch. Covers all offsets up to the newest message's. */
  finish(): Batch {
    const files: StagedFile[] = [];
    for (const [day, tables] of this.#days) {
      for (const [table, file] of tables) {
        files.push({ table, day: dateText(day), rows: file.rows, data: file.finish() });
      }
    }
    this.#days.clear(); // frees the encoders: only the encoded bytes are needed now
    return { last: this.last, last_timestamp: this.lastTimestamp, files };
  }

  /** The row of an event, or the text and reason of a failed event. */
  #read(position: Position, value: Buffer | null): EventRow | FailedRow {
    const raw = value && value.toString("utf8");
    if (!isTime(position.timestamp)) {
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
    const time = storedTime(timestamp);
    const row: Value[] = [raw, time, reason, this.#topic, partition, offset];
    this.#file(time, failedEvents.table, () => failedEvents.columns).append(row);
    this.failed++;
  }

  #file(timestamp: number, table: string, columns: () => Column[]): ParquetFile {
    const day = Math.floor(timestamp / DAY_MS);
    let tables = this.#days.get(day);
    if (tables === undefined) {
      tables = new Map<string, ParquetFile>();
      this.#days.set(day, tables);
    }
    let file = tables.get(table);
    if (file === undefined) {
      file = new ParquetFile(columns());
      tables.set(table, file);
      this.#files++;
    }
    return file;
  }
}
