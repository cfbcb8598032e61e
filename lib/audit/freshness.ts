/**
 * A run's events → how long they took for each hop of the way, as percentiles.
 *
 * | hop      | from                          | to                              |
 * |----------|-------------------------------|---------------------------------|
 * | accepted | the player's request          | its answer                      |
 * | produced | the API has the request       | Kafka's timestamp               |
 * | landed   | Kafka's timestamp             | the stream's commit             |
 * | visible  | the stream's commit           | Trino was first seen to show it |
 * | in all   | the API has the request       | Trino was first seen to show it |
 *
 * The times are of the clocks of API, stream and reader. A commit's time is that of its beginning: to write
 * its files is part of `visible`, and so is the wait for the next question, since Trino is asked now and
 * then (`watchTables`). Commits are taken to become visible in their order.
 */
import type { Sample } from "../ask/counts.ts";
import { query } from "../trino.ts";
import { events } from "../game.ts";
import type { CommitRecord } from "../land/commits.ts";
import { readCommits, type Stretch } from "./coverage.ts";
import { settings } from "../settings.ts";
import type { Totals } from "../traffic/load.ts";
import { conditionOf } from "../ask/counted.ts";
import { type SightingsOptions } from "./sightings.ts";

/** The times of one hop: 50, 95 and 99 of 100 events took at most so long. */
export interface Hop {
  hop: string;
  p50_ms: number;
  p95_ms: number;
  p99_ms: number;
}

/** When one event was where. */
export interface Message {
  event_type: string;
  partition: number;
  offset: number;
  received_at: Date;
  timestamp: Date; // Kafka's
}

/** Measures the events of `stretches`; `totals` and `samples` are those of the run that sent them. */
export async function measureFreshness(
  stretches: readonly Stretch[],
  totals: Pick<Totals, "p50_ms" | "p95_ms" | "p99_ms">,
  samples: readonly Sample[],
  { topic = settings.topic, root = settings.hdfsRoot, schema = settings.schema }: SightingsOptions = {},
): Promise<Hop[]> {
  const selects = events.map(
    ({ type, table }) =>
      `SELECT '${type}' AS event_type, kafka_partition AS "partition", kafka_offset AS "offset", received_at, ` +
      `"timestamp" FROM ${table} WHERE ${conditionOf(stretches)}`,
  );
  const messages = await query<Message>(selects.join(" UNION ALL "), { schema });
  const hops = hopsOf(messages, await readCommits(stretches, { topic, root }), samples);
  const { p50_ms, p95_ms, p99_ms } = totals;
  return [{ hop: "accepted", p50_ms, p95_ms, p99_ms }, ...hops];
}

/** The hops behind the answer. @throws Error if there is no message, or one that no commit or no sample holds */
export function hopsOf(
  messages: readonly Message[],
  commits: readonly CommitRecord[],
  samples: readonly Sample[],
): Hop[] {
  const committed = messages.map((message) => ({ message, committedAt: committedAt(message, commits) }));
  committed.sort((a, b) => a.committedAt - b.committedAt);
  const shown = new Map<string, number>(); // "type commit" → rows of the type that are visible with the commit
  const soFar = new Map<string, number>();
  for (const { message, committedAt } of committed) {
    const rows = (soFar.get(message.event_type) ?? 0) + 1;
    soFar.set(message.event_type, rows);
    shown.set(`${message.event_type} ${committedAt}`, rows);
  }
  const times = committed.map(({ message, committedAt }) => {
    const rows = shown.get(`${message.event_type} ${committedAt}`)!;
    const visibleAt = seenAt(message, rows, committedAt, samples);
    const [received, produced] = [message.received_at.getTime(), message.timestamp.getTime()];
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

function committedAt({ partition, offset }: Message, commits: readonly CommitRecord[]): number {
  const commit = commits.find(
    (one) => one.partition === partition && one.first <= offset && one.last >= offset,
  );
  if (!commit) throw new Error(`partition ${partition}, offset ${offset}: expected a commit, got none`);
  return Date.parse(commit.committed_at);
}

/** When Trino was first seen to show so many rows of the message's type. */
function seenAt(
  { event_type }: Message,
  rows: number,
  committedAt: number,
  samples: readonly Sample[],
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
