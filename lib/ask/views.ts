/**
 * Tables → views: `unique_<table>` for each event type has each event once, `events` has all types.
 *
 * A table holds each message once. Two messages can hold the same event: a client sent it again, or
 * the API did after a crash. Of messages with equal event_ids, the first one by (timestamp,
 * partition, offset) counts.
 *
 * A subquery over four narrow columns of all days finds the ids of doubles. So a condition on the
 * view (`day = …`) still limits the rows that Trino reads. A window function would read all columns
 * of every day, since copies of an id can lie in different days.
 */
import { columnsOf, type EventDefinition } from "../catalog.ts";
import { events } from "../events.ts";
import { settings } from "../settings.ts";
import { identifier, literal } from "../sql.ts";
import { type Target, qualified, showCreate, type TableState, unlessOvertaken } from "./metastore.ts";
import { query } from "../trino.ts";

const EVENTS = "events";
const ORDER = ["timestamp", "kafka_partition", "kafka_offset"]; // of copies, the lowest row counts

interface View {
  name: string;
  columns: string[];
  comment: string; // identifies the definition: Trino rewrites a view's SQL, but not its comment
  select: string;
}

/** The name of the view in which each event of a table counts once. */
export function uniqueView(table: string): string {
  return `unique_${table}`;
}

/** Creates all views, or replaces those with another definition. The tables must exist. */
export async function createViews({ schema = settings.schema }: Target): Promise<TableState[]> {
  const unique = await Promise.all(events.map((event) => createView(uniqueEvents(event, schema), schema)));
  return [...unique, await createView(allEvents(schema), schema)];
}

function createView({ name, columns, comment, select }: View, schema: string): Promise<TableState> {
  return unlessOvertaken(async () => {
    const found = await showCreate("VIEW", name, schema);
    const state = found === undefined ? "created" : found.includes(literal(comment)) ? "found" : "replaced";
    if (state !== "found") {
      const create = state === "replaced" ? "CREATE OR REPLACE" : "CREATE";
      await query(
        `${create} VIEW ${qualified(name, schema)}
         COMMENT ${literal(comment)}
         SECURITY INVOKER AS
         ${select}`,
        { schema },
      );
    }
    return { table: name, columns: columns.length, state };
  });
}

/** The rows of a table; of rows with the same event_id only the first. */
function uniqueEvents(event: EventDefinition, schema: string): View {
  const columns = [...columnsOf(event).map(({ name }) => name), "day"];
  const table = qualified(event.table, schema);
  const position = (alias: string): string =>
    `ROW(${ORDER.map((name) => `${alias}.${identifier(name)}`).join(", ")})`;
  return {
    name: uniqueView(event.table),
    columns,
    comment: `Of ${event.table} the columns ${columns.join(", ")}; of equal event_ids the row with the lowest (${ORDER.join(", ")})`,
    select: `
      SELECT ${columns.map((name) => `one.${identifier(name)}`).join(", ")}
      FROM ${table} one
      LEFT JOIN (
        SELECT event_id, min(${position("copy")}) AS first
        FROM ${table} copy
        GROUP BY event_id
        HAVING count(*) > 1
      ) doubles ON one.event_id = doubles.event_id
      WHERE doubles.event_id IS NULL OR ${position("one")} = doubles.first`,
  };
}

/** The common columns of all types, each event once. */
function allEvents(schema: string): View {
  const columns = commonColumns();
  const from = events.map(({ table }) => uniqueView(table));
  const list = columns.map(identifier).join(", ");
  return {
    name: EVENTS,
    columns,
    comment: `The columns ${columns.join(", ")} of ${from.join(", ")}`,
    select: from.map((view) => `SELECT ${list} FROM ${qualified(view, schema)}`).join(" UNION ALL "),
  };
}

/** The names of the columns that all event tables have, with one type; `day` last. */
function commonColumns(): string[] {
  const [first, ...others] = events.map(columnsOf);
  const common = first!.filter(({ name, type }) =>
    others.every((columns) => columns.some((column) => column.name === name && column.type === type)),
  );
  return [...common.map(({ name }) => name), "day"];
}
