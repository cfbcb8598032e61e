/**
 * A parameter's definition and a text → the typed value; the name of its column; example texts.
 *
 * The API and the stream both read the same texts by this module, so both accept the same values.
 * Nothing is coerced: a text that does not fit its type or its limits is refused.
 */
import { isReadableJson } from "./json-limits.ts";
import { date, dateText, double, scaled, scaledText, timestamp } from "./exact.ts";

/** A type without precision and scale. */
export type PlainType = "text" | "integer" | "bigint" | "double" | "boolean" | "timestamp" | "date" | "json";

/** The type of a parameter: `decimal(12, 2)` has at most 12 digits, 2 of them after the point. */
export type ParameterType = PlainType | `decimal(${number}, ${number})` | `decimal(${number},${number})`;

/**
 * A value of a parameter or column. A bigint is a JavaScript bigint; a decimal is one too, without
 * its point: 19.90 is 1990n. A timestamp counts milliseconds since 1970, a date counts days.
 */
export type Value = string | number | bigint | boolean | null;

/** A parameter as all modules use it. */
export interface Parameter {
  name: string; // in requests and envelopes
  column: string; // in tables
  type: ParameterType;
  scale: number; // of a decimal: digits after the point; otherwise 0
  required: boolean;
  oneOf: ReadonlyMap<Value, string> | null; // value → its text
  min: number | bigint | null;
  max: number | bigint | null;
  maxLength: number | null;
  was: readonly string[]; // names
  expected: string; // the valid values in words, for error messages and documents
}

/** The least and the greatest value of each type of integers. */
export const INTEGERS = {
  integer: [-(2 ** 31), 2 ** 31 - 1],
  bigint: [-(2n ** 63n), 2n ** 63n - 1n],
} as const;

/** A decimal's digits, those of them after the point, and the least number that has too many. */
export interface Decimal {
  precision: number;
  scale: number;
  limit: bigint; // of the value without its point
}

const decimals = new Map<string, Decimal | null>(); // by type: each value of a column asks

/** The digits of a decimal type; null: another type. */
export function decimalOf(type: string): Decimal | null {
  const known = decimals.get(type);
  if (known !== undefined) return known;
  const [, precision, scale] = /^decimal\((\d{1,3}), ?(\d{1,3})\)$/.exec(type) ?? [];
  const limit = 10n ** BigInt(precision ?? 0);
  const decimal =
    precision === undefined ? null : { precision: Number(precision), scale: Number(scale), limit };
  decimals.set(type, decimal);
  return decimal;
}

/**
 * The column of a parameter: snake_case of a-z, 0-9 and _.
 *
 * `chestId` → chest_id, `HTTPStatus` → http_status, `Item Name` → item_name. Accents are
 * dropped, other letters become u and their code point in hexadecimal, other characters become _.
 */
export function columnName(name: string): string {
  const words = name
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .replace(/(\p{Ll}|\d)(\p{Lu})/gu, "$1_$2")
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, "$1_$2")
    .toLowerCase();
  const ascii = words.replace(/[^a-z0-9_]/gu, (one) => (/\p{L}|\p{N}/u.test(one) ? `u${codeOf(one)}` : "_"));
  const trimmed = ascii.replace(/_+/g, "_").replace(/^_|_$/g, "");
  if (trimmed === "") return Array.from(name, (one) => `u${codeOf(one)}`).join("_");
  return /^\d/.test(trimmed) ? `_${trimmed}` : trimmed;
}

function codeOf(character: string): string {
  return character.codePointAt(0)!.toString(16);
}

/** Reads a text as the parameter's value; undefined: it does not fit the type or the limits. */
export function parseValue(parameter: Parameter, text: string): Exclude<Value, null> | undefined {
  const value = readType(parameter, text);
  if (value === undefined) return undefined;
  const { min, max, maxLength, oneOf } = parameter;
  if (min !== null && (value as number | bigint) < min) return undefined;
  if (max !== null && (value as number | bigint) > max) return undefined;
  if (maxLength !== null && text.length > maxLength && Array.from(text).length > maxLength) return undefined;
  if (oneOf !== null && !oneOf.has(value)) return undefined;
  return value;
}

function readType({ type, scale }: Parameter, text: string): Exclude<Value, null> | undefined {
  switch (type) {
    case "text":
      return text;
    case "integer": {
      const value = /^-?\d{1,10}$/.test(text) ? Number(text) : Number(scaled(text, 0) ?? NaN);
      return value >= INTEGERS.integer[0] && value <= INTEGERS.integer[1] ? value || 0 : undefined;
    }
    case "bigint": {
      const value = scaled(text, 0);
      const [from, to] = INTEGERS.bigint;
      return value !== undefined && value >= from && value <= to ? value : undefined;
    }
    case "double":
      return double(text);
    case "boolean":
      return /^true$/i.test(text) ? true : /^false$/i.test(text) ? false : undefined;
    case "timestamp":
      return timestamp(text);
    case "date":
      return date(text);
    case "json":
      return isObjectOrList(text) ? text : undefined;
    default: {
      const value = scaled(text, scale);
      const { limit } = decimalOf(type)!;
      return value !== undefined && value < limit && value > -limit ? value : undefined;
    }
  }
}

/** A valid text for the parameter. Another `n` gives another text, if the limits allow it. */
export function exampleText(parameter: Parameter, n: number): string {
  const { name, type, oneOf, maxLength, scale } = parameter;
  if (oneOf !== null) return [...oneOf.values()][n % oneOf.size]!;
  switch (type) {
    case "text":
      return Array.from(`${name}_${n % 4}`)
        .slice(-(maxLength ?? 1000))
        .join(""); // few values: a query can group by them
    case "boolean":
      return String(n % 2 === 0);
    case "json":
      return [`{"n": ${n % 4}}`, "[]"].find((text) => text.length <= (maxLength ?? 1000)) ?? "[]";
    case "double":
      return String(within(parameter, n + 0.5, (value) => value));
    case "timestamp":
      return new Date(within(parameter, Date.UTC(2026, 0, 1) + n * 1000, (value) => value)).toISOString();
    case "date":
      return dateText(within(parameter, 20_454 + (n % 365), (value) => value)); // from 2026-01-01 on
    case "integer":
      return String(within(parameter, n, (value) => value));
    case "bigint":
      return String(within(parameter, 2n ** 53n + 1n + BigInt(n), BigInt)); // no double has this value
    default: {
      const { precision } = decimalOf(type)!;
      return scaledText(within(parameter, BigInt(n) % 10n ** BigInt(precision), BigInt), scale);
    }
  }
}

function within<T extends number | bigint>({ min, max }: Parameter, value: T, as: (limit: never) => T): T {
  if (min !== null && value < min) return as(min as never);
  if (max !== null && value > max) return as(max as never);
  return value;
}

function isObjectOrList(text: string): boolean {
  if (!/^[ \t\r\n]*[[{]/.test(text)) return false;
  try {
    JSON.parse(text);
    return isReadableJson(text);
  } catch {
    return false;
  }
}
