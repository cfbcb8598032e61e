/**
 * Players → the rows that name them, by file: those that Trino shows, and those of other files.
 *
 * Trino finds the rows of event tables by the column `player`, day by day. A row without a player
 * can name one in its text. Trino cannot look into the texts of failed_events, nor into files that
 * no table shows, such as those that a rebuild replaced. These files are read as they are.
 */
import { posix } from "node:path";
import { findFiles } from "../audit/files.ts";
import { mapBySize, mapInLanes } from "../lanes.ts";
import { REFUSED } from "../audit/tally.ts";
import { shownTables, typeIn } from "../audit/witnesses.ts";
import { failedEvents } from "../catalog.ts";
import { entriesOf } from "../folders.ts";
import { forgetFolder, parseFileName, stagingFolder } from "../layout.ts";
import { readStoredRows, type StoredRow } from "../rebuild/stored-values.ts";
import { identifier, sql } from "../sql.ts";
import { query } from "../trino.ts";
import type { Hdfs } from "../webhdfs.ts";
import { formsOf, namesPlayer } from "./names-player.ts";

/** The place of a pipeline's rows. */
export interface RowPlace {
  hdfs: Hdfs;
  root: string; // HDFS folder
  schema: string;
  topic: string;
}

/** One row that names a player. */
export interface FoundRow {
  topic: string;
  partition: number;
  offset: number;
  type: string; // as the audit counts it
  day: string; // YYYY-MM-DD
  id: string | null; // event_id; null: a row of failed_events
}

/** A file with rows that name a player. */
export interface FoundFile {
  path: string;
  table: string | null; // null: no table shows it
  rows: FoundRow[];
}

/** Finds all rows of `players`. */
export async function findRows(place: RowPlace, players: readonly string[]): Promise<FoundFile[]> {
  const { hdfs, root, schema } = place;
  const tables = await shownTables(hdfs, root, schema);
  const found: FoundFile[] = [];
  for (const table of tables)
    if (table !== failedEvents.table) found.push(...(await findInTable(place, table, players)));
  const shown = new Map((await findFiles(hdfs, root)).map(({ path, table }) => [path, table]));
  // Staged files become visible soon or are deleted; a user's own tables are only listed.
  const left = [stagingFolder(root), forgetFolder(root), `${root}/schemas`];
  const paths: string[] = [];
  for await (const path of parquetFiles(hdfs, root, left)) {
    const table = shown.get(path);
    const isSearched = table !== undefined && table !== failedEvents.table && tables.includes(table);
    if (!isSearched) paths.push(path);
  }
  const read = (path: string) => {
    const table = shown.get(path) === failedEvents.table ? failedEvents.table : null;
    return findInFile(place, path, table, players);
  };
  const others = await mapBySize(paths, await sizesOf(hdfs, paths), read);
  return [...found, ...others.filter(({ rows }) => rows.length > 0)];
}

interface TableRow {
  path: string;
  day: string;
  event_type: string;
  kafka_partition: number;
  kafka_offset: number;
  event_id: string;
  text: string | null; // raw_event of a row without a player
}

async function findInTable(
  { schema, topic }: RowPlace,
  table: string,
  players: readonly string[],
): Promise<FoundFile[]> {
  // Two statements: most files have no row without a player, and Trino skips these by statistics.
  const inText = players.flatMap(formsOf).map((form) => sql`strpos(raw_event, ${form}) > 0`);
  const found = [
    ...(await readByDay(schema, table, sql`player IN (${players})`, "NULL")),
    ...(await readByDay(schema, table, `player IS NULL AND (${inText.join(" OR ")})`, "raw_event")),
  ];
  const files = new Map<string, FoundFile>();
  for (const row of found) {
    if (row.text !== null && !namesPlayer(row.text, players)) continue;
    const path = row.path.replace(/^[a-z]+:\/\/[^/]*/, "");
    const file = files.get(path) ?? { path, table, rows: [] };
    files.set(path, file);
    file.rows.push({
      topic: topicInName(path) ?? topic,
      partition: row.kafka_partition,
      offset: Number(row.kafka_offset),
      type: typeIn(table, row.event_type),
      day: row.day,
      id: row.event_id,
    });
  }
  return [...files.values()];
}

/** Reads day after day, so that a statement returns the rows of one day at most. */
async function readByDay(
  schema: string,
  table: string,
  condition: string,
  text: string,
): Promise<TableRow[]> {
  const from = `FROM ${identifier(table)} WHERE ${condition}`;
  const days = await query<{ day: string }>(
    `SELECT DISTINCT CAST(day AS varchar) AS day ${from} ORDER BY 1`,
    { schema },
  );
  const rows: TableRow[] = [];
  for (const { day } of days)
    rows.push(
      ...(await query<TableRow>(
        `SELECT "$path" AS path, CAST(day AS varchar) AS day, event_type, kafka_partition, kafka_offset,
           event_id, ${text} AS text
         ${from} AND day = DATE ${sql`${day}`}`,
        { schema },
      )),
    );
  return rows;
}

/** Reads a file of failed_events, or one that no table shows. */
async function findInFile(
  { hdfs, topic }: RowPlace,
  path: string,
  table: string | null,
  players: readonly string[],
): Promise<FoundFile> {
  const file: FoundFile = { path, table, rows: [] };
  const bytes = await hdfs.read(path);
  if (bytes === null) return file; // moved or deleted meanwhile
  const day = /\/day=([^/]+)\//.exec(path)?.[1] ?? "";
  for await (const row of readStoredRows(bytes)) {
    const player = row.event_id === null ? null : row.text("player");
    const isNamed = player === null ? namesPlayer(row.raw_event, players) : players.includes(player);
    if (!isNamed) continue;
    const { partition, offset } = row;
    file.rows.push({ topic: topicOf(row, path, topic), partition, offset, type: REFUSED, day, id: null });
  }
  return file;
}

/** The topic of a row: only failed_events, which has no event_id, names it in a column. */
export function topicOf(row: StoredRow, path: string, topic: string): string {
  return (row.event_id === null ? row.text("topic") : null) ?? topicInName(path) ?? topic;
}

function topicInName(path: string): string | null {
  return parseFileName(posix.basename(path))?.topic ?? null;
}

/** The size of each file, in bytes; that of a deleted one is 0. */
export async function sizesOf(hdfs: Hdfs, paths: readonly string[]): Promise<(path: string) => number> {
  const sizes = await mapInLanes(paths, async (path) => (await hdfs.status(path))?.bytes ?? 0);
  const byPath = new Map(paths.map((path, i) => [path, sizes[i]!]));
  return (path) => byPath.get(path)!;
}

/** All Parquet files below a folder, without the folders `left`. */
export async function* parquetFiles(
  hdfs: Hdfs,
  folder: string,
  left: readonly string[],
): AsyncGenerator<string> {
  for await (const path of filesBelow(hdfs, folder, left)) if (path.endsWith(".parquet")) yield path;
}

/** All files below a folder, without the folders `left`. */
export async function* filesBelow(
  hdfs: Hdfs,
  folder: string,
  left: readonly string[] = [],
): AsyncGenerator<string> {
  for await (const { name, type } of entriesOf(hdfs, folder)) {
    const path = `${folder}/${name}`;
    if (type !== "DIRECTORY") yield path;
    else if (!left.includes(path)) yield* filesBelow(hdfs, path, left);
  }
}
