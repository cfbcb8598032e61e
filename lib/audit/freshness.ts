/**
 * A run's events → how long they took for each hop of the way, as percentiles.
 *
 * | hop      | from                     | to                                       |
 * |----------|--------------------------|------------------------------------------|
 * | accepted | the player's request     | its answer                               |
 * | produced | the API has the request  | Kafka's timestamp                        |
 * | landed   | Kafka's timestamp        | the time in the stream's commit record   |
 * | visible  | the commit record's time | the first sample of Trino that shows it  |
 * | in all   | the API has the request  | the first sample of Trino that shows it  |
 *
 * A sample is one question of `watchTables`: how many rows does Trino show of a type? No question tells
 * which rows these are. But commits become visible in their order, so counts are enough. An example:
 *
 *   commits of one type    at 0.3 s with 2 events   at 1.4 s with 3 events
 *   rows with the commit   2                        2 + 3 = 5
 *   samples                0.5 s: 0 rows   1.0 s: 2 rows   1.5 s: 2 rows   2.0 s: 5 rows
 *   visible                the first commit at 1.0 s, the second one at 2.0 s
 *
 * The times are of the clocks of API, stream and reader. The commit record's time is that of its
 * beginning, so `visible` includes the writing of the files, and the wait for the next sample.
 */
import type { CountSample } from "../ask/counts.ts";
import { query } from "../trino.ts";
import { events } from "../game.ts";
import type { CommitRecord } from "../land/commits.ts";
import { readCommits } from "./coverage.ts";
import { settings } from "../settings.ts";
import type { Totals } from "../traffic/load.ts";
import { conditionOf, type OffsetRange } from "../ask/counted.ts";
import type { SightingsOptions } from "./sightings.ts";

/** The times of one hop: 50, 95 and 99 of 100 events took at most as long. */
export interface Hop {
  hop: string;
  p50_ms: number;
  p95_ms: number;
  p99_ms: number;
}

/** The times of one event. */
export interface Message {
  event_type: string;
  partition: number;
  offset: number;
  received_at: Date;
  timestamp: Date; // Kafka's
}

/** Measures the events of `ranges`; `totals` and `samples` are those of the run that sent them. */
export async function measureFreshness(
  ranges: readonly OffsetRange[],
  totals: Pick<Totals, "p50_ms" | "p95_ms" | "p99_ms">,
  samples: readonly CountSample[],
  { topic = settings.topic, root = settings.hdfsRoot, schema = settings.schema }: SightingsOptions = {},
): Promise<Hop[]> {
  const selects = events.map(
    ({ type, table }) =>
      `SELECT '${type}' AS event_type, kafka_partition AS "partition", kafka_offset AS "offset", received_at, ` +
      `"timestamp" FROM ${table} WHERE ${conditionOf(ranges)}`,
  );
  const messages = await query<Message>(selects.join(" UNION ALL "), { schema });
  const hops = hopsOf(messages, await readCommits(ranges, { topic, root }), samples);
  const { p50_ms, p95_ms, p99_ms } = totals;
  return [{ hop: "accepted", p50_ms, p95_ms, p99_ms }, ...hops];
}

/** The hops after the answer. @throws Error if there is no message, or a message without commit or sample */
export function hopsOf(
  messages: readonly Message[],
  commits: readonly CommitRecord[],
  samples: readonly CountSample[],
): Hop[] {
  const committed = messages.map((message) => ({ message, committedAt: committedAt(message, commits) }));
  const rows = rowsWithCommit(committed);
  const times = committed.map(({ message, committedAt }) => {
    const visibleAt = seenAt(message, rows.get(commitOf(message, committedAt))!, committedAt, samples);
    const received = message.received_at.getTime();
    const produced = message.timestamp.getTime();
    return {
      produced: produced - received,
      landed: committedAt - produced,
      visible: visibleAt - committedAt,
      "in all": visibleAt - received,
    };
  });
  return (["produced", "landed", "visible", "in all"] as const).map((hop) =>
    percentiles(
      hop,
      times.map((time) => time[hop]),
    ),
  );
}

interface Committed {
  message: Message;
  committedAt: number;
}

/** For each type and commit: how many rows of the type are visible when the commit is. */
function rowsWithCommit(committed: readonly Committed[]): Map<string, number> {
  const rows = new Map<string, number>();
  const soFar = new Map<string, number>(); // rows of each type
  for (const { message, committedAt } of committed.toSorted((a, b) => a.committedAt - b.committedAt)) {
    const count = (soFar.get(message.event_type) ?? 0) + 1;
    soFar.set(message.event_type, count);
    rows.set(commitOf(message, committedAt), count); // the last message of a commit has the last word
  }
  return rows;
}

function commitOf({ event_type }: Message, committedAt: number): string {
  return `${event_type} ${committedAt}`;
}

function committedAt({ partition, offset }: Message, commits: readonly CommitRecord[]): number {
  const commit = commits.find(
    (one) => one.partition === partition && one.first <= offset && one.last >= offset,
  );
  if (!commit) throw new Error(`partition ${partition}, offset ${offset}: expected a commit, got none`);
  return Date.parse(commit.committed_at);
}

/** The time of the first sample, after the commit, that has at least `rows` rows of the message's type. */
function seenAt(
  { event_type }: Message,
  rows: number,
  committedAt: number,
  samples: readonly CountSample[],
): number {
  const first = samples.find(
    (sample) =>
      sample.event_type === event_type && sample.rows >= rows && sample.time.getTime() >= committedAt,
  );
  if (!first) throw new Error(`${event_type}: expected a sample with ${rows} rows or more, got none`);
  return first.time.getTime();
}

function percentiles(hop: string, values: number[]): Hop {
  if (values.length === 0) throw new Error("freshness: expected events, got none");
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1]!;
  return { hop, p50_ms: at(0.5), p95_ms: at(0.95), p99_ms: at(0.99) };
}
