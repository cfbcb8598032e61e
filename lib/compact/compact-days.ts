/**
 * Tables and commit chains → the days that are due, each rewritten into one sorted file.
 *
 * A day is over when the chain of every partition of the topics has passed its end. A partition
 * without new messages has passed it when all of its messages have landed and the day has ended 10
 * minutes ago. Messages with a time of their own can come later: their files are late (swaps.ts),
 * and the next call rewrites the day.
 *
 * A day that is not over is due when its last compaction, or its oldest new file, is a period ago.
 * It waits for its end if a statement cannot name all of its files: each swap would be lost.
 *
 * Doubles are left out: rows with the id and content of an earlier row of the same day or the day
 * before, in any table. The swap's record lists them, so that audits count them still. Rows with
 * one id and other contents stay, because they are other events. Young doubles stay until the next
 * rewrite: a report that runs compares the number of rows with that of messages.
 */
import { CONTENT, POSITION } from "../ask/doubles.ts";
import { qualified } from "../ask/metastore.ts";
import { isSettledName } from "../ask/settled.ts";
import { tables } from "../ask/tables.ts";
import { hasUnlanded } from "../audit/landed.ts";
import { dayOf } from "../audit/tally.ts";
import { failedEvents } from "../catalog.ts";
import { events } from "../events.ts";
import { namesIn } from "../folders.ts";
import { findLastCommit } from "../land/commits.ts";
import { OPEN_MS } from "../day-folders.ts";
import { rebuildFolder, swappedDaysFolder, type TableDay, tablesFolder } from "../layout.ts";
import type { Hdfs } from "../webhdfs.ts";
import { isQuiet, readDays, readFinished, writeFinished } from "./finished-days.ts";
import { inLanes } from "../lanes.ts";
import { identifier, literal } from "../sql.ts";
import { currentFiles, readSwaps, type SwapRecord, type Swaps, swappedTables } from "../swaps.ts";
import { readOffsets } from "../topic.ts";
import { removeDeadSwaps } from "./staged-swaps.ts";
import { canName } from "./trino-engine.ts";
import { clearSwaps, finishSwap, hasAttempt, swapDay, SwapLostError, type SwapWork } from "./swap-day.ts";

export interface CompactOptions {
  topics: readonly string[];
  graceMs: number; // from a swap to the end of the replaced files
  periodMs?: number; // between two rewrites of a day that is not over; 0: it is not rewritten
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
  left: number; // swaps in which another process was faster
  deleted: number; // replaced files
}

const DAY_MS = 86_400_000;
const QUIET_MS = 10 * 60_000; // after a day's end, for a partition without new messages
const MIN_FILES = 10; // of a day that is not over; fewer files cost less than a rewrite
const MANY_FILES = 200; // of a day that is not over: a query opens each, so it does not wait for the period
const ROWS_A_MINUTE = 1_000_000; // so many rows delay the next rewrite by a minute: it takes some 6 s for each
const FINISHED_MS = OPEN_MS + DAY_MS; // from a day's begin; later files change the day's own folder
const YOUNG_MS = 10 * 60_000; // a report that runs may still count such a row
const NEWEST_DAYS = 3; // on which the end of a process mostly interrupts a swap
const MAX_FAILED = 3; // days of one call; then a server may be away
const DAYS_AT_ONCE = 3; // of a table: a swap waits most of its time

/**
 * Finishes interrupted swaps, deletes replaced files after their grace, rewrites all due days.
 * Costs some requests for each table, and more for each day that is not finished.
 * @throws Error of the first day that failed, after the other days; or if `day` has no files
 */
export async function compactDays(work: CompactWork, options: CompactOptions): Promise<Compacted> {
  const { hdfs, root } = work;
  const { day: only, signal } = options;
  const compacted: Compacted = { swaps: [], left: 0, deleted: 0 };
  await removeDeadSwaps(hdfs, root);
  const end = only === undefined ? await closedUntil(work, options.topics) : Infinity;
  const failed: Error[] = [];
  let isFound = false;
  for (const table of await tablesIn(hdfs, root)) {
    if (signal?.aborted || failed.length >= MAX_FAILED) break;
    const days = await readDays(hdfs, root, table);
    isFound ||= only === undefined || days.has(only);
    if (await isRebuilt(hdfs, root, table)) continue;
    const finished = await readFinished(hdfs, root, table);
    const left = new Map([...finished].filter(([day, times]) => days.get(day) === times));
    const step = async ([day, times]: [string, string]) => {
      if (signal?.aborted || failed.length >= MAX_FAILED) return;
      const place = { root, table, day };
      try {
        const isFinished = await workOn(work, place, { ...options, isOver: endOf(day) <= end }, compacted);
        if (isFinished && Date.now() - Date.parse(day) > FINISHED_MS && isQuiet(times)) left.set(day, times);
      } catch (error) {
        if (error instanceof SwapLostError) compacted.left++;
        else failed.push(error as Error);
      }
    };
    const open = [...days].filter(([day]) => !left.has(day) || day === only);
    // Never two neighbours at once: a day's doubles depend on the rows of the day before.
    for (const rest of [0, 1]) {
      const some = open.filter(([day]) => (Date.parse(day) / DAY_MS) % 2 === rest);
      await inLanes(some, step, DAYS_AT_ONCE);
    }
    if (String([...left]) !== String([...finished])) await writeFinished(hdfs, root, table, left);
  }
  const [first, ...others] = failed;
  if (!isFound && only !== undefined && !signal?.aborted)
    throw new Error(`expected files of the day ${only}, found none in any table`);
  if (first === undefined) return compacted;
  if (others.length === 0) throw first;
  throw new Error(`${first.message}; ${others.length} more days failed`, { cause: first });
}

/** Finishes interrupted swaps of the newest days: audits wait for them. */
export async function finishNewest(work: SwapWork): Promise<void> {
  const { hdfs, root } = work;
  const days = (await namesIn(hdfs, swappedDaysFolder(root))).sort().slice(-NEWEST_DAYS);
  for (const day of days)
    for (const table of await swappedTables(hdfs, root, day))
      if (!(await isRebuilt(hdfs, root, table))) await finishSwap(work, { root, table, day });
}

/** Does all that is due on one day of a table. Returns whether nothing is left to do. */
async function workOn(
  work: CompactWork,
  place: TableDay,
  options: CompactOptions & { isOver: boolean },
  compacted: Compacted,
): Promise<boolean> {
  const { graceMs, day: only, isOver, log = () => {} } = options;
  let swaps = await readSwaps(work.hdfs, place);
  if (swaps.records.length > 0 || (await hasAttempt(work.hdfs, swaps))) {
    await finishSwap(work, place);
    compacted.deleted += await clearSwaps(work, place, graceMs);
    swaps = await readSwaps(work.hdfs, place);
  }
  const isKnown = tables.some(({ table }) => table === place.table);
  if (!isKnown || (only !== undefined && place.day !== only)) return false;
  const again = isOver ? await settles(work.hdfs, swaps) : "no";
  if (again === "once more" || (await isDue(work.hdfs, swaps, options))) {
    const record = await compactDay(work, place);
    if (record === null) return false;
    compacted.swaps.push(record);
    log(describeSwap(record));
    return false;
  }
  const isCleared = swaps.records.every(({ number }) => swaps.cleared.has(number));
  return isOver && again === "no" && isCleared && !(await hasAttempt(work.hdfs, swaps));
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
  const open = isOpen({ table, new_files }) ? "; views still look for copies of its rows" : "";
  return `${table} ${day}: ${rows.toLocaleString("en")} rows, ${files.length} ${files.length === 1 ? "file" : "files"} became ${new_files.length}${doubles}${open}`;
}

/** The time that the chains of all partitions have passed. */
async function closedUntil({ hdfs, root }: SwapWork, topics: readonly string[]): Promise<number> {
  const now = Date.now();
  const passed = [now];
  for (const topic of topics)
    for (const { partition, low, high } of await readOffsets({ topic })) {
      const last = await findLastCommit(hdfs, { root, topic, partition });
      const next = Math.max(low, last === null ? 0 : last.last + 1); // Kafka has deleted what is below low
      const quiet = now - QUIET_MS;
      const time = last?.last_timestamp ?? 0;
      const isAtEnd = time < quiet && !(await hasUnlanded({ topic, partition }, next, high));
      passed.push(Math.max(time, isAtEnd ? quiet : 0));
    }
  return Math.min(...passed);
}

/** The game's tables, and those of an older list. */
async function tablesIn(hdfs: Hdfs, root: string): Promise<string[]> {
  const names = await namesIn(hdfs, tablesFolder(root));
  return [...new Set([...tables.map(({ table }) => table), ...names])];
}

/** Whether a rebuild of the table is at work: only the rebuild writes it then. */
async function isRebuilt(hdfs: Hdfs, root: string, table: string): Promise<boolean> {
  return (await hdfs.status(rebuildFolder(root, table))) !== null;
}

/**
 * Whether the day has enough files that no compaction has written. A compaction before the day's
 * end has left young doubles, so one more follows.
 */
async function isDue(
  hdfs: Hdfs,
  swaps: Swaps,
  { isOver, periodMs = 0 }: Pick<CompactOptions, "periodMs"> & { isOver: boolean },
): Promise<boolean> {
  if (!isOver && periodMs === 0) return false;
  const last = swaps.records.findLast(isCompaction);
  const made = new Set(last?.new_files.map(({ name }) => name));
  const files = (await currentFiles(hdfs, swaps)).filter(({ name }) => !made.has(name));
  if (isOver) return files.length > 0 || (last !== undefined && !isWhole(last));
  if (!canName(files)) return false;
  const since = last ? Date.parse(last.made_at) : Math.min(...files.map((file) => file.modified_at));
  const shortMs = ((last?.rows ?? 0) / ROWS_A_MINUTE) * 60_000;
  const waitMs = files.length >= MANY_FILES ? Math.min(shortMs, periodMs) : periodMs;
  return files.length >= MIN_FILES && Date.now() - since >= waitMs;
}

/**
 * Whether copies on the next day can have kept the rows from being settled: "once more" when the
 * next day has been compacted since, without these copies; "later" when that is still to come.
 */
async function settles(hdfs: Hdfs, { records, place }: Swaps): Promise<"once more" | "later" | "no"> {
  const last = records.findLast(isCompaction);
  if (last === undefined || !isOpen(last)) return "no";
  const next = await readSwaps(hdfs, { ...place, day: dayOf(endOf(place.day)) });
  const whole = next.records.find((record) => isCompaction(record) && isWhole(record));
  if (whole !== undefined) return last.made_at < whole.made_at ? "once more" : "no";
  return (await currentFiles(hdfs, next)).length > 0 ? "later" : "no";
}

function isCompaction({ reason }: SwapRecord): boolean {
  return reason === "compaction";
}

/** Whether a compaction has found each row of its day old enough to leave out doubles. */
function isWhole({ day, made_at }: SwapRecord): boolean {
  return Date.parse(made_at) >= endOf(day) + YOUNG_MS;
}

/** Whether views look for copies of rows that a compaction has written. */
function isOpen({ table, new_files }: Pick<SwapRecord, "table" | "new_files">): boolean {
  return table !== failedEvents.table && !new_files.every(({ name }) => isSettledName(name));
}

function endOf(day: string): number {
  return Date.parse(day) + DAY_MS;
}

/**
 * SQL: the row is young, or the first of its id and content on this day and the day before. Only
 * rows whose id comes twice have their contents compared.
 */
function withoutDoubles(schema: string, day: string): string {
  const before = dayOf(Date.parse(day) - DAY_MS);
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
  const young = literal(new Date(Date.now() - YOUNG_MS));
  return `"timestamp" >= ${young} OR (${PLACE}) NOT IN (
    SELECT ${PLACE} FROM (
      SELECT event_id, kafka_partition, kafka_offset,
        row_number() OVER (PARTITION BY event_id, ${CONTENT} ORDER BY ${POSITION}) AS copy
      FROM (${all([...columns, ...position])})
      WHERE event_id IN (SELECT event_id FROM (${all(["event_id"])}) GROUP BY event_id HAVING count(*) > 1)
    ) WHERE copy > 1)`;
}

// With the id: another topic in the same tables can have the same offsets.
const PLACE = "event_id || ' ' || CAST(kafka_partition AS varchar) || ':' || CAST(kafka_offset AS varchar)";
