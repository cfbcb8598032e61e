/**
 * Messages of a partition → their numbers by type and day, and a digest of them all.
 *
 * The digest is two sums: of the first 8 bytes, and of the next 8 bytes, of the SHA-256 of each
 * message's "partition:offset:event_id". A message of failed_events has no id: "partition:offset".
 * A sum does not depend on the order, so each witness reads in its own order, and Trino adds up by
 * itself (`digestColumns`). Both integers are signed, with the highest byte first.
 */
import { createHash } from "node:crypto";

/** The type of the messages in failed_events. */
export const REFUSED = "failed_events";

/** Two sums, as decimals. */
export type Digest = [string, string];

/** Messages of one type and day. */
export interface TypeDay {
  type: string; // event_type, or "failed_events"
  day: string; // YYYY-MM-DD, of Kafka's timestamp
  messages: number;
}

export class Tally {
  readonly #counts = new Map<string, TypeDay>();
  readonly #sums: [bigint, bigint] = [0n, 0n];

  /** Adds one message. @param id its event_id; null: a message of failed_events */
  add(type: string, day: string, position: { partition: number; offset: number }, id: string | null): void {
    this.#count(type, day, 1);
    const digest = createHash("sha256").update(digestText(position, id)).digest();
    this.#sums[0] += digest.readBigInt64BE(0);
    this.#sums[1] += digest.readBigInt64BE(8);
  }

  /** Adds messages that Trino has counted, with the sums of their digests. */
  addCounted({ type, day, messages }: TypeDay, [first, second]: Digest): void {
    this.#count(type, day, messages);
    this.#sums[0] += BigInt(first);
    this.#sums[1] += BigInt(second);
  }

  get messages(): number {
    return this.counts.reduce((sum, { messages }) => sum + messages, 0);
  }

  /** By day and type. */
  get counts(): TypeDay[] {
    return [...this.#counts.values()].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  }

  get digest(): Digest {
    return [String(this.#sums[0]), String(this.#sums[1])];
  }

  #count(type: string, day: string, messages: number): void {
    const key = keyOf({ type, day });
    const counted = this.#counts.get(key) ?? { type, day, messages: 0 };
    counted.messages += messages;
    this.#counts.set(key, counted);
  }
}

/** Whether two tallies count the same messages. */
export function isSameTally(a: Tally, b: Tally): boolean {
  return JSON.stringify([a.counts, a.digest]) === JSON.stringify([b.counts, b.digest]);
}

/** The SQL of a digest's two sums, over the rows of a group. */
export function digestColumns(id: string | null): string {
  const position = "CAST(kafka_partition AS varchar) || ':' || CAST(kafka_offset AS varchar)";
  const text = id === null ? position : `${position} || ':' || ${id}`;
  const sum = (from: number) =>
    `CAST(sum(CAST(from_big_endian_64(substr(sha256(to_utf8(${text})), ${from}, 8)) AS decimal(38, 0))) AS varchar)`;
  return `${sum(1)} AS first_sum, ${sum(9)} AS second_sum`;
}

/** The day of a time of Kafka, in UTC. */
export function dayOf(timestamp: number): string {
  return new Date(timestamp).toISOString().slice(0, 10);
}

function digestText({ partition, offset }: { partition: number; offset: number }, id: string | null): string {
  return id === null ? `${partition}:${offset}` : `${partition}:${offset}:${id}`;
}

function keyOf({ type, day }: Pick<TypeDay, "type" | "day">): string {
  return `${day} ${type}`;
}
