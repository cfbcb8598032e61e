/**
 * The events of a run → the times that each hop of their way took, as percentiles.
 *
 * | hop      | from                     | to                                       |
 * |----------|--------------------------|------------------------------------------|
 * | accepted | the player's request     | the answer to the request                |
 * | produced | the API has the request  | Kafka's timestamp                        |
 * | landed   | Kafka's timestamp        | the time in the stream's commit record   |
 * | visible  | the commit record's time | the first sample of Trino with its row   |
 * | in all   | the API has the request  | the first sample of Trino with its row   |
 *
 * A sample is the number of rows that Trino shows of one type at one time: see `watchTables`. No
 * sample tells which rows these are. But commits become visible in their order, so numbers are
 * enough. An example with two commits of one type:
 *
 *   commits                at 0.3 s: 2 events   at 1.4 s: 3 events
 *   rows with the commit   2                    2 + 3 = 5
 *   samples                0.5 s: 0 rows   1.0 s: 2 rows   1.5 s: 2 rows   2.0 s: 5 rows
 *   visible                the first commit at 1.0 s, the second one at 2.0 s
 *
 * The times come from the clocks of API, stream and reader. A commit record has the time at which
 * its commit began. So `visible` includes the writing of the files, and the wait for the next
 * sample.
 */
import type { CountSample } from "../ask/counts.ts";
import { query } from "../trino.ts";
import { events } from "../events.ts";
import type { CommitRecord } from "../land/commits.ts";
import { readCommits } from "./coverage.ts";
import { settings } from "../settings.ts";
import type { Totals } from "../traffic/load.ts";
import { type Selection, selectedRows } from "../ask/counted.ts";

/** The times of one hop: 50, 95 and 99 percent of the events took at most so long. */
export interface Hop {
  hop: string;
  p50_ms: number;
  p95_ms: number;
  p99_ms: number;
}

/** The position and times of one event. */
export interface TimedEvent {
  event_type: string;
  partition: number;
  offset: number;
  received_at: Date;
  timestamp: Date; // Kafka's
}

/**
 * Measures the events of a selection. `totals` and `samples` are from the run that sent them.
 */
export async function measureFreshness(
  selection: Selection,
  totals: Pick<Totals, "p50_ms" | "p95_ms" | "p99_ms">,
  samples: readonly CountSample[],
  { root = settings.hdfsRoot }: { root?: string } = {},
): Promise<Hop[]> {
  const { topic, schema, ranges } = selection;
  const selects = events.map(
    ({ type, table }) => `
    SELECT '${type}' AS event_type, kafka_partition AS "partition", kafka_offset AS "offset",
      received_at, "timestamp"
    FROM ${table} WHERE ${selectedRows(selection)}`,
  );
  const timed = await query<TimedEvent>(selects.join("\n    UNION ALL"), { schema });
  const hops = hopsOf(timed, await readCommits(ranges, { topic, root }), samples);
  const { p50_ms, p95_ms, p99_ms } = totals;
  return [{ hop: "accepted", p50_ms, p95_ms, p99_ms }, ...hops];
}

/**
 * The hops after the answer.
 * @throws Error if there is no event, or an event without a commit or a sample
 */
export function hopsOf(
  timed: readonly TimedEvent[],
  commits: readonly CommitRecord[],
  samples: readonly CountSample[],
): Hop[] {
  const committed = timed.map((event) => ({ event, committedAt: committedAt(event, commits) }));
  const rows = rowsWithCommit(committed);
  const times = committed.map(({ event, committedAt }) => {
    const visibleAt = seenAt(event, rows.get(commitOf(event, committedAt))!, committedAt, samples);
    const received = event.received_at.getTime();
    const produced = event.timestamp.getTime();
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
  event: TimedEvent;
  committedAt: number;
}

/** For each type and commit: the number of visible rows of the type once the commit is visible. */
function rowsWithCommit(committed: readonly Committed[]): Map<string, number> {
  const rows = new Map<string, number>();
  const soFar = new Map<string, number>(); // rows of each type
  for (const { event, committedAt } of committed.toSorted((a, b) => a.committedAt - b.committedAt)) {
    const count = (soFar.get(event.event_type) ?? 0) + 1;
    soFar.set(event.event_type, count);
    rows.set(commitOf(event, committedAt), count); // in the end: with the last event of the commit
  }
  return rows;
}

function commitOf({ event_type }: TimedEvent, committedAt: number): string {
  return `${event_type} ${committedAt}`;
}

function committedAt({ partition, offset }: TimedEvent, commits: readonly CommitRecord[]): number {
  const commit = commits.find(
    (one) => one.partition === partition && one.first <= offset && one.last >= offset,
  );
  if (!commit) throw new Error(`partition ${partition}, offset ${offset}: expected a commit, got none`);
  return Date.parse(commit.committed_at);
}

/** The time of the first sample after the commit with at least `rows` rows of the event's type. */
function seenAt(
  { event_type }: TimedEvent,
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
