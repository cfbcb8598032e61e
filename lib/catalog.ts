/**
 * The game's list of events → definitions of events, and the columns of their tables.
 *
 * The list is data (game.ts); this module never imports it, so it can check and describe the events
 * of any game. A wrong entry is refused when the program starts, before a table or topic exists.
 */
import { createHash } from "node:crypto";
import { CatalogueError, defineParameter, type ParameterEntry, versionOf } from "./parameter-entries.ts";
import { columnName, exampleText, type Parameter, type ParameterType } from "./parameters.ts";

export { parseValue, type ParameterType, type Value } from "./parameters.ts";

/**
 * A column's type: `timestamp` is UTC, in milliseconds; `offset` is a bigint column whose values
 * are JavaScript numbers, because no offset exceeds 2^53.
 */
export type ColumnType = ParameterType | "offset";

export interface Column {
  name: string;
  type: ColumnType;
  required: boolean; // never null
}

/** An event in the game's list. */
export interface EventEntry {
  type: string; // the envelope's event_type
  route?: string; // GET path that makes the event; default: "/" and the type
  table?: string; // Hive table in schema `default`; default: the type in snake_case
  /** Name → type, or type with limits. Only the envelope keeps unknown parameters. */
  parameters?: Readonly<Record<string, ParameterType | ParameterEntry>>;
  reply?: {
    plain: string; // the reply to a request without parameters
    echo: string | null; // the text before the echoed parameters; null: no parameters are echoed
  };
}

/** An event as all modules use it. */
export interface EventDefinition {
  type: string;
  route: string;
  table: string;
  parameters: readonly Parameter[];
  reply: { plain: string; echo: string | null };
  version: string; // of type and parameters; each event carries the version of its definition
}

/** Columns of the views that no table has. */
export const VIEW_COLUMNS = ["event_time", "day"];

/** Names of a request's query that are fields of the envelope too. */
export const QUERY_FIELDS: readonly string[] = ["event_id", "player", "occurred_at", "session"];

const FIELDS = ["type", "route", "table", "parameters", "reply"];
const OWN_ROUTES = ["/events", "/health", "/ready", "/metrics"];
const OWN_TABLES = ["events", "failed_events"];
const MAX_NAME = 120; // characters; the metastore keeps 128

/**
 * Checks a game's list, and makes its definitions, in the list's order.
 * @throws CatalogueError for the first wrong entry, with the entry and the remedy
 */
export function defineEvents(entries: readonly EventEntry[]): readonly EventDefinition[] {
  if (entries.length === 0) throw new CatalogueError("lib/game.ts: expected at least one event, got none");
  const events = entries.map(defineEvent);
  for (const field of ["type", "route", "table"] as const) refuseTwice(events, field);
  return events;
}

/** 8 hexadecimal digits that differ when any entry of a game's list differs. */
export function catalogueVersion(events: readonly EventDefinition[]): string {
  const facts = events.map(({ type, route, table, reply, version }) => [type, route, table, reply, version]);
  return createHash("sha256").update(JSON.stringify(facts)).digest("hex").slice(0, 8);
}

function defineEvent(entry: EventEntry): EventDefinition {
  if (typeof entry !== "object" || entry === null)
    throw new CatalogueError(
      `lib/game.ts: expected each event as { type: "…" }, got ${JSON.stringify(entry) ?? String(entry)}`,
    );
  const { type, parameters = {} } = entry;
  const where = `lib/game.ts, event ${JSON.stringify(type)}`;
  const fail = (problem: string): never => {
    throw new CatalogueError(`${where}: ${problem}`);
  };
  const unknown = Object.keys(entry).find((field) => !FIELDS.includes(field));
  if (unknown !== undefined) fail(`expected only the fields ${FIELDS.join(", ")}, got ${unknown}`);
  if (typeof type !== "string" || type === "" || type.length > MAX_NAME || /\p{C}/u.test(type))
    fail(`expected a type of 1 to ${MAX_NAME} printable characters`);
  if (typeof parameters !== "object" || Array.isArray(parameters))
    fail(`parameters: expected { name: type, … }, got ${JSON.stringify(parameters)}`);
  const { route = `/${encodeURIComponent(type)}`, table = columnName(type) } = entry;
  if (!/^\/[A-Za-z0-9_.~%/-]*$/.test(route) || OWN_ROUTES.includes(route))
    fail(
      `route: expected a path of a-z, A-Z, 0-9 and _ . ~ - /, other than ${OWN_ROUTES.join(", ")}, got ${route}`,
    );
  if (!/^[a-z_][a-z0-9_]*$/.test(table) || table.length > MAX_NAME)
    fail(`table: expected a name of a-z, 0-9 and _, which does not begin with a digit, got ${table}`);
  if (OWN_TABLES.includes(table) || table.startsWith("unique_"))
    fail(`table: ${table} is a name of Questlog's own; give another table`);
  const defined = Object.entries(parameters).map(([name, given]) =>
    defineParameter(`${where}, parameter ${JSON.stringify(name)}`, name, given),
  );
  checkColumns(where, defined);
  const { reply = { plain: `${type} received`, echo: `${type} received: ` } } = entry;
  if (typeof reply.plain !== "string" || (typeof reply.echo !== "string" && reply.echo !== null))
    fail(`reply: expected { plain: text, echo: text or null }, got ${JSON.stringify(reply)}`);
  return { type, route, table, parameters: defined, reply, version: versionOf(type, defined) };
}

/** Refuses equal or reserved columns, and earlier names that are in use. */
function checkColumns(where: string, parameters: readonly Parameter[]): void {
  const reserved = [...envelopeColumns.map(({ name }) => name), ...VIEW_COLUMNS];
  const owners = new Map<string, string>();
  for (const { name, column, was } of parameters) {
    const place = `${where}, parameter ${JSON.stringify(name)}`;
    for (const one of [column, ...was.map(columnName)]) {
      const owner = owners.get(one);
      if (reserved.includes(one))
        throw new CatalogueError(
          `${place}: each table has a column ${one} already; give the parameter another name`,
        );
      if (one.length > MAX_NAME)
        throw new CatalogueError(
          `${place}: its column would have more than ${MAX_NAME} characters; shorten the name`,
        );
      if (owner !== undefined && owner !== name)
        throw new CatalogueError(
          `${place}: parameter ${JSON.stringify(owner)} has the column ${one} too; rename one of them`,
        );
      owners.set(one, name);
    }
  }
}

function refuseTwice(events: readonly EventDefinition[], field: "type" | "route" | "table"): void {
  const seen = new Map<string, string>();
  for (const event of events) {
    const value = event[field];
    const other = seen.get(value);
    if (other !== undefined)
      throw new CatalogueError(
        `lib/game.ts, event ${JSON.stringify(event.type)}: event ${JSON.stringify(other)} has the ${field} ${value} too; give it another ${field}`,
      );
    seen.set(value, event.type);
  }
}

/** The part of a personal value that is kept. collect/retention.ts applies the policy. */
export type RetentionPolicy = "keep" | "drop" | "truncate" | "hash";

/**
 * The default policies, by field or header of the envelope, e.g. `Referer`. `user_agent` is the
 * header User-Agent. Headers without a policy are kept. QUESTLOG_RETENTION changes the policies.
 */
export const retentionPolicies: Readonly<Record<string, RetentionPolicy>> = {
  remote_addr: "keep", // the original keeps all of its columns
  user_agent: "keep",
  player: "keep",
};

/** Headers with credentials: no envelope ever has them. */
export const secretHeaders: readonly string[] = [
  "Authorization",
  "Proxy-Authorization",
  "Cookie",
  "Write-Key",
];

/**
 * The columns of an event's table, in order: first the original's columns, then the columns that
 * identify the event and its position in the topic. The partition column `day` is not included.
 */
export function columnsOf(event: EventDefinition): Column[] {
  return columnsWith(event.parameters.map(({ column, type }) => ({ name: column, type, required: false })));
}

function columnsWith(parameters: Column[]): Column[] {
  return [
    { name: "raw_event", type: "text", required: true },
    { name: "timestamp", type: "timestamp", required: true },
    { name: "accept", type: "text", required: false },
    { name: "host", type: "text", required: false },
    { name: "user_agent", type: "text", required: false },
    { name: "event_type", type: "text", required: true },
    ...parameters,
    { name: "remote_addr", type: "text", required: true },
    { name: "event_id", type: "text", required: true },
    { name: "player", type: "text", required: false },
    { name: "session", type: "text", required: false },
    { name: "received_at", type: "timestamp", required: true },
    { name: "occurred_at", type: "timestamp", required: false },
    { name: "definition", type: "text", required: false },
    { name: "kafka_partition", type: "integer", required: true },
    { name: "kafka_offset", type: "offset", required: true },
  ];
}

/** The columns that the tables of all events have. */
export const envelopeColumns: readonly Column[] = columnsWith([]);

/** The event type with the most parameters, as the best example. */
export function widestEvent(events: readonly EventDefinition[]): EventDefinition {
  const widths = events.map(({ parameters }) => parameters.length);
  return events[widths.indexOf(Math.max(...widths))]!;
}

/** The table of all messages that are not events of the game. */
export const failedEvents = {
  table: "failed_events",
  columns: [
    { name: "raw_event", type: "text", required: false }, // null: the message had no value
    { name: "timestamp", type: "timestamp", required: true },
    { name: "reason", type: "text", required: true },
    { name: "topic", type: "text", required: true },
    { name: "kafka_partition", type: "integer", required: true },
    { name: "kafka_offset", type: "offset", required: true },
  ] satisfies Column[],
};

/** A valid text for each parameter. Another `n` gives other texts. */
export function exampleParameters({ parameters }: EventDefinition, n: number): Record<string, string> {
  return Object.fromEntries(parameters.map((parameter) => [parameter.name, exampleText(parameter, n)]));
}
