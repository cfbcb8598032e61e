/**
 * The catalogue → tables in Hive: one for each event type, failed_events, and the view `events`.
 *
 * All tables are external: they only say where the stream writes its files, so dropping one
 * loses nothing. A table is compared as the statement that would create it, line by line.
 * Trino reads the days (partitions) that the metastore knows, not the folders that exist:
 * `registerDays` tells it of new ones. New files in a known day are seen at once.
 */
import { type Column, columnsOf, events, tables } from "../catalog.js";
import { settings } from "../settings.js";
import { identifier, literal } from "./literal.js";
import { query, QueryError } from "./query.js";

/** Where tables are made: the settings' place, another one for tests. */
export interface Place {
  schema?: string;
  hdfsRoot?: string;
}

export interface TableState {
  table: string;
  columns: number; // `day` included
  state: "created" | "found" | "replaced"; // replaced: the view, which holds no data, had another definition
}

/** A table of the catalogue as it is now. */
export interface TableSummary {
  table: string;
  columns: number;
  days: number; // that are registered
  rows: number;
  location: string; // HDFS folder
}

const VIEW = "events";
const DAY = "day date"; // the partition column; its folders are named day=YYYY-MM-DD
const MAX_TRIES = 3; // one for each way in which another creator can be faster, and one more

/**
 * Creates all tables and the view, or finds them equal; may run in several processes at once.
 * @throws Error if a table exists and differs, with the differing lines and what to do.
 */
export async function createTables(place: Place = {}): Promise<TableState[]> {
  const made = await Promise.all(tables.map(({ table, columns }) => createTable(table, columns, place)));
  return [...made, await createView(place)];
}

/** Registers the days of all tables whose folders have appeared; quick if there are none. */
export async function registerDays({ schema = settings.schema }: Place = {}): Promise<void> {
  const procedure = `${identifier(settings.catalog)}.system.sync_partition_metadata`;
  await Promise.all(
    tables.map(({ table }) =>
      unlessOvertaken(() =>
        query(`CALL ${procedure}(${literal(schema)}, ${literal(table)}, 'ADD', false)`, { schema }),
      ),
    ),
  );
}

/** Counts the days and rows of each table. */
export async function describeTables({ schema, hdfsRoot }: Place = {}): Promise<TableSummary[]> {
  const selects = tables.map(
    ({ table, columns }, i) =>
      `SELECT ${i} AS i, ${literal(table)} AS "table", ${columns.length + 1} AS columns, ` +
      `(SELECT count(*) FROM ${identifier(`${table}$partitions`)}) AS days, ` +
      `(SELECT count(*) FROM ${identifier(table)}) AS rows, ${literal(folderOf(table, hdfsRoot))} AS location`,
  );
  return query<TableSummary & { i: number }>(
    `SELECT "table", columns, days, rows, location FROM (${selects.join(" UNION ALL ")}) ORDER BY i`,
    { schema },
  );
}

/** The statement that creates a table, in the form in which Trino shows it. */
export function createStatement(
  table: string,
  columns: Column[],
  { schema = settings.schema, hdfsRoot }: Place = {},
): string {
  const lines = [...columns.map(({ name, type }) => `${identifier(name)} ${SQL_TYPES[type]}`), DAY];
  return [
    `CREATE TABLE ${qualified(table, schema)} (`,
    lines.map((line) => `   ${line}`).join(",\n"),
    ")",
    "WITH (",
    // Without a host: the file system that Trino's own configuration names.
    `   external_location = ${literal(`hdfs://${folderOf(table, hdfsRoot)}`)},`,
    "   format = 'PARQUET',",
    "   partitioned_by = ARRAY['day']",
    ")",
  ].join("\n");
}

const SQL_TYPES: Record<Column["type"], string> = {
  text: "varchar",
  integer: "integer",
  bigint: "bigint",
  boolean: "boolean",
  timestamp: "timestamp(3)",
};

async function createTable(table: string, columns: Column[], place: Place): Promise<TableState> {
  const { schema = settings.schema } = place;
  const expected = createStatement(table, columns, place);
  const state = (state: TableState["state"]): TableState => ({ table, columns: columns.length + 1, state });
  return unlessOvertaken(async () => {
    const found = await showCreate("TABLE", table, schema);
    if (found !== undefined) {
      const difference = differenceOf(expected, found);
      if (difference.length === 0) return state("found");
      throw new Error(
        `table ${table} is not as the catalogue says:\n${difference.join("\n")}\n` +
          "Drop it and run `npm run tables`; its files stay where they are: " +
          `npm run query -- 'DROP TABLE ${qualified(table, schema).replaceAll('"', "")}'`,
      );
    }
    await makeFolder(folderOf(table, place.hdfsRoot)); // Trino wants it to be there
    await query(expected, { schema });
    return state("created");
  });
}

async function createView({ schema = settings.schema }: Place): Promise<TableState> {
  const common = commonColumns();
  const from = events.map(({ table }) => table);
  // Trino keeps the definition in words of its own, but a comment as it is: it tells one definition from another.
  const comment = `The columns ${common.join(", ")} of ${from.join(", ")}`;
  const columns = common.map(identifier).join(", ");
  const selects = from.map((table) => `SELECT ${columns} FROM ${qualified(table, schema)}`);
  return unlessOvertaken(async () => {
    const found = await showCreate("VIEW", VIEW, schema);
    const state = found === undefined ? "created" : found.includes(literal(comment)) ? "found" : "replaced";
    if (state !== "found") {
      await query(
        `CREATE ${state === "replaced" ? "OR REPLACE " : ""}VIEW ${qualified(VIEW, schema)} ` +
          `COMMENT ${literal(comment)} SECURITY INVOKER AS ${selects.join(" UNION ALL ")}`,
        { schema },
      );
    }
    return { table: VIEW, columns: common.length, state };
  });
}

/** The columns, by name and type, that the tables of all events have; `day` last. */
function commonColumns(): string[] {
  const [first, ...others] = events.map(columnsOf);
  const common = first!.filter(({ name, type }) =>
    others.every((columns) => columns.some((column) => column.name === name && column.type === type)),
  );
  return [...common.map(({ name }) => name), "day"];
}

/** The statement that Trino shows for a table or view; undefined if there is none. */
async function showCreate(kind: "TABLE" | "VIEW", name: string, schema: string): Promise<string | undefined> {
  try {
    const rows = await query(`SHOW CREATE ${kind} ${qualified(name, schema)}`, { schema });
    return String(Object.values(rows[0]!)[0]);
  } catch (error) {
    if (error instanceof QueryError && error.code === "TABLE_NOT_FOUND") return undefined;
    throw error;
  }
}

/** What stands in only one of two statements, as lines "expected …" and "found …"; order counts. */
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

/** A statement's lines without what may differ between equal tables: quotes, commas, the NameNode's address. */
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

/** Runs `action` again if somebody else has just made what it was about to make. */
async function unlessOvertaken<T>(action: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await action();
    } catch (error) {
      if (!isOvertaken(error) || tries === MAX_TRIES) throw error;
    }
  }
}

/** The metastore looks before it inserts, without a lock: at the same moment, its database says it instead. */
function isOvertaken(error: unknown): boolean {
  if (!(error instanceof QueryError)) return false;
  return error.code.endsWith("ALREADY_EXISTS") || /AlreadyExists|duplicate/i.test(error.message);
}

async function makeFolder(path: string): Promise<void> {
  const url = `${settings.webhdfsUrl}/webhdfs/v1${encodeURI(path)}?op=MKDIRS&user.name=${settings.hdfsUser}`;
  const response = await fetch(url, { method: "PUT", signal: AbortSignal.timeout(10_000) }).catch(
    (error: Error) => {
      throw new Error(
        `no answer from HDFS at ${settings.webhdfsUrl}; \`npm run status\` shows what is running`,
        { cause: error },
      );
    },
  );
  const answer = await response.text();
  if (!response.ok || !/"boolean"\s*:\s*true/.test(answer)) {
    throw new Error(`HDFS did not make the folder ${path}: ${response.status} ${answer}`);
  }
}

function folderOf(table: string, hdfsRoot = settings.hdfsRoot): string {
  return `${hdfsRoot}/tables/${table}`;
}

function qualified(name: string, schema: string): string {
  return [settings.catalog, schema, name].map(identifier).join(".");
}
