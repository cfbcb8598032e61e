/**
 * An event definition → the columns of its table, and the valid values of its parameters.
 *
 * The game has the definitions: game.ts is their list, and has nothing else. This module never
 * imports that list, so it can check and describe the events of any game.
 */

/** The type of a request parameter, and of the column that it becomes. */
export type ParameterType = "text" | "integer" | "boolean";

/** A column's type: `integer` has 32 bits, `bigint` 64; `timestamp` is UTC, in milliseconds. */
export type ColumnType = ParameterType | "bigint" | "timestamp";

/** A value of a parameter or column. A timestamp is a number of milliseconds since 1970. */
export type Value = string | number | boolean | null;

export interface Column {
  name: string;
  type: ColumnType;
  required: boolean; // never null
}

export interface EventDefinition {
  type: string; // the envelope's event_type
  route: string; // GET path that makes the event
  table: string; // Hive table in schema `default`
  parameters: Record<string, ParameterType>; // only the envelope keeps unknown parameters
  reply: {
    plain: string; // the reply to a request without parameters
    echo: string | null; // the text before the echoed parameters; null: no parameters are echoed
  };
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

/** The event type with the most parameters, as the best example. */
export function widestEvent(events: readonly EventDefinition[]): EventDefinition {
  const widths = events.map(({ parameters }) => Object.keys(parameters).length);
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
    { name: "kafka_offset", type: "bigint", required: true },
  ] satisfies Column[],
};

const INTEGER_MIN = -(2 ** 31);
const INTEGER_MAX = 2 ** 31 - 1;

/** The valid values of each parameter type in words, for error messages and documents. */
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

/** A valid text for each parameter. Another `n` gives other texts. */
export function exampleParameters({ parameters }: EventDefinition, n: number): Record<string, string> {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, type]) => [name, exampleText(type, name, n)]),
  );
}

function exampleText(type: ParameterType, name: string, n: number): string {
  switch (type) {
    case "text":
      return `${name}_${n % 4}`; // few values, so that a query can group by them
    case "integer":
      return String(n);
    case "boolean":
      return String(n % 2 === 0);
  }
}
