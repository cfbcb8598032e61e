/**
 * The catalogue → tables in Hive: one for each event type, failed_events, and views (views.ts).
 *
 * All tables are external: they only name the folders of the stream's files, so DROP TABLE deletes
 * no data. A table has the columns of its files' list (stored-columns.ts). When it has others, it
 * is changed in place; with a given Trino whose metastore has no known address, it is made anew.
 * Trino reads the days (partitions) that the metastore knows, not the folders that exist.
 * `registerDays` adds new days there. Trino sees new files of a known day at once.
 */
import { randomBytes } from "node:crypto";
import { type EventDefinition, failedEvents } from "../catalog.ts";
import { events } from "../events.ts";
import type { StoredColumn, StoredType } from "../parquet-footer.ts";
import {
  addColumns,
  describeConflicts,
  describeRebuild,
  readColumns,
  UnreadableTableError,
  type WantedColumns,
  wantedColumns,
} from "../stored-columns.ts";
import { rebuildFolder, schemaFolder, tableFolder } from "../layout.ts";
import { settings } from "../settings.ts";
import { identifier, literal } from "../sql.ts";
import { query, QueryError } from "../trino.ts";
import { type Hdfs, WebHdfs } from "../webhdfs.ts";
import { alterColumns } from "./alter-table.ts";
import { registerMissingDays } from "./missing-days.ts";
import { type Target, qualified, showCreate, type TableState, unlessOvertaken } from "./metastore.ts";
import { followSwappedDays } from "./swapped-days.ts";
import { createViews } from "./views.ts";

/** A table of the catalogue, with the columns that its files need. */
interface TableDefinition {
  table: string;
  wanted: WantedColumns;
}

/** Every table: one for each event type, and `failed_events`. */
export const tables: readonly TableDefinition[] = tablesOf(events);

export function tablesOf(catalogue: readonly EventDefinition[]): TableDefinition[] {
  return [
    ...catalogue.map((event) => ({ table: event.table, wanted: wantedColumns(event) })),
    { table: failedEvents.table, wanted: { columns: failedEvents.columns, earlier: [] } },
  ];
}

/** The present contents of a table. */
export interface TableSummary {
  table: string;
  columns: number;
  days: number; // registered days
  rows: number;
  location: string; // HDFS folder
}

/**
 * Creates the schema, tables and views that do not exist, and changes those that differ from the
 * catalogue; may run in several processes at once. A table whose files cannot be read by the
 * catalogue's types stays as it is, and its state has a `problem`.
 * @throws Error if a table has its files in another folder
 */
export async function createTables(target: Target = {}, catalogue = events): Promise<TableState[]> {
  const hdfs = new WebHdfs();
  try {
    await createSchema(target, hdfs);
    const made = await Promise.all(tablesOf(catalogue).map((one) => makeTable(one, target, hdfs)));
    const states = made.map(({ state }) => state);
    if (made.some(({ isLeft }) => isLeft)) return states; // views need each of the tables
    const stored = new Map(made.map(({ state, stored }) => [state.table, stored]));
    return [...states, ...(await createViews(target, catalogue, stored))];
  } finally {
    hdfs.close();
  }
}

/** The changed tables and views, and the problems, as lines for people. */
export function describeChanges(states: readonly TableState[]): string[] {
  const changed = states.filter(({ state }) => state !== "found");
  const lines = changed.map(({ table, state, changes }) => {
    return changes.length === 0 ? `${table} ${state}` : `${table} ${state}: ${changes.join(", ")}`;
  });
  return [...lines, ...states.flatMap(({ problem }) => problem ?? [])];
}

interface MadeTable {
  state: TableState;
  stored: StoredColumn[]; // the table's columns, without `day`
  isLeft: boolean; // as it is: its rebuild has not ended, or a broken file hides its columns
}

/**
 * Registers the new day folders of all tables; quick without new folders. A table that does not
 * exist yet is left out: `createTables` registers its days.
 * @throws Error of the first table that failed, after all calls have ended: a caller that repeats
 * them at once must not pile up calls, which would take all connections of the metastore
 */
export async function registerDays({ schema = settings.schema }: Target = {}): Promise<void> {
  const calls = await Promise.allSettled(
    tables.map(({ table }) => unlessOvertaken(() => registerDaysOf(table, schema)).catch(unlessMissing)),
  );
  const failed = calls.find(({ status }) => status === "rejected");
  if (failed) throw (failed as PromiseRejectedResult).reason;
}

/**
 * A missing table has the code NOT_FOUND, and one that is dropped meanwhile HIVE_METASTORE_ERROR.
 */
function unlessMissing(error: unknown): void {
  const isMissing = /^NOT_FOUND: Table .* not found|^HIVE_METASTORE_ERROR: .* does not exist$/m;
  if (!(error instanceof QueryError && isMissing.test(error.message))) throw error;
}

/** Registers the new day folders of one table. */
export async function registerDaysOf(table: string, schema: string): Promise<void> {
  const procedure = `${identifier(settings.catalog)}.system.sync_partition_metadata`;
  try {
    await query(`CALL ${procedure}(${literal(schema)}, ${literal(table)}, 'ADD', false)`, { schema });
  } catch (error) {
    if (!(error instanceof QueryError && error.code === "ALREADY_EXISTS")) throw error;
    await registerMissingDays(table, schema);
  }
}

/** Counts the days and rows of each table. */
export async function describeTables({
  schema = settings.schema,
  hdfsRoot = settings.hdfsRoot,
}: Target = {}): Promise<TableSummary[]> {
  const selects = tables.map(
    ({ table }, i) => `
      SELECT ${i} AS i,
        ${literal(table)} AS "table",
        (SELECT count(*) FROM information_schema.columns
         WHERE table_schema = ${literal(schema)} AND table_name = ${literal(table)}) AS columns,
        (SELECT count(*) FROM ${identifier(`${table}$partitions`)}) AS days,
        (SELECT count(*) FROM ${identifier(table)}) AS rows,
        ${literal(tableFolder(hdfsRoot, table))} AS location`,
  );
  return query<TableSummary>(
    `SELECT "table", columns, days, rows, location
     FROM (${selects.join(" UNION ALL ")})
     ORDER BY i`,
    { schema },
  );
}

/** Creates the schema if it is missing. Hive always has the schema `default`. */
async function createSchema(
  { schema = settings.schema, hdfsRoot = settings.hdfsRoot }: Target,
  hdfs: WebHdfs,
): Promise<void> {
  if (schema === "default") return;
  const folder = schemaFolder(hdfsRoot, schema);
  await hdfs.makeFolder(folder);
  const name = [settings.catalog, schema].map(identifier).join(".");
  const location = literal(`hdfs://${folder}`);
  await unlessOvertaken(() =>
    query(`CREATE SCHEMA IF NOT EXISTS ${name} WITH (location = ${location})`, { schema }),
  );
}

/**
 * Creates a table with all of its days. It gets its name last, so no reader sees it without a day.
 */
async function createWhole(
  table: string,
  columns: readonly StoredColumn[],
  target: Target,
  hdfs: Hdfs,
): Promise<void> {
  const { schema = settings.schema, hdfsRoot: root = settings.hdfsRoot } = target;
  const unnamed = `new_${randomBytes(8).toString("hex")}`;
  await query(createStatement(unnamed, table, columns, target), { schema });
  try {
    await registerDaysOf(unnamed, schema);
    await followSwappedDays(hdfs, { root, schema, name: unnamed, table });
    await query(`ALTER TABLE ${qualified(unnamed, schema)} RENAME TO ${qualified(table, schema)}`, {
      schema,
    });
  } catch (error) {
    await query(`DROP TABLE ${qualified(unnamed, schema)}`, { schema });
    throw error;
  }
  await registerDaysOf(table, schema); // a stream's new day, whose registration found no table
  await followSwappedDays(hdfs, { root, schema, name: table, table }); // a swap of this moment
}

/**
 * The statement that creates `name`, a table of the columns over `table`'s files; `day` is last.
 */
function createStatement(
  name: string,
  table: string,
  columns: readonly StoredColumn[],
  target: Target,
): string {
  const { schema = settings.schema, hdfsRoot } = target;
  const lines = [...columns.map(({ name, type }) => `${identifier(name)} ${sqlType(type)}`), "day date"];
  return `CREATE TABLE ${qualified(name, schema)} (
   ${lines.join(",\n   ")}
)
WITH (
   external_location = ${literal(locationOf(table, hdfsRoot))},
   format = 'PARQUET',
   partitioned_by = ARRAY['day']
)`;
}

/** A type of a file in Trino's words. */
export function sqlType(type: StoredType): string {
  return { text: "varchar", timestamp: "timestamp(3)" }[type] ?? type;
}

/**
 * Makes the table read its files: creates it, or gives it the columns of the files' list. The table
 * is external, so its files stay as they are.
 */
async function makeTable(
  { table, wanted }: TableDefinition,
  target: Target,
  hdfs: WebHdfs,
): Promise<MadeTable> {
  const { schema = settings.schema, hdfsRoot = settings.hdfsRoot } = target;
  const isRebuilt = async () => (await hdfs.status(rebuildFolder(hdfsRoot, table))) !== null;
  const leave = async (problem: string) => leftTable(table, problem, hdfs, hdfsRoot);
  if (await isRebuilt()) return leave(describeRebuild(table));
  await hdfs.makeFolder(tableFolder(hdfsRoot, table)); // Trino refuses a location without a folder
  const change = await addColumns(hdfs, hdfsRoot, table, wanted).catch(unlessUnreadable);
  if (change instanceof UnreadableTableError) return leave(change.message);
  const { columns, conflicts } = change;
  const problem = conflicts.length === 0 ? null : describeConflicts(table, conflicts);
  const made = (state: TableState["state"], changes: string[] = []): MadeTable => {
    return {
      state: { table, columns: columns.length + 1, state, changes, problem },
      stored: columns,
      isLeft: false,
    };
  };
  return unlessOvertaken(async () => {
    const found = await showCreate("TABLE", table, schema);
    if (found === undefined) {
      if (await isRebuilt()) return leave(describeRebuild(table)); // it has just dropped the table
      await createWhole(table, columns, target, hdfs);
      return made("created");
    }
    refuseOtherFiles(table, found, target);
    const changes = changesOf(columnsIn(found), columns);
    if (changes.length === 0) return made("found");
    if (settings.metastore) await alterColumns(hdfs, { root: hdfsRoot, schema, table }, columns);
    else {
      await query(`DROP TABLE IF EXISTS ${qualified(table, schema)}`, { schema });
      await createWhole(table, columns, target, hdfs);
    }
    return made("changed", changes);
  });
}

/** The state of a table that stays as it is. */
async function leftTable(table: string, problem: string, hdfs: Hdfs, root: string): Promise<MadeTable> {
  const { columns } = await readColumns(hdfs, root, table);
  const state = { table, columns: columns.length + 1, state: "found", changes: [], problem } as const;
  return { state: { ...state, changes: [] }, stored: columns, isLeft: true };
}

function unlessUnreadable(error: unknown): UnreadableTableError {
  if (error instanceof UnreadableTableError) return error;
  throw error;
}

/** The columns of a CREATE statement, without `day`, as SHOW CREATE TABLE writes them. */
export function columnsIn(statement: string): Map<string, string> {
  const lines = statement.matchAll(/^ {3}(?:"((?:[^"]|"")+)"|(\w+)) ([a-z].*?),?$/gm);
  const columns = Array.from(lines, ([, quoted, plain, type]): [string, string] => [quoted ?? plain!, type!]);
  return new Map(columns.filter(([name]) => name !== "day" && !["format", "partitioned_by"].includes(name)));
}

/** The changes that make the found columns the wanted ones, for people. */
export function changesOf(found: ReadonlyMap<string, string>, wanted: readonly StoredColumn[]): string[] {
  const changes = wanted.flatMap(({ name, type }) => {
    const [was, is] = [found.get(name), sqlType(type)];
    if (was === undefined) return [`column ${name} ${is} added`];
    return was === is ? [] : [`column ${name} changed from ${was} to ${is}`];
  });
  const names = new Set(wanted.map(({ name }) => name));
  const extra = [...found.keys()].filter((name) => !names.has(name));
  return [...changes, ...extra.map((name) => `column ${name} removed: no file has it`)];
}

/** @throws Error if the table has its files in another folder, such as that of another stack */
export function refuseOtherFiles(
  table: string,
  found: string,
  { schema = settings.schema, hdfsRoot }: Target,
): void {
  const path = (location: string) => location.replace(/^hdfs:\/\/[^/]*/, "");
  const [, location = ""] = /external_location = '([^']*)'/.exec(found) ?? [];
  if (path(location) === path(locationOf(table, hdfsRoot))) return;
  throw new Error(
    `table ${table}: expected its files in ${path(locationOf(table, hdfsRoot))}, got ${path(location)}; ` +
      `use another schema (QUESTLOG_SCHEMA), or drop the table, whose files stay: npm run query -- 'DROP TABLE ${schema}.${table}'`,
  );
}

/** No host: Trino's configuration names the file system. */
function locationOf(table: string, hdfsRoot = settings.hdfsRoot): string {
  return `hdfs://${tableFolder(hdfsRoot, table)}`;
}
