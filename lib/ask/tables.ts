/**
 * The catalogue → tables in Hive: one for each event type, failed_events, and views (views.ts).
 *
 * All tables are external: they only name the folders of the stream's files, so DROP TABLE deletes
 * no data. An existing table's CREATE statement is compared with the catalogue's, line by line.
 * Trino reads the days (partitions) that the metastore knows, not the folders that exist.
 * `registerDays` adds new days there. Trino sees new files of a known day at once.
 */
import { type Column, columnsOf, type ColumnType, failedEvents } from "../catalog.ts";
import { events } from "../events.ts";
import { decimalOf } from "../parameters.ts";
import { schemaFolder, tableFolder } from "../layout.ts";
import { settings } from "../settings.ts";
import { identifier, literal } from "../sql.ts";
import { query } from "../trino.ts";
import { WebHdfs } from "../webhdfs.ts";
import { type Target, qualified, showCreate, type TableState, unlessOvertaken } from "./metastore.ts";
import { createViews } from "./views.ts";

/** Every table by name with its columns: one for each event type, and `failed_events`. */
export const tables: readonly { table: string; columns: Column[] }[] = [
  ...events.map((event) => ({ table: event.table, columns: columnsOf(event) })),
  failedEvents,
];

/** The present contents of a table. */
export interface TableSummary {
  table: string;
  columns: number;
  days: number; // registered days
  rows: number;
  location: string; // HDFS folder
}

const DAY = "day date"; // the partition column; its folders are named day=YYYY-MM-DD

/**
 * Creates the schema, tables and views that do not exist; may run in several processes at once.
 * @throws Error if a table differs from the catalogue, with the differing lines and the remedy
 */
export async function createTables(target: Target = {}): Promise<TableState[]> {
  await createSchema(target);
  const made = await Promise.all(tables.map(({ table, columns }) => createTable(table, columns, target)));
  return [...made, ...(await createViews(target))];
}

/**
 * Registers the new day folders of all tables; quick without new folders.
 * @throws Error of the first table that failed, after all calls have ended: a caller that repeats
 * them at once must not pile up calls, which would take all connections of the metastore
 */
export async function registerDays({ schema = settings.schema }: Target = {}): Promise<void> {
  const procedure = `${identifier(settings.catalog)}.system.sync_partition_metadata`;
  const calls = await Promise.allSettled(
    tables.map(({ table }) =>
      unlessOvertaken(() =>
        query(`CALL ${procedure}(${literal(schema)}, ${literal(table)}, 'ADD', false)`, { schema }),
      ),
    ),
  );
  const failed = calls.find(({ status }) => status === "rejected");
  if (failed) throw (failed as PromiseRejectedResult).reason;
}

/** Counts the days and rows of each table. */
export async function describeTables({ schema, hdfsRoot }: Target = {}): Promise<TableSummary[]> {
  const selects = tables.map(
    ({ table, columns }, i) => `
      SELECT ${i} AS i,
        ${literal(table)} AS "table",
        ${columns.length + 1} AS columns,
        (SELECT count(*) FROM ${identifier(`${table}$partitions`)}) AS days,
        (SELECT count(*) FROM ${identifier(table)}) AS rows,
        ${literal(folderOf(table, hdfsRoot))} AS location`,
  );
  return query<TableSummary>(
    `SELECT "table", columns, days, rows, location
     FROM (${selects.join(" UNION ALL ")})
     ORDER BY i`,
    { schema },
  );
}

/** Creates the schema if it is missing. Hive always has the schema `default`. */
async function createSchema({
  schema = settings.schema,
  hdfsRoot = settings.hdfsRoot,
}: Target): Promise<void> {
  if (schema === "default") return;
  const folder = schemaFolder(hdfsRoot, schema);
  await makeFolder(folder);
  const name = [settings.catalog, schema].map(identifier).join(".");
  const location = literal(`hdfs://${folder}`);
  await unlessOvertaken(() =>
    query(`CREATE SCHEMA IF NOT EXISTS ${name} WITH (location = ${location})`, { schema }),
  );
}

/** The statement that creates a table, in the form of Trino's SHOW CREATE TABLE. */
function createStatement(
  table: string,
  columns: Column[],
  { schema = settings.schema, hdfsRoot }: Target = {},
): string {
  const lines = [...columns.map(({ name, type }) => `${identifier(name)} ${sqlType(type)}`), DAY];
  return [
    `CREATE TABLE ${qualified(table, schema)} (`,
    lines.map((line) => `   ${line}`).join(",\n"),
    ")",
    "WITH (",
    // No host: Trino's configuration names the file system.
    `   external_location = ${literal(`hdfs://${folderOf(table, hdfsRoot)}`)},`,
    "   format = 'PARQUET',",
    "   partitioned_by = ARRAY['day']",
    ")",
  ].join("\n");
}

/** The type in Trino's words, as SHOW CREATE TABLE writes it. */
export function sqlType(type: ColumnType): string {
  const decimal = decimalOf(type);
  if (decimal) return `decimal(${decimal.precision}, ${decimal.scale})`;
  return (
    { text: "varchar", json: "varchar", offset: "bigint", timestamp: "timestamp(3)" }[type as string] ?? type
  );
}

async function createTable(table: string, columns: Column[], target: Target): Promise<TableState> {
  const { schema = settings.schema } = target;
  const expected = createStatement(table, columns, target);
  const state = (state: TableState["state"]): TableState => ({ table, columns: columns.length + 1, state });
  return unlessOvertaken(async () => {
    const found = await showCreate("TABLE", table, schema);
    if (found !== undefined) {
      const difference = differenceOf(expected, found);
      if (difference.length === 0) return state("found");
      throw new Error(
        `table ${table} differs from the catalogue:\n${difference.join("\n")}\n` +
          "Drop the table, whose files stay where they are, and run `npm run tables`: " +
          `npm run query -- 'DROP TABLE ${qualified(table, schema).replaceAll('"', "")}'`,
      );
    }
    await makeFolder(folderOf(table, target.hdfsRoot)); // Trino refuses a location without a folder
    await query(expected, { schema });
    return state("created");
  });
}

/** The differences of two statements, as lines "expected …" and "found …"; order counts. */
function differenceOf(expected: string, found: string): string[] {
  const wanted = linesOf(expected);
  const got = linesOf(found);
  if (wanted.join("\n") === got.join("\n")) return [];
  const missing = wanted.filter((line) => !got.includes(line));
  const extra = got.filter((line) => !wanted.includes(line));
  if (missing.length + extra.length > 0) {
    return [...missing.map((line) => `  expected  ${line}`), ...extra.map((line) => `  found     ${line}`)];
  }
  return [`  expected  this order: ${wanted.join(", ")}`, `  found     this order: ${got.join(", ")}`];
}

/** A statement's lines without quotes, commas and the NameNode's address, which may differ. */
function linesOf(statement: string): string[] {
  return statement
    .split("\n")
    .map((line) =>
      line
        .replace(/hdfs:\/\/[^/]*/, "hdfs://")
        .replaceAll('"', "")
        .replace(/,$/, "")
        .trim(),
    )
    .filter((line) => line !== "");
}

async function makeFolder(path: string): Promise<void> {
  const hdfs = new WebHdfs();
  try {
    await hdfs.makeFolder(path);
  } finally {
    hdfs.close();
  }
}

function folderOf(table: string, hdfsRoot = settings.hdfsRoot): string {
  return tableFolder(hdfsRoot, table);
}
