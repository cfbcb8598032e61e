/**
 * Tables → counts: how many rows of each event type Trino shows, now or over time.
 *
 * Rows become visible batch by batch, a moment after their requests were
 * answered, so whoever counts after sending waits here until they are all there.
 */
import { setTimeout as delay } from "node:timers/promises";
import { events } from "../game.ts";
import { query } from "../trino.ts";
import type { Target } from "./metastore.ts";
import { uniqueView } from "./views.ts";

/** A number for each event type. */
export type Counts = Record<string, number>;

/** What Trino showed at one moment. */
export interface CountSample {
  time: Date;
  seconds: number; // since the watch began
  event_type: string;
  rows: number; // more than at the start
}

const SAMPLE_INTERVAL_MS = 500;

/** Counts the rows of each event type's table, one for each message: event_type → rows, 0 for an empty table. */
export function countTables(target: Target = {}): Promise<Counts> {
  return count("count(*)", (table) => table, target);
}

/** Counts the events of each type, each once, by the views that leave doubles out. */
export function countEvents(target: Target = {}): Promise<Counts> {
  return count("count(*)", uniqueView, target);
}

/** Counts the rows of each type that bear the id of another row: not by the views, which must leave out as many. */
export function countDoubles(target: Target = {}): Promise<Counts> {
  return count("count(*) - count(DISTINCT event_id)", (table) => table, target);
}

async function count(what: string, from: (table: string) => string, { schema }: Target): Promise<Counts> {
  const selects = events.map(
    ({ type, table }) => `SELECT '${type}' AS event_type, ${what} AS n FROM ${from(table)}`,
  );
  const rows = await query<{ event_type: string; n: number }>(selects.join(" UNION ALL "), { schema });
  const found = new Map(rows.map(({ event_type, n }) => [event_type, n])); // in any order
  return Object.fromEntries(events.map(({ type }) => [type, found.get(type)!]));
}

/**
 * Watches the tables while events arrive: samples the growth over `before` every 0.5 s until
 * all of `expected` is visible, and resolves with the samples.
 * @param before the counts at the start, by `countTables`
 * @param expected resolves with the growth to wait for, once it is known
 * @throws Error if after `expected` resolved and `timeoutMs` more it is still not reached, or was exceeded
 */
export async function watchTables(
  before: Counts,
  expected: Promise<Counts>,
  { timeoutMs = 30_000 }: { timeoutMs?: number } = {},
): Promise<CountSample[]> {
  const start = Date.now();
  const samples: CountSample[] = [];
  let goal: Counts | undefined;
  let failure: unknown;
  let deadline = Infinity;
  expected.then(
    (counts) => {
      goal = counts;
      deadline = Date.now() + timeoutMs;
    },
    (error: unknown) => (failure = error),
  );
  // No until(): each answer is a sample, and the limit begins when `expected` resolves.
  for (;;) {
    const grown = difference(await countTables(), before);
    const time = new Date();
    for (const [event_type, rows] of Object.entries(grown)) {
      samples.push({ time, seconds: (time.getTime() - start) / 1000, event_type, rows });
    }
    if (failure !== undefined) throw failure as Error;
    if (goal && Object.entries(goal).every(([type, rows]) => (grown[type] ?? 0) >= rows)) return samples;
    if (Date.now() > deadline) {
      throw new Error(
        `the tables grew by ${show(grown)} within ${timeoutMs / 1000} s after the last request, expected ${show(goal ?? {})}; ` +
          "is the stream running? npm run status",
      );
    }
    await delay(SAMPLE_INTERVAL_MS);
  }
}

/** What was added: `after` minus `before`, for each event type of `after`. */
export function difference(after: Counts, before: Counts): Counts {
  return Object.fromEntries(
    Object.entries(after).map(([type, count]) => [type, count - (before[type] ?? 0)]),
  );
}

function show(counts: Counts): string {
  return Object.entries(counts)
    .map(([type, count]) => `${type} ${count}`)
    .join(", ");
}
