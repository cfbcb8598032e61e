/**
 * The catalogue and the settings → the description of Spark's job, as JSON.
 *
 * lib/spark/*.py knows no event, no table and no limit: all of it comes from here. Numbers beyond
 * a double go as text.
 */
import { type Column, columnsOf, type EventDefinition, failedEvents } from "../catalog.ts";
import { JSON_LIMITS } from "../json-limits.ts";
import { MAX_TIMESTAMP } from "../kafka-time.ts";
import { type BatchLimits, DEFAULT_LIMITS, NOT_UTF8 } from "../land/batch.ts";
import { WHOLE_TEXT } from "../misfit.ts";
import { decimalOf, type Parameter, type Value } from "../parameters.ts";
import { WAITING } from "../waiting.ts";

/** The rules by which both engines read messages, for Python. */
export function describeRules(
  catalogue: readonly EventDefinition[],
  blocked: ReadonlyMap<string, string> = new Map(),
  { maxRows, maxBytes, maxFiles }: BatchLimits = DEFAULT_LIMITS,
) {
  const tables: [string, Column[]][] = catalogue.map((event) => [event.table, columnsOf(event)]);
  tables.push([failedEvents.table, failedEvents.columns]);
  return {
    events: catalogue.map(({ type, table, version, parameters }) => ({
      type,
      table,
      version,
      parameters: parameters.map(describeParameter),
    })),
    columns: Object.fromEntries(tables.map(([table, columns]) => [table, columns.map(describeColumn)])),
    blocked: Object.fromEntries(blocked), // table → the reason why it is not written
    limits: { max_rows: maxRows, max_bytes: maxBytes, max_files: maxFiles },
    texts: {
      waiting: WAITING,
      whole_text: WHOLE_TEXT,
      json_limits: JSON_LIMITS,
      not_utf8: NOT_UTF8,
      max_timestamp: MAX_TIMESTAMP,
    },
  };
}

function describeParameter({ name, type, required, oneOf, min, max, maxLength, was, expected }: Parameter) {
  return {
    name,
    ...kindOf(type),
    required,
    one_of: oneOf && [...oneOf.keys()].map(plain),
    min: plain(min),
    max: plain(max),
    max_length: maxLength,
    was,
    expected,
  };
}

function describeColumn({ name, type, required }: Column) {
  return { name, ...kindOf(type), required };
}

/** A type, with precision and scale apart. */
function kindOf(type: string) {
  const decimal = decimalOf(type);
  if (!decimal) return { kind: type, precision: 0, scale: 0 };
  return { kind: "decimal", precision: decimal.precision, scale: decimal.scale };
}

function plain(value: Value): string | number | boolean | null {
  return typeof value === "bigint" ? String(value) : value;
}
