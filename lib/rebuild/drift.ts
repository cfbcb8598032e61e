/**
 * Catalogue, lists of columns, files, tables and views → each difference between them.
 *
 *   lib/game.ts ── list of columns in HDFS ── columns in each file's footer
 *                             └── Trino's table ── its views
 *
 * Every neighbour is compared, so a difference has one name and one remedy. Nothing is changed.
 */
import { type Target, qualified, showCreate } from "../ask/metastore.ts";
import { changesOf, columnsIn, refuseOtherFiles, tablesOf } from "../ask/tables.ts";
import { type ColumnsByTable, findView, findViewsOfOthers, viewsOf } from "../ask/views.ts";
import { findFiles } from "../audit/files.ts";
import { mapInLanes } from "../lanes.ts";
import type { EventDefinition } from "../catalog.ts";
import { events } from "../events.ts";
import { rebuildFolder } from "../layout.ts";
import type { StoredColumn } from "../parquet-footer.ts";
import { settings } from "../settings.ts";
import {
  changeOf,
  type ColumnsChange,
  describeRebuild,
  fileColumns,
  isReadableAs,
  readColumns,
  type WantedColumns,
} from "../stored-columns.ts";
import { query } from "../trino.ts";
import { type Hdfs, HdfsError, WebHdfs } from "../webhdfs.ts";

export interface Difference {
  subject: string; // "table buy"
  difference: string;
  remedy: string;
}

/** Called after each eight files with the number of files that were read. */
export type OnFiles = (read: number, all: number, table: string) => void;

const MAKE = "to mend it: npm run tables";

/** Finds all differences, in the catalogue's order. */
export async function findDifferences(
  target: Target = {},
  catalogue: readonly EventDefinition[] = events,
  onFiles: OnFiles = () => {},
): Promise<Difference[]> {
  const { schema = settings.schema, hdfsRoot: root = settings.hdfsRoot } = target;
  const hdfs = new WebHdfs();
  try {
    const found: Difference[] = [];
    const stored = new Map<string, readonly StoredColumn[]>();
    for (const { table, wanted } of tablesOf(catalogue)) {
      const { number, columns } = await readColumns(hdfs, root, table);
      const files = await readFiles(hdfs, root, table, onFiles);
      const list: ListedTable = { table, wanted, columns, isListed: number > 0, files };
      found.push(...(await interrupted(hdfs, root, table)), ...compareList(list), ...compareFiles(list));
      found.push(...(await compareTable(list, { schema, hdfsRoot: root })));
      stored.set(table, columns);
    }
    return [...found, ...(await compareViews(catalogue, stored, schema))];
  } finally {
    hdfs.close();
  }
}

/** "table buy: …; to mend it: npm run tables" */
export function describeDifference({ subject, difference, remedy }: Difference): string {
  return `${subject}: ${difference}; ${remedy}`;
}

interface ListedTable {
  table: string;
  wanted: WantedColumns;
  columns: readonly StoredColumn[]; // of its list
  isListed: boolean;
  files: readonly FileColumns[];
}

interface FileColumns {
  path: string;
  day: string;
  columns: readonly StoredColumn[];
  fault: string | null; // why its footer cannot be read
}

async function readFiles(hdfs: Hdfs, root: string, table: string, onFiles: OnFiles): Promise<FileColumns[]> {
  const files = await findFiles(hdfs, root, { table });
  let read = 0;
  return mapInLanes(files, async ({ path, day, bytes }) => {
    const found = await fileColumns(hdfs, path, bytes).catch((error: unknown) => {
      if (error instanceof HdfsError || !(error instanceof Error)) throw error;
      return error.message;
    });
    if (++read % 8 === 0 || read === files.length) onFiles(read, files.length, table);
    const [columns, fault] = typeof found === "string" ? [[], found] : [found, null];
    return { path, day, columns, fault };
  });
}

async function interrupted(hdfs: Hdfs, root: string, table: string): Promise<Difference[]> {
  if ((await hdfs.status(rebuildFolder(root, table))) === null) return [];
  const [difference = "", remedy = ""] = describeRebuild(table).split("; ");
  return [{ subject: `table ${table}`, difference: difference.replace(`table ${table}: `, ""), remedy }];
}

function compareList({ table, wanted, columns, isListed, files }: ListedTable): Difference[] {
  const subject = `table ${table}`;
  if (!isListed) return [{ subject, difference: "it has no list of columns in HDFS", remedy: MAKE }];
  const change: ColumnsChange = changeOf(columns, wanted);
  const before = new Map(columns.map(({ name, type }) => [name, type]));
  const isMade = files.length === 0; // a table without files takes any type
  return [
    ...change.conflicts.map(({ column, stored, wanted }) => ({
      subject,
      difference: `column ${column} has ${stored} in its list of columns and ${wanted} in lib/game.ts`,
      remedy: isMade ? MAKE : rewrite(table),
    })),
    ...change.added.map(({ name, type }) => ({
      subject,
      difference: `column ${name} (${type}) is in lib/game.ts, and not in its list of columns`,
      remedy: MAKE,
    })),
    ...change.widened.map(({ name, type }) => ({
      subject,
      difference: `column ${name} has ${before.get(name)} in its list of columns and ${type} in lib/game.ts`,
      remedy: MAKE,
    })),
  ];
}

/** Compares the list with each file. One difference of several files is told once. */
function compareFiles({ table, wanted, columns, isListed, files }: ListedTable): Difference[] {
  const listed = new Map(columns.map(({ name, type }) => [name, type]));
  const paths = new Map<string, string[]>(); // by difference
  const add = (difference: string, path: string): void => {
    paths.set(difference, [...(paths.get(difference) ?? []), path]);
  };
  const inFiles = new Set(wanted.columns.map(({ name }) => name));
  for (const file of files) {
    if (file.fault !== null) add(`cannot be read: ${file.fault}`, file.path);
    for (const { name, type } of file.columns) {
      inFiles.add(name);
      const read = listed.get(name);
      if (!isListed) continue;
      if (read === undefined) add(`column ${name} (${type}) is not in the list of columns`, file.path);
      else if (!isReadableAs(type, read))
        add(`column ${name} has ${type}, and ${read} in the list of columns`, file.path);
    }
  }
  const ofFiles = [...paths].map(([difference, [path, ...others]]) => ({
    subject: `table ${table}, file ${path}${others.length > 0 ? ` and ${others.length} more` : ""}`,
    difference,
    remedy: difference.startsWith("cannot") ? "to mend it: move the file away" : rewrite(table),
  }));
  const tooMany = columns.filter(({ name }) => !inFiles.has(name));
  const ofList = tooMany.map(({ name, type }) => ({
    subject: `table ${table}`,
    difference: `column ${name} (${type}) is in its list of columns, and in no file`,
    remedy: rewrite(table),
  }));
  return [...ofFiles, ...ofList];
}

/** Compares the list and the days' folders with Trino's table. */
async function compareTable(
  { table, columns, files }: ListedTable,
  target: Required<Target>,
): Promise<Difference[]> {
  const subject = `table ${table}`;
  const { schema } = target;
  const found = await showCreate("TABLE", table, schema);
  if (found === undefined) return [{ subject, difference: "it is not in Trino", remedy: MAKE }];
  try {
    refuseOtherFiles(table, found, target);
  } catch (error) {
    const [difference = "", remedy = ""] = (error as Error).message.split("; ");
    return [{ subject, difference: difference.replace(`table ${table}: `, ""), remedy }];
  }
  const changes = changesOf(columnsIn(found), columns);
  const days = await query<{ day: string }>(
    `SELECT CAST(day AS varchar) AS day FROM ${qualified(`${table}$partitions`, schema)}`,
    { schema },
  );
  const known = new Set(days.map(({ day }) => day));
  const unknown = [...new Set(files.map(({ day }) => day))].filter((day) => !known.has(day));
  return [
    ...changes.map((change) => ({
      subject,
      difference: `Trino's table does not follow its list of columns (${change})`,
      remedy: MAKE,
    })),
    ...unknown.map((day) => ({
      subject,
      difference: `day ${day} has files that Trino does not show`,
      remedy: MAKE,
    })),
  ];
}

async function compareViews(
  catalogue: readonly EventDefinition[],
  stored: ColumnsByTable,
  schema: string,
): Promise<Difference[]> {
  const found: Difference[] = [];
  for (const view of viewsOf(catalogue, stored, schema)) {
    const state = await findView(view, schema);
    if (state === "equal") continue;
    const difference = state === "missing" ? "it is not in Trino" : "it has another definition";
    found.push({ subject: `view ${view.name}`, difference, remedy: MAKE });
  }
  for (const name of await findViewsOfOthers(catalogue, schema))
    found.push({
      subject: `view ${name}`,
      difference: "no event of lib/game.ts has its table",
      remedy: MAKE,
    });
  return found;
}

function rewrite(table: string): string {
  return `to rewrite it: npm run tables -- --rebuild ${table}`;
}
