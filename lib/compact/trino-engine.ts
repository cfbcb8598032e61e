/**
 * Trino and its metastore → the engine of a swap: new files, their proof, a partition's location.
 *
 * Trino has no statement that changes a partition's location, so the metastore does it by Thrift.
 * The partition is read as a generic structure and written back: its other fields stay.
 */
import { posix } from "node:path";
import { parquetReadObjects } from "hyparquet";
import { qualified } from "../ask/metastore.ts";
import { registerDaysOf } from "../ask/tables.ts";
import { fileBytes } from "../audit/coverage.ts";
import { countRows } from "../audit/files.ts";
import { digestColumns } from "../audit/tally.ts";
import { shownTables } from "../audit/witnesses.ts";
import { failedEvents } from "../catalog.ts";
import { entriesOf, namesIn } from "../folders.ts";
import { alterPartitions, getPartition, locationOf, setLocation } from "../hive-metastore.ts";
import type { SwapPoint } from "../kill-at.ts";
import { newFileName, removedPath, type TableDay, tablesFolder } from "../layout.ts";
import { settings } from "../settings.ts";
import { identifier, literal } from "../sql.ts";
import { missingColumns } from "../stored-columns.ts";
import { dataFiles, type KeptRows, type RemovedRow, type SwappedFile } from "../swaps.ts";
import type { Struct } from "../thrift.ts";
import { query, QueryError } from "../trino.ts";
import { type Hdfs, HdfsError } from "../webhdfs.ts";
import {
  type Attempt,
  type SwapContent,
  type SwapEngine,
  SwapLostError,
  type SwapRequest,
} from "./swap-day.ts";

/** The tables and the topic of a pipeline. */
export interface EnginePlace {
  hdfs: Hdfs;
  root: string; // HDFS folder
  schema: string;
  topic: string; // of the events
}

const MAX_NAMES_CHARS = 900_000; // names of files in a statement; Trino takes 1,000,000 characters
const NAME = `regexp_extract("$path", '[^/]+$')`;
const SWAP_LIMIT_MS = 30 * 60_000; // of one statement
const TOO_LARGE = /MEMORY|SPILL|EXCEEDED|TIME_OUT/; // codes: a statement needs more than there is

export function trinoEngine(place: EnginePlace): SwapEngine {
  const { schema } = place;
  return {
    location: async (day) => pathOf(locationOf(await partitionOf(place, day))),
    setLocation: (day, folder) => setFolder(place, day, folder),
    rewrite: (request, attempt, at) => rewrite(place, request, attempt, at),
    removeStaged: async (id) => {
      await query(`DROP TABLE IF EXISTS ${qualified(stagedTable(id), schema)}`, { schema });
    },
  };
}

/** Steps 1 and 2: the new files, and the list of the rows that they leave out. */
async function rewrite(
  place: EnginePlace,
  request: SwapRequest,
  attempt: Attempt,
  at: (point: SwapPoint) => void,
): Promise<SwapContent> {
  const { hdfs, root, schema } = place;
  const { table, day, reason, keep = "true" } = request;
  const { id, folder, from, before } = attempt;
  const subject = `table ${table}, day ${day}`;
  const columns = await columnsOf(schema, table);
  const [missing] = await missingColumns(hdfs, root, { table, columns });
  if (missing !== undefined)
    throw new Error(`${subject}: the table has no column ${missing} yet; npm run tables adds it`);
  const names = columns.map(identifier).join(", ");
  // Only these files: on a day that is not over, others come meanwhile. They are copied later.
  const ofFiles = canName(before) ? ` AND ${NAME} IN (${namesOf(before)})` : "";
  const ofDay = `day = DATE ${literal(day)}${ofFiles}`;
  const kept = `${ofDay} AND coalesce(${keep}, true)`;
  const source = qualified(table, schema);
  const staged = qualified(stagedTable(id), schema);
  await hdfs.makeFolder(posix.dirname(folder)); // Trino makes the folder itself
  await query(
    `CREATE TABLE ${staged} WITH (external_location = ${literal(`hdfs://${folder}`)}, format = 'PARQUET')
     AS SELECT ${names} FROM ${source} WHERE ${kept}
     ORDER BY "timestamp", kafka_partition, kafka_offset`,
    { schema, timeoutMs: SWAP_LIMIT_MS, session: { [`${settings.catalog}.compression_codec`]: "SNAPPY" } },
  );
  await hdfs.makeFolder(folder); // without a row to keep it may be missing
  at("rows_written");
  // Together: most of a small statement's time is its planning, on one core.
  const [wanted, found, rows, removed, isSettled] = await Promise.all([
    contentOf(place, table, columns, source, kept),
    contentOf(place, table, columns, staged, "true"),
    rowsByFile(schema, source, ofDay),
    removedRows(place, request, source, `${ofDay} AND NOT coalesce(${keep}, true)`),
    reason === "compaction" && areIdsUnique(place, request, staged),
  ]);
  await query(`DROP TABLE ${staged}`, { schema });
  await nameFiles(hdfs, folder, (number) => newFileName({ id, number, isSettled }));
  if (JSON.stringify(found) !== JSON.stringify(wanted))
    throw new Error(
      `${subject}: expected the new files to have ${JSON.stringify(wanted)}, got ${JSON.stringify(found)}`,
    );
  for (const { path, bytes } of before)
    // a removal can leave a file without rows
    if (!rows.has(path) && (await countRows(hdfs, path, bytes)) === 0) rows.set(path, 0);
  if (!before.every(({ path }) => rows.has(path)) || rows.size !== before.length)
    throw new SwapLostError(`${subject}: its files changed while they were read`);
  const files = before.map(({ name, path, bytes }) => ({ name, bytes, rows: rows.get(path)! }));
  const new_files = await readableFiles(hdfs, folder);
  const [all, now] = [sumOf(files), sumOf(new_files)];
  const same = found.reduce((sum, { messages }) => sum + messages, 0);
  if (now !== same || all !== same + removed.length)
    throw new Error(
      `${subject}: expected ${all} rows, got ${now} in new files and ${removed.length} left out`,
    );
  if (removed.length > 0 && reason === "compaction")
    await hdfs.create(removedPath(root, id), Buffer.from(`${JSON.stringify(removed)}\n`));
  at("rows_checked");
  const facts = found.map(({ topic, partition, from, to, messages, digest }): KeptRows => {
    return { topic, partition, from, to, messages, digest };
  });
  const made_at = new Date().toISOString();
  return {
    reason,
    made_at,
    from,
    files,
    folder,
    new_files,
    rows: all,
    removed: removed.length,
    kept: facts,
  };
}

/** The new files; audits can read each of them. */
async function readableFiles(hdfs: Hdfs, folder: string): Promise<SwappedFile[]> {
  const files: SwappedFile[] = [];
  for (const { name, path, bytes } of await dataFiles(hdfs, folder)) {
    await parquetReadObjects({ file: fileBytes(hdfs, path, bytes), rowEnd: 1 });
    files.push({ name, bytes, rows: await countRows(hdfs, path, bytes) });
  }
  return files;
}

function sumOf(files: readonly { rows: number }[]): number {
  return files.reduce((sum, { rows }) => sum + rows, 0);
}

/** Trino's names have no ending. Ours never come again. */
async function nameFiles(hdfs: Hdfs, folder: string, nameOf: (number: number) => string): Promise<void> {
  let number = 0;
  for await (const { name, type } of entriesOf(hdfs, folder)) {
    if (type !== "FILE" || name.startsWith("_") || name.startsWith(".")) continue;
    const path = `${folder}/${nameOf(number++)}`;
    if (!(await hdfs.rename(`${folder}/${name}`, path)))
      throw new HdfsError("RENAME", `${folder}/${name}`, `answered false; expected it to become ${path}`);
  }
}

/**
 * Whether the staged events of a day have ids that no other row has, of any type and day. Of two
 * rows with one id, the row that comes second is looked at after the first can be found. So at most
 * one of them gets settled, whichever processes ask. Types that are not in the game count too: they
 * can come back.
 */
async function areIdsUnique(
  { hdfs, root, schema }: EnginePlace,
  { table, day }: SwapRequest,
  staged: string,
): Promise<boolean> {
  if (table === failedEvents.table) return false;
  const shown = await shownTables(hdfs, root, schema);
  if ((await namesIn(hdfs, tablesFolder(root))).some((name) => !shown.includes(name))) return false;
  const others = shown
    .filter((name) => name !== failedEvents.table)
    .map((name) => {
      const otherDays = name === table ? ` WHERE day <> DATE ${literal(day)}` : "";
      return `SELECT event_id FROM ${qualified(name, schema)}${otherDays}`;
    });
  // A join, not IN: Trino can put its rows on disk.
  const [found] = await query<{ is_unique: boolean }>(
    `SELECT count(*) = 0 AS is_unique FROM (
       SELECT event_id FROM ${staged} GROUP BY event_id HAVING count(*) > 1
       UNION ALL
       SELECT other.event_id FROM (${others.join(" UNION ALL ")}) other
       JOIN ${staged} staged ON staged.event_id = other.event_id
       LIMIT 1)`,
    { schema, timeoutMs: SWAP_LIMIT_MS },
  ).catch((error: unknown) => {
    // The views look for copies of its rows then, as they did before.
    if (error instanceof QueryError && TOO_LARGE.test(error.code)) return [];
    throw error;
  });
  return found?.is_unique ?? false;
}

/** Whether a statement can name these files. If not, a rewrite is lost when a new file comes. */
export function canName(files: readonly { name: string }[]): boolean {
  return namesOf(files).length <= MAX_NAMES_CHARS;
}

function namesOf(files: readonly { name: string }[]): string {
  return files.map(({ name }) => literal(name)).join(", ");
}

interface Content extends KeptRows {
  checksums: string; // of all columns
}

/** Counts, digests and checksums of the rows of each partition of each topic. */
async function contentOf(
  { schema, topic }: EnginePlace,
  table: string,
  columns: readonly string[],
  source: string,
  where: string,
): Promise<Content[]> {
  const isFailed = table === failedEvents.table;
  const sums = columns.map((name) => `to_hex(checksum(${identifier(name)}))`).join(" || ' ' || ");
  const rows = await query<Omit<Content, "digest"> & { first_sum: string | null; second_sum: string | null }>(
    `SELECT ${isFailed ? "topic" : literal(topic)} AS topic, kafka_partition AS "partition",
       min(kafka_offset) AS "from", max(kafka_offset) + 1 AS "to", count(*) AS messages,
       ${digestColumns(isFailed ? null : "event_id")}, ${sums} AS checksums
     FROM ${source} WHERE ${where} GROUP BY 1, 2 ORDER BY 1, 2`,
    { schema, timeoutMs: SWAP_LIMIT_MS },
  );
  return rows.map(({ first_sum, second_sum, ...row }) => {
    return { ...row, digest: [first_sum ?? "0", second_sum ?? "0"] };
  });
}

/** The rows that the new files leave out, without their values. */
async function removedRows(
  { schema, topic }: EnginePlace,
  { table, day, keep }: SwapRequest,
  source: string,
  where: string,
): Promise<RemovedRow[]> {
  if (keep === undefined) return [];
  const isFailed = table === failedEvents.table;
  const rows = await query<Omit<RemovedRow, "table" | "day">>(
    `SELECT ${isFailed ? literal(table) : "event_type"} AS event_type,
       ${isFailed ? "topic" : literal(topic)} AS topic, kafka_partition AS "partition", kafka_offset AS "offset",
       ${digestColumns(isFailed ? null : "event_id")}
     FROM ${source} WHERE ${where} GROUP BY 1, 2, 3, 4 ORDER BY 2, 3, 4`,
    { schema, timeoutMs: SWAP_LIMIT_MS },
  );
  return rows.map((row) => ({ table, day, ...row }));
}

/** The rows of each file that Trino reads for a day, by the file's path. */
async function rowsByFile(schema: string, source: string, where: string): Promise<Map<string, number>> {
  const rows = await query<{ path: string; n: number }>(
    `SELECT "$path" AS path, count(*) AS n FROM ${source} WHERE ${where} GROUP BY 1`,
    { schema, timeoutMs: SWAP_LIMIT_MS },
  );
  return new Map(rows.map(({ path, n }) => [pathOf(path), n]));
}

/** Step 4. The rest of the partition's definition stays as it is. */
async function setFolder(place: EnginePlace, day: TableDay, folder: string): Promise<void> {
  const partition = await partitionOf(place, day);
  const location = locationOf(partition);
  const host = location.slice(0, location.length - pathOf(location).length);
  setLocation(partition, `${host}${folder}`);
  await alterPartitions(place.schema, day.table, [partition]);
}

/** The partition of a day; registers the day if Trino does not show it yet. */
async function partitionOf({ schema }: EnginePlace, { table, day }: TableDay): Promise<Struct> {
  const found = await getPartition(schema, table, [day]);
  if (found !== null) return found;
  await registerDaysOf(table, schema);
  const registered = await getPartition(schema, table, [day]);
  if (registered === null) throw new Error(`table ${table}: expected the day ${day}, got none`);
  return registered;
}

async function columnsOf(schema: string, table: string): Promise<string[]> {
  const rows = await query<{ column_name: string }>(
    `SELECT column_name FROM information_schema.columns
     WHERE table_schema = ? AND table_name = ? AND column_name <> 'day' ORDER BY ordinal_position`,
    { schema, parameters: [schema, table] },
  );
  return rows.map(({ column_name }) => column_name);
}

function stagedTable(id: string): string {
  return `swap_${id.replaceAll("-", "")}`;
}

/** The path of a location: "hdfs://host:8020/folder" → "/folder". */
function pathOf(location: string): string {
  return location.replace(/^hdfs:\/\/[^/]*/, "");
}
