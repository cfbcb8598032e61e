/**
 * Tables and commit chains → the days that are over, each rewritten into one sorted file.
 *
 * A day is over when the chain of every partition of the topics has passed its end. A partition
 * without new messages has passed it when all of its messages have landed and the day has ended 10
 * minutes ago. Messages with a time of their own can come later: their files are late (swaps.ts),
 * and the next call rewrites the day.
 *
 * Doubles are left out: rows with the id and content of an earlier row of the same day or the day
 * before, in any table. The swap's record lists them, so that audits count them still. Rows with
 * one id and other contents stay, because they are other events.
 */
import { CONTENT, POSITION } from "../ask/doubles.ts";
import { qualified } from "../ask/metastore.ts";
import { tables } from "../ask/tables.ts";
import { failedEvents } from "../catalog.ts";
import { events } from "../events.ts";
import { namesIn } from "../folders.ts";
import { findLastCommit } from "../land/commits.ts";
import { parseDayName, rebuildFolder, swappedDaysFolder, tableFolder, type TableDay } from "../layout.ts";
import { identifier, literal } from "../sql.ts";
import { currentFiles, readSwaps, type SwapRecord, swappedTables } from "../swaps.ts";
import { readOffsets } from "../topic.ts";
import { removeDeadSwaps } from "./staged-swaps.ts";
import { clearSwaps, finishSwap, swapDay, SwapLostError, type SwapWork } from "./swap-day.ts";

export interface CompactOptions {
  topics: readonly string[];
  graceMs: number; // from a swap to the end of the replaced files
  day?: string | undefined; // YYYY-MM-DD: only this day, also if it is not over; default: all due days
  log?: (line: string) => void;
  signal?: AbortSignal; // ends after the swap that is at work
}

export interface CompactWork extends SwapWork {
  schema: string;
}

/** The work of one call. */
export interface Compacted {
  swaps: SwapRecord[];
  lost: number; // swaps in which another process was faster
  deleted: number; // replaced files
}

const DAY_MS = 86_400_000;
const QUIET_MS = 10 * 60_000; // after a day's end, for a partition without new messages
const MAX_FAILED = 3; // days of one call; then a server may be away

/**
 * Finishes interrupted swaps, deletes replaced files after their grace, rewrites all due days.
 * @throws Error of the first day that could not be rewritten, after the other days
 */
export async function compactDays(work: CompactWork, options: CompactOptions): Promise<Compacted> {
  const { hdfs, root } = work;
  const { topics, graceMs, day: only, log = () => {}, signal } = options;
  const compacted: Compacted = { swaps: [], lost: 0, deleted: 0 };
  await removeDeadSwaps(hdfs, root);
  for (const day of await namesIn(hdfs, swappedDaysFolder(root)))
    for (const table of await swappedTables(hdfs, root, day)) {
      if (signal?.aborted) return compacted;
      if (await isRebuilt(work, table)) continue;
      await finishSwap(work, { root, table, day });
      compacted.deleted += await clearSwaps(work, { root, table, day }, graceMs);
    }
  const failed: Error[] = [];
  const end = only === undefined ? await closedUntil(work, topics) : Infinity;
  for (const { table } of tables)
    for (const day of await daysOf(work, table)) {
      if (signal?.aborted || failed.length === MAX_FAILED) break;
      if (only !== undefined && day !== only) continue;
      if (Date.parse(day) + DAY_MS > end || !(await isDue(work, { root, table, day }))) continue;
      try {
        const record = await compactDay(work, { root, table, day });
        if (record === null) continue;
        compacted.swaps.push(record);
        log(describeSwap(record));
      } catch (error) {
        if (error instanceof SwapLostError) compacted.lost++;
        else failed.push(error as Error);
      }
    }
  const [first, ...others] = failed;
  if (first === undefined) return compacted;
  if (others.length === 0) throw first;
  throw new Error(`${first.message}; ${others.length} more days failed`, { cause: first });
}

/** Rewrites a day without its doubles; null: it has no file. @throws as `swapDay` */
function compactDay({ schema, ...work }: CompactWork, { table, day }: TableDay): Promise<SwapRecord | null> {
  const isFailed = table === failedEvents.table;
  const keep = isFailed ? {} : { keep: withoutDoubles(schema, day) };
  return swapDay(work, { table, day, reason: "compaction", ...keep });
}

/** "book_sales 2026-01-31: 1,204 rows, 89 files became 1; 2 doubles left out" */
function describeSwap({ table, day, rows, files, new_files, removed }: SwapRecord): string {
  const doubles = removed === 0 ? "" : `; ${removed} ${removed === 1 ? "double" : "doubles"} left out`;
  return `${table} ${day}: ${rows.toLocaleString("en")} rows, ${files.length} ${files.length === 1 ? "file" : "files"} became ${new_files.length}${doubles}`;
}

/** The time that the chains of all partitions have passed. */
async function closedUntil({ hdfs, root }: SwapWork, topics: readonly string[]): Promise<number> {
  const now = Date.now();
  const passed = [now];
  for (const topic of topics)
    for (const { partition, high } of await readOffsets({ topic })) {
      const last = await findLastCommit(hdfs, { root, topic, partition });
      const isAtEnd = (last === null ? 0 : last.last + 1) >= high;
      passed.push(Math.max(last?.last_timestamp ?? 0, isAtEnd ? now - QUIET_MS : 0));
    }
  return Math.min(...passed);
}

async function daysOf({ hdfs, root }: SwapWork, table: string): Promise<string[]> {
  if (await isRebuilt({ hdfs, root }, table)) return [];
  const names = await namesIn(hdfs, tableFolder(root, table));
  return names.map(parseDayName).filter((day) => day !== null);
}

/** Whether a rebuild of the table is at work: only the rebuild writes it then. */
async function isRebuilt({ hdfs, root }: Pick<SwapWork, "hdfs" | "root">, table: string): Promise<boolean> {
  return (await hdfs.status(rebuildFolder(root, table))) !== null;
}

/** Whether the day has files that no compaction has written. */
async function isDue({ hdfs }: SwapWork, place: TableDay): Promise<boolean> {
  const swaps = await readSwaps(hdfs, place);
  const last = swaps.records.findLast(({ reason }) => reason === "compaction");
  const made = new Set(last?.new_files.map(({ name }) => name));
  return (await currentFiles(hdfs, swaps)).some(({ name }) => !made.has(name));
}

/**
 * SQL: the row is the first of its id and content on this day and the day before. Only rows whose
 * id comes twice have their contents compared.
 */
function withoutDoubles(schema: string, day: string): string {
  const before = new Date(Date.parse(day) - DAY_MS).toISOString().slice(0, 10);
  const columns = ["event_type", "event_id", "player", "session", "occurred_at", "raw_event"];
  const position = ["timestamp", "kafka_partition", "kafka_offset"];
  const days = `day BETWEEN DATE ${literal(before)} AND DATE ${literal(day)}`;
  const all = (names: readonly string[]) =>
    events
      .map(
        ({ table }) =>
          `SELECT ${names.map(identifier).join(", ")} FROM ${qualified(table, schema)} WHERE ${days}`,
      )
      .join(" UNION ALL ");
  return `(${PLACE}) NOT IN (
    SELECT ${PLACE} FROM (
      SELECT kafka_partition, kafka_offset,
        row_number() OVER (PARTITION BY event_id, ${CONTENT} ORDER BY ${POSITION}) AS copy
      FROM (${all([...columns, ...position])})
      WHERE event_id IN (SELECT event_id FROM (${all(["event_id"])}) GROUP BY event_id HAVING count(*) > 1)
    ) WHERE copy > 1)`;
}

const PLACE = "CAST(kafka_partition AS varchar) || ':' || CAST(kafka_offset AS varchar)";
