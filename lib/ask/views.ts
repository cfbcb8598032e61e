/**
 * Tables → views: `unique_<table>` for each event type has each event once, `events` has all types.
 *
 * A table holds each message once. Two messages can hold the same event: a client sent it again, or
 * the API did after a crash. Of messages with equal event_ids, the first one by (timestamp,
 * partition, offset) counts. `events` compares the ids of all tables, so an id that two types have
 * counts once there.
 *
 * Rows of compacted days are settled (settled.ts): a view shows them without a look for copies. Of
 * messages with one id, a settled one counts, whatever its place.
 *
 * For the other rows, a subquery over narrow columns finds the ids of doubles. It reads all days,
 * because copies of an id can lie in different days. It is the left side of a right join. So Trino
 * first reads the rows that meet the conditions on the view (`day = …`), and then looks for copies
 * of their ids alone: a dynamic filter. Most ids begin with their time, so it skips nearly all
 * other files. For that it waits (hive.dynamic-filtering.wait-timeout in compose/trino).
 *
 * A parameter with an earlier name has one column in the view: of older rows it has the old value.
 */
import { createHash } from "node:crypto";
import { columnsOf, envelopeColumns, type EventDefinition } from "../catalog.ts";
import { columnName } from "../parameters.ts";
import type { StoredColumn } from "../parquet-footer.ts";
import { settings } from "../settings.ts";
import { isReadableAs } from "../stored-columns.ts";
import { identifier, literal } from "../sql.ts";
import { query } from "../trino.ts";
import { settled } from "./settled.ts";
import { type Target, qualified, showCreate, type TableState, unlessOvertaken } from "./metastore.ts";

const EVENTS = "events";
const UNIQUE = "unique_";
const ORDER = ["timestamp", "kafka_partition", "kafka_offset"]; // of copies, the lowest row counts
const COPIED = ["event_id", ...ORDER].map(identifier).join(", ");
const PATH = '"$path" AS "$file"'; // no parameter has such a name
const GONE = "its event type is not in lib/game.ts; the table keeps its rows";
const EVENT_TIME = "coalesce(one.occurred_at, one.received_at) AS event_time";

/** A view as the catalogue defines it. */
export interface View {
  name: string;
  columns: number;
  subject: string; // for its comment
  select: string;
  types: string; // Trino refuses a view whose tables have got other types
}

/** The columns of each table, without `day`. */
export type ColumnsByTable = ReadonlyMap<string, readonly StoredColumn[]>;

/** The name of the view in which each event of a table counts once. */
export function uniqueView(table: string): string {
  return UNIQUE + table;
}

/**
 * Creates all views, replaces those with another definition, and drops those of event types that
 * the catalogue no longer has. The tables must exist.
 */
export async function createViews(
  { schema = settings.schema }: Target,
  catalogue: readonly EventDefinition[],
  stored: ColumnsByTable,
): Promise<TableState[]> {
  const made = await Promise.all(viewsOf(catalogue, stored, schema).map((view) => createView(view, schema)));
  return [...made, ...(await dropViewsOfOthers(catalogue, schema))];
}

/** All views of a catalogue. */
export function viewsOf(
  catalogue: readonly EventDefinition[],
  stored: ColumnsByTable,
  schema: string,
): View[] {
  const unique = catalogue.map((event) => uniqueEvents(event, stored.get(event.table)!, schema));
  return [...unique, allEvents(catalogue, schema)];
}

/** Compares a view in Trino with its definition. */
export async function findView(view: View, schema: string): Promise<"missing" | "other" | "equal"> {
  const found = await showCreate("VIEW", view.name, schema);
  return found === undefined ? "missing" : found.includes(literal(commentOf(view))) ? "equal" : "other";
}

/**
 * A view's comment, with the hash of its definition: Trino rewrites the SQL, but not the comment.
 */
function commentOf({ types, select, subject }: View): string {
  const hash = createHash("sha256").update(`${types}\n${select}`).digest("hex").slice(0, 16);
  return `${subject} (definition ${hash})`;
}

function createView(view: View, schema: string): Promise<TableState> {
  const { name, columns, select } = view;
  return unlessOvertaken(async () => {
    const state = ({ missing: "created", other: "changed", equal: "found" } as const)[
      await findView(view, schema)
    ];
    if (state !== "found") {
      const create = state === "changed" ? "CREATE OR REPLACE" : "CREATE";
      await query(
        `${create} VIEW ${qualified(name, schema)}
         COMMENT ${literal(commentOf(view))}
         SECURITY INVOKER AS
         ${select}`,
        { schema },
      );
    }
    return { table: name, columns, state, changes: [], problem: null };
  });
}

/** The rows of a table; of rows with the same event_id only the first. */
function uniqueEvents(event: EventDefinition, stored: readonly StoredColumn[], schema: string): View {
  const table = qualified(event.table, schema);
  const there = new Map(stored.map(({ name, type }) => [name, type]));
  const earlier = new Map(
    event.parameters.map(({ column, was }) => {
      const type = there.get(column)!;
      const isSame = (old = "") => isReadableAs(old, type) || isReadableAs(type, old);
      return [column, was.map(columnName).filter((name) => isSame(there.get(name)))];
    }),
  );
  const names = columnsOf(event).map(({ name }) => name);
  const columns = names.map((name) => {
    const all = [name, ...(earlier.get(name) ?? [])].map((one) => `one.${identifier(one)}`);
    return all.length === 1 ? all[0]! : `coalesce(${all.join(", ")}) AS ${identifier(name)}`;
  });
  return {
    name: uniqueView(event.table),
    columns: columns.length + 2,
    subject: `Each event of ${event.table} once: of equal event_ids the row with the lowest (${ORDER.join(", ")})`,
    types: JSON.stringify(
      names.map((name) => [name, ...[name, ...(earlier.get(name) ?? [])].map((one) => there.get(one))]),
    ),
    select: onceEach(
      `${columns.join(", ")}, ${EVENT_TIME}, one.day`,
      `(SELECT *, ${PATH} FROM ${table})`,
      `SELECT ${COPIED}, ${PATH} FROM ${table}`,
    ),
  };
}

/** The columns that all types have, each event once. */
function allEvents(catalogue: readonly EventDefinition[], schema: string): View {
  const columns = envelopeColumns.map(({ name }) => name);
  const union = (names: readonly string[]): string =>
    catalogue
      .map(
        ({ table }) => `SELECT ${names.map(identifier).join(", ")}, ${PATH} FROM ${qualified(table, schema)}`,
      )
      .join(" UNION ALL ");
  return {
    name: EVENTS,
    columns: columns.length + 2,
    subject: `Each event once, of all types: ${catalogue.map(({ table }) => table).join(", ")}`,
    types: JSON.stringify(envelopeColumns),
    select: onceEach(
      `${columns.map((name) => `one.${identifier(name)}`).join(", ")}, ${EVENT_TIME}, one.day`,
      `(${union([...columns, "day"])})`,
      union(["event_id", ...ORDER]),
    ),
  };
}

/**
 * SQL: of `rows` each event once.
 * @param columns of the rows `one`
 * @param copies ids, places and paths of all rows that can have the same id
 */
function onceEach(columns: string, rows: string, copies: string): string {
  const position = (alias: string): string => ORDER.map((name) => `${alias}.${identifier(name)}`).join(", ");
  return `
      SELECT ${columns}
      FROM ${rows} one
      WHERE ${settled('one."$file"')}
      UNION ALL
      SELECT ${columns}
      FROM (
        SELECT event_id, min(ROW(NOT ${settled('copy."$file"')}, ${position("copy")})) AS first
        FROM (${copies}) copy
        GROUP BY event_id
        HAVING count(*) > 1
      ) doubles
      RIGHT JOIN ${rows} one ON one.event_id = doubles.event_id
      WHERE NOT ${settled('one."$file"')}
        AND (doubles.event_id IS NULL OR ROW(true, ${position("one")}) = doubles.first)`;
}

/** Drops the views of tables that the catalogue does not have; the tables stay. */
async function dropViewsOfOthers(
  catalogue: readonly EventDefinition[],
  schema: string,
): Promise<TableState[]> {
  const states: TableState[] = [];
  for (const name of await findViewsOfOthers(catalogue, schema)) {
    await query(`DROP VIEW IF EXISTS ${qualified(name, schema)}`, { schema });
    states.push({ table: name, columns: 0, state: "dropped", changes: [GONE], problem: null });
  }
  return states;
}

/** The names of our views of tables that the catalogue does not have. */
export async function findViewsOfOthers(
  catalogue: readonly EventDefinition[],
  schema: string,
): Promise<string[]> {
  const wanted = new Set(catalogue.map(({ table }) => uniqueView(table)));
  const found = await query<{ table_name: string }>(
    `SELECT table_name FROM information_schema.views WHERE table_schema = ? AND starts_with(table_name, ?)`,
    { schema, parameters: [schema, UNIQUE] },
  );
  const names: string[] = [];
  for (const { table_name: name } of found) {
    if (wanted.has(name)) continue;
    const statement = await showCreate("VIEW", name, schema);
    if (/COMMENT '(Each event of|Of) /.test(statement ?? "")) names.push(name); // else a user's own
  }
  return names;
}
