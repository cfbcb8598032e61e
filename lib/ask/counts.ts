/**
 * Tables → counts: how many rows of each event type Trino shows, now or over time.
 *
 * Rows become visible batch by batch, a moment after the answers to their requests. `watchTables`
 * waits until all expected rows are visible.
 */
import { setTimeout as delay } from "node:timers/promises";
import { events } from "../events.ts";
import { identifier, literal } from "../sql.ts";
import { query } from "../trino.ts";
import { type Selection, selectedRows } from "./counted.ts";
import type { Target } from "./metastore.ts";

/** A number for each event type. */
export type Counts = Record<string, number>;

/** The selected rows of one table that Trino showed at one moment. */
export interface CountSample {
  time: Date;
  seconds: number; // since the watch began
  event_type: string;
  rows: number;
}

const SAMPLE_INTERVAL_MS = 500;

/** Counts the rows of each event type's table: one row for each message, 0 for an empty table. */
export function countTables(target: Target = {}): Promise<Counts> {
  return countByType(rowsOf(["count(*) AS n"]), target);
}

/** Counts the events of each type by the view `events`, which counts each id once. */
export function countEvents(target: Target = {}): Promise<Counts> {
  return countByType("SELECT event_type, count(*) AS n FROM events GROUP BY event_type", target);
}

/** SQL: the rows of all tables that meet `where`, with their event_type and some columns. */
export function rowsOf(columns: readonly string[], where = "true"): string {
  const selects = events.map(({ type, table }) => {
    const wanted = [`${literal(type)} AS event_type`, ...columns];
    return `SELECT ${wanted.join(", ")} FROM ${identifier(table)} WHERE ${where}`;
  });
  return selects.join(" UNION ALL ");
}

/** Runs a statement with the columns event_type and n; a type without a row has 0. */
export async function countByType(statement: string, { schema }: Target): Promise<Counts> {
  const rows = await query<{ event_type: string; n: number }>(statement, { schema });
  const found = new Map(rows.map(({ event_type, n }) => [event_type, n]));
  return Object.fromEntries(events.map(({ type }) => [type, found.get(type) ?? 0]));
}

/**
 * Watches the tables while events arrive: counts the selected rows every 0.5 s until all of
 * `expected` is visible, and resolves with the samples.
 * @param selection by `eventsSince`
 * @param expected resolves with the awaited rows of each type, once they are known
 * @throws Error if they are not visible within `timeoutMs` after `expected` resolved
 */
export async function watchTables(
  selection: Selection,
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
    const shown = await countRows(selection);
    const time = new Date();
    for (const [event_type, rows] of Object.entries(shown)) {
      samples.push({ time, seconds: (time.getTime() - start) / 1000, event_type, rows });
    }
    if (failure !== undefined) throw failure as Error;
    if (goal && Object.entries(goal).every(([type, rows]) => (shown[type] ?? 0) >= rows)) return samples;
    if (Date.now() > deadline) {
      throw new Error(
        `expected the rows ${countsText(goal ?? {})} in the tables within ${timeoutMs / 1000} s after the last request, ` +
          `got ${countsText(shown)}; npm run status shows whether the stream runs`,
      );
    }
    await delay(SAMPLE_INTERVAL_MS);
  }
}

function countRows(selection: Selection): Promise<Counts> {
  return countByType(rowsOf(["count(*) AS n"], selectedRows(selection)), { schema: selection.schema });
}

/** The growth: `after` minus `before`, for each event type of `after`. */
export function difference(after: Counts, before: Counts): Counts {
  return Object.fromEntries(
    Object.entries(after).map(([type, count]) => [type, count - (before[type] ?? 0)]),
  );
}

/** Counts as the rows of a table: one for each event type, with a column for each of the counts. */
export function byType(counts: Record<string, Counts>): Record<string, string | number | undefined>[] {
  return events.map(({ type }) => {
    const columns = Object.entries(counts).map(([name, one]) => [name, one[type]]);
    return { event_type: type, ...(Object.fromEntries(columns) as Counts) };
  });
}

function countsText(counts: Counts): string {
  return Object.entries(counts)
    .map(([type, count]) => `${type} ${count}`)
    .join(", ");
}
