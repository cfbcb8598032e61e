/**
 * A day → the files with rows of earlier days, and an empty folder in the place of each such day.
 *
 * No row is read or written again. A swap (compact/swap-day.ts) gives the day's partition an empty
 * folder: a query sees all of the day's rows, or none. The old files are deleted later. Trino
 * counts the rows and adds up their digests, for the record of the removal.
 */
import { posix } from "node:path";
import type { AuditRecord } from "../audit/ledger.ts";
import { countRows, findFiles } from "../audit/files.ts";
import type { RemovedRange } from "../audit/removals.ts";
import { digestColumns, REFUSED, Tally } from "../audit/tally.ts";
import { shownTables, typeIn } from "../audit/witnesses.ts";
import { failedEvents } from "../catalog.ts";
import { type Attempt, clearSwaps, finishSwap, swapDay, type SwapContent } from "../compact/swap-day.ts";
import { trinoEngine } from "../compact/trino-engine.ts";
import { forgetFolder, stagingFolder } from "../layout.ts";
import { identifier, literal } from "../sql.ts";
import { copyLate, currentFiles, readSwaps, type SwappedFile } from "../swaps.ts";
import { query } from "../trino.ts";
import { parquetFiles, type RowPlace } from "./find-rows.ts";
import type { DeletedBelow } from "./topic-messages.ts";

/** A day of a table, with the files that have its rows. */
export interface OldDay {
  table: string;
  day: string; // YYYY-MM-DD
  files: SwappedFile[];
}

/** All files with rows of old days. */
export interface OldFiles {
  days: OldDay[];
  others: string[]; // paths of files that no table shows
}

const MAX_RECORDS = 500; // of the ledger, in one statement
const AT_ONCE_MS = -Infinity; // the grace period of replaced files

/** Finds the files of all days before `before`. @param before YYYY-MM-DD */
export async function findOldDays(place: RowPlace, before: string): Promise<OldFiles> {
  const { hdfs, root, schema } = place;
  const tables = await shownTables(hdfs, root, schema);
  const files = (await findFiles(hdfs, root)).filter(({ table, day }) => {
    return day < before && tables.includes(table);
  });
  const days = new Map<string, OldDay>();
  const rows = new Map<string, number>(); // by path
  for (const table of new Set(files.map((file) => file.table)))
    for (const { path, n } of await query<{ path: string; n: number }>(
      `SELECT "$path" AS path, count(*) AS n FROM ${identifier(table)} WHERE ${isBefore(before)} GROUP BY 1`,
      { schema },
    ))
      rows.set(path.replace(/^[a-z]+:\/\/[^/]*/, ""), n);
  for (const { table, day, path, bytes } of files) {
    const found = rows.get(path) ?? (await countRows(hdfs, path, bytes));
    if (!rows.has(path) && found > 0) throw new MovedError(table);
    rows.delete(path);
    const one = days.get(`${table} ${day}`) ?? { table, day, files: [] };
    days.set(`${table} ${day}`, one);
    one.files.push({ name: posix.basename(path), bytes, rows: found });
  }
  const [moved] = rows.keys();
  if (moved !== undefined) throw new MovedError(moved);
  const left = [stagingFolder(root), forgetFolder(root), `${root}/schemas`];
  const shown = new Set(files.map(({ path }) => path));
  const others: string[] = [];
  for await (const path of parquetFiles(hdfs, root, left)) {
    const day = /\/day=([^/]+)\//.exec(path)?.[1];
    if (day !== undefined && day < before && !shown.has(path)) others.push(path);
  }
  return { days: [...days.values()], others };
}

/** Thrown when rows have gone to other files while they were counted. */
export class MovedError extends Error {
  override name = "MovedError";

  constructor(place: string) {
    super(`${place}: files changed meanwhile, and nothing was removed: call the command again`);
  }
}

/** The rows of old days, as the record of their removal counts them. */
interface OldRows {
  removed: RemovedRange[];
  ends: DeletedBelow[]; // behind the last row of each partition
}

interface PartitionRows {
  topic: string;
  partition: number;
  messages: number;
  to: number;
}

/**
 * Counts the rows of the days by the records of the ledger.
 * @throws Error if a row has come since the files were found, or has no record
 */
export async function countOldRows(
  { schema, topic }: RowPlace,
  days: readonly OldDay[],
  before: string,
  records: readonly AuditRecord[],
): Promise<OldRows> {
  const tallies = new Map<AuditRecord, Tally>();
  const ends: DeletedBelow[] = [];
  for (const [table, own] of Map.groupBy(days, (one) => one.table)) {
    const column = table === failedEvents.table ? "topic" : literal(topic);
    const rows = await query<PartitionRows>(
      `SELECT ${column} AS topic, kafka_partition AS "partition", count(*) AS messages,
         max(kafka_offset) + 1 AS "to"
       FROM ${identifier(table)} WHERE ${isBefore(before)} GROUP BY 1, 2`,
      { schema },
    );
    const inFiles = sumOf(own.flatMap(({ files }) => files.map((file) => file.rows)));
    if (sumOf(rows.map(({ messages }) => messages)) !== inFiles) throw new MovedError(`table ${table}`);
    for (const { to, messages, ...one } of rows) {
      ends.push({ topic: one.topic, partition: one.partition, offset: to });
      if (one.topic !== topic) continue;
      const ofPartition = records.filter(({ partition }) => partition === one.partition);
      const counted = await tallyRows({ schema, topic }, { table, before, records: ofPartition, tallies });
      if (counted !== messages)
        throw new Error(
          `table ${table}, partition ${one.partition}: expected audits of ${messages} old rows, got ${counted}; call the command again`,
        );
    }
  }
  const removed = [...tallies].map(([{ partition, from, to }, { counts, digest }]) => {
    return { partition, from, to, counts, digest };
  });
  return { removed, ends };
}

interface OldRowsOfTable {
  table: string;
  before: string;
  records: readonly AuditRecord[]; // of one partition, in their order
  tallies: Map<AuditRecord, Tally>;
}

interface CountedRows {
  bin: number; // of a record, from 1
  event_type: string;
  day: string;
  messages: number;
  first_sum: string;
  second_sum: string;
}

/** Adds a table's old rows to the tallies of the ledger's records. Resolves with their number. */
async function tallyRows(
  { schema, topic }: Pick<RowPlace, "schema" | "topic">,
  { table, before, records, tallies }: OldRowsOfTable,
): Promise<number> {
  const isFailed = table === failedEvents.table;
  const isOld = ({ counts }: AuditRecord) => counts.some(({ day }) => day < before);
  const known = records.slice(records.findIndex(isOld), records.findLastIndex(isOld) + 1);
  let counted = 0;
  for (let i = 0; i < known.length; i += MAX_RECORDS) {
    const some = known.slice(i, i + MAX_RECORDS);
    const [first, last] = [some[0]!, some.at(-1)!];
    const bins = `CAST(ARRAY[${some.map(({ from }) => from).join(", ")}] AS array(double))`;
    const rows = await query<CountedRows>(
      `SELECT width_bucket(CAST(kafka_offset AS double), ${bins}) AS bin,
         ${isFailed ? literal(REFUSED) : "event_type"} AS event_type, CAST(day AS varchar) AS day,
         count(*) AS messages, ${digestColumns(isFailed ? null : "event_id")}
       FROM ${identifier(table)}
       WHERE ${isBefore(before)} AND kafka_partition = ${first.partition}
         AND kafka_offset >= ${first.from} AND kafka_offset < ${last.to}
         ${isFailed ? `AND topic = ${literal(topic)}` : ""}
       GROUP BY 1, 2, 3`,
      { schema },
    );
    for (const { bin, event_type, day, messages, first_sum, second_sum } of rows) {
      const record = some[bin - 1]!;
      const tally = tallies.get(record) ?? new Tally();
      tallies.set(record, tally);
      const type = isFailed ? REFUSED : typeIn(table, event_type);
      tally.addCounted({ type, day, messages }, [first_sum, second_sum]);
      counted += messages;
    }
  }
  return counted;
}

/** @throws Error if nothing can give the day another folder */
export async function requireSwaps(place: RowPlace, { table, day }: OldDay): Promise<void> {
  await trinoEngine(place).location({ root: place.root, table, day });
}

/** Gives the day an empty folder, if it has planned files. Can be repeated. */
export async function emptyDay(place: RowPlace, { table, day, files }: OldDay): Promise<void> {
  const { hdfs, root } = place;
  const names = new Set(files.map(({ name }) => name));
  const planned = (all: readonly { name: string }[]) => all.filter(({ name }) => names.has(name));
  const rewrite = async (_: unknown, attempt: Attempt): Promise<SwapContent> => {
    await hdfs.makeFolder(attempt.folder);
    const replaced = files.filter(({ name }) => attempt.before.some((file) => file.name === name));
    const rows = sumOf(replaced.map((file) => file.rows));
    const facts = { from: attempt.from, files: replaced, folder: attempt.folder, new_files: [], kept: [] };
    return { ...facts, reason: "removal", made_at: new Date().toISOString(), rows, removed: rows };
  };
  const work = { hdfs, root, engine: { ...trinoEngine(place), rewrite } };
  const swaps = await readSwaps(hdfs, { root, table, day });
  if (planned(await currentFiles(hdfs, swaps)).length === 0) return finishSwap(work, swaps.place);
  await copyLate(hdfs, swaps);
  await swapDay(work, { table, day, reason: "removal" });
}

/** Deletes the files that were replaced by an empty folder, or by swaps before it. */
export async function clearDay(place: RowPlace, { table, day }: OldDay): Promise<void> {
  const { hdfs, root } = place;
  await clearSwaps({ hdfs, root, engine: trinoEngine(place) }, { root, table, day }, AT_ONCE_MS);
}

function isBefore(day: string): string {
  return `day < DATE ${literal(day)}`;
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0);
}
