/**
 * An event definition → the columns of its table, and the values that its parameters take.
 *
 * The definitions themselves are the game's: game.ts has the list, and nothing else. This module
 * never imports it, so that it can check and describe the events of any game.
 */

/** The type of a request parameter, and of the column that it becomes. */
export type ParameterType = "text" | "integer" | "boolean";

/** A column's type: `integer` has 32 bits, `bigint` 64; `timestamp` is UTC, in milliseconds. */
export type ColumnType = ParameterType | "bigint" | "timestamp";

/** A parameter's or column's value; a timestamp is the number of milliseconds since 1970. */
export type Value = string | number | boolean | null;

export interface Column {
  name: string;
  type: ColumnType;
  required: boolean; // true: never null
}

export interface EventDefinition {
  type: string; // the envelope's event_type
  route: string; // GET path that produces it
  table: string; // Hive table in schema `default`
  parameters: Record<string, ParameterType>; // unknown parameters are kept in the envelope only
  reply: {
    plain: string; // to a request without parameters
    echo: string | null; // the text before the echoed parameters; null: no parameters are echoed
  };
}

/** How much is kept of a value that tells of a person; collect/retention.ts applies it. */
export type RetentionPolicy = "keep" | "drop" | "truncate" | "hash";

/**
 * The default policies, by field or header of the envelope, e.g. `Referer`. `user_agent` is the
 * header User-Agent. Headers without a policy are kept. QUESTLOG_RETENTION changes the policies.
 */
export const retentionPolicies: Readonly<Record<string, RetentionPolicy>> = {
  remote_addr: "keep", // the original's columns: all kept
  user_agent: "keep",
  player: "keep",
};

/** Headers that hold credentials: no envelope ever has them. */
export const secretHeaders: readonly string[] = [
  "Authorization",
  "Proxy-Authorization",
  "Cookie",
  "Write-Key",
];

/**
 * The columns of an event's table, in order: the original's first, then those that identify the
 * event and its place in the topic. The partition column `day` is not among them.
 */
export function columnsOf(event: EventDefinition): Column[] {
  const parameters = Object.entries(event.parameters).map(([name, type]) => ({
    name,
    type,
    required: false,
  }));
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
    { name: "player", type: "text", required: true },
    { name: "received_at", type: "timestamp", required: true },
    { name: "kafka_partition", type: "integer", required: true },
    { name: "kafka_offset", type: "bigint", required: true },
  ];
}

/** The event type with the most parameters: the one that an example shows best. */
export function widestEvent(events: readonly EventDefinition[]): EventDefinition {
  const widths = events.map(({ parameters }) => Object.keys(parameters).length);
  return events[widths.indexOf(Math.max(...widths))]!;
}

/** The table that keeps every message which is no event of the game. */
export const failedEvents = {
  table: "failed_events",
  columns: [
    { name: "raw_event", type: "text", required: false }, // null: the message had no value
    { name: "timestamp", type: "timestamp", required: true },
    { name: "reason", type: "text", required: true },
    { name: "topic", type: "text", required: true },
    { name: "kafka_partition", type: "integer", required: true },
    { name: "kafka_offset", type: "bigint", required: true },
  ] satisfies Column[],
};

const INTEGER_MIN = -(2 ** 31);
const INTEGER_MAX = 2 ** 31 - 1;

/** The values that each parameter type takes, in words, for error messages and documents. */
export const expectations: Record<ParameterType, string> = {
  text: "any text",
  integer: `an integer from ${INTEGER_MIN} to ${INTEGER_MAX}`,
  boolean: "true or false",
};

/** Reads a parameter's text as its type; undefined if the text does not fit. Nothing is coerced. */
export function parseValue(type: ParameterType, text: string): string | number | boolean | undefined {
  switch (type) {
    case "text":
      return text;
    case "integer": {
      const value = /^-?\d+$/.test(text) ? Number(text) : NaN;
      return value >= INTEGER_MIN && value <= INTEGER_MAX ? value : undefined;
    }
    case "boolean":
      return /^true$/i.test(text) ? true : /^false$/i.test(text) ? false : undefined;
  }
}

/** A text for each parameter that fits its type; another `n` gives other texts. */
export function exampleParameters({ parameters }: EventDefinition, n: number): Record<string, string> {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, type]) => [name, exampleText(type, name, n)]),
  );
}

function exampleText(type: ParameterType, name: string, n: number): string {
  switch (type) {
    case "text":
      return `${name}_${n % 4}`; // few values, so that one can group by them
    case "integer":
      return String(n);
    case "boolean":
      return String(n % 2 === 0);
  }
}
