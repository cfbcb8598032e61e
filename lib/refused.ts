/**
 * A refused event ↔ the message of the failed topic that keeps it: `{"reason": …, "raw": …}`.
 *
 * `raw` is the envelope of the event, or the text as it was sent. Only the beginning of a long text
 * is kept, so a kept text may be incomplete.
 */
import { objectOf, parseJson, textOf } from "./misfit.ts";

export interface RefusedRecord {
  reason: string;
  raw: string; // at most MAX_RAW_BYTES
}

/**
 * The limit of a kept text. A shortened text may be 3 bytes less, to end with a whole character.
 */
export const MAX_RAW_BYTES = 64 * 1024;

/** The record of a refused text: its beginning, in whole characters. */
export function refusedRecord(reason: string, text: string): RefusedRecord {
  return { reason, raw: firstBytes(text, MAX_RAW_BYTES) };
}

/**
 * Whether a record's text is the beginning of a longer text: it has the limit's length, and is not
 * JSON.
 */
export function isShortened(raw: string): boolean {
  return Buffer.byteLength(raw) > MAX_RAW_BYTES - 4 && !isJson(raw);
}

/** The record as the text of a Kafka message. */
export function writeRefused({ reason, raw }: RefusedRecord): string {
  return JSON.stringify({ reason, raw });
}

/**
 * Reads a message of the failed topic.
 * @throws Misfit, with a reason for people, if the message has another form.
 */
export function readRefused(text: string): RefusedRecord {
  const record = objectOf("the message", parseJson(text));
  return { reason: textOf(record, "reason"), raw: textOf(record, "raw") };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function firstBytes(text: string, bytes: number): string {
  if (text.length * 3 <= bytes) return text; // a UTF-16 unit takes 3 bytes at most
  const start = Buffer.from(text).subarray(0, bytes);
  return new TextDecoder().decode(start, { stream: true });
}
