/**
 * A parameter's entry in the game's list → its definition, or an error that names the remedy.
 */
import { createHash } from "node:crypto";
import { JSON_LIMITS } from "./json-limits.ts";
import {
  columnName,
  type Decimal,
  decimalOf,
  INTEGERS,
  type Parameter,
  type ParameterType,
  parseValue,
  type Value,
} from "./parameters.ts";

/** A parameter in the game's list; all limits are part of the valid values. */
export interface ParameterEntry {
  type: ParameterType;
  required?: boolean; // an event without it is refused; default: false
  oneOf?: readonly (string | number | boolean)[]; // text, numbers, booleans, dates, timestamps
  min?: string | number; // numbers, dates, timestamps; the value itself is valid
  max?: string | number;
  maxLength?: number; // characters (Unicode code points) of text or json
  was?: string | readonly string[]; // earlier names: their values are this parameter's values
}

const MAX_PRECISION = 38; // Trino's
const ORDERED = ["integer", "bigint", "double", "decimal", "timestamp", "date"];

/** Thrown when an entry of the game's list is wrong; `message` names the entry and the remedy. */
export class CatalogueError extends Error {
  override name = "CatalogueError";
}

/**
 * Checks an entry, and makes its definition.
 * @param where the entry in the game's list, for error messages
 * @throws CatalogueError
 */
export function defineParameter(
  where: string,
  name: string,
  entry: ParameterType | ParameterEntry,
): Parameter {
  const given: ParameterEntry = typeof entry === "string" ? { type: entry } : entry;
  const fail = (problem: string): never => {
    throw new CatalogueError(`${where}: ${problem}`);
  };
  if (name === "") fail("expected a name of 1 character or more");
  refuseUnknownFields(given, fail);
  const { type, required = false, was = [], maxLength = null } = given;
  if (typeof required !== "boolean")
    fail(`required: expected true or false, got ${JSON.stringify(required)}`);
  const decimal = decimalOf(type);
  const kind = decimal ? "decimal" : type;
  checkType(type, decimal, fail);
  const parameter: Parameter = {
    name,
    column: columnName(name),
    type,
    scale: decimal?.scale ?? 0,
    required,
    oneOf: null,
    min: null,
    max: null,
    maxLength: null,
    was: earlierNames(name, was, fail),
    expected: "",
  };
  const read = (by: Parameter, field: string, value: string | number | boolean): Exclude<Value, null> => {
    if (typeof value === "number" && Math.abs(value) > Number.MAX_SAFE_INTEGER && kind !== "double")
      fail(`${field} ${value} is not exact, because a JavaScript number has 53 bits; write it in quotes`);
    return (
      parseValue(by, String(value)) ??
      fail(`${field} ${JSON.stringify(value)} is no value of the type ${type}`)
    );
  };
  const unlimited = { ...parameter };
  for (const field of ["min", "max"] as const) {
    if (given[field] === undefined) continue;
    if (!ORDERED.includes(kind)) fail(`${field} fits numbers, dates and timestamps, not ${type}; remove it`);
    parameter[field] = read(unlimited, field, given[field]) as number | bigint;
  }
  if (parameter.min !== null && parameter.max !== null && parameter.min > parameter.max)
    fail(`min ${given.min} is more than max ${given.max}, so no value would fit`);
  if (maxLength !== null) {
    if (type !== "text" && type !== "json") fail(`maxLength fits text and json, not ${type}; remove it`);
    if (!Number.isInteger(maxLength) || maxLength < 1)
      fail(`expected a maxLength of 1 character or more, got ${String(maxLength)}`);
    parameter.maxLength = maxLength;
  }
  if (given.oneOf !== undefined) {
    if (type === "json" || type === "double") fail(`oneOf does not fit ${type}; remove it`);
    if (given.oneOf.length === 0) fail("oneOf has no value, so no value would fit");
    parameter.oneOf = new Map(given.oneOf.map((value) => [read(parameter, "oneOf", value), String(value)]));
  }
  parameter.expected = expectationOf(parameter, given);
  return parameter;
}

function earlierNames(
  name: string,
  was: string | readonly string[],
  fail: (problem: string) => never,
): string[] {
  const names = typeof was === "string" ? [was] : [...was];
  for (const [i, one] of names.entries()) {
    const got = `was: expected earlier names, got ${JSON.stringify(one)}`;
    if (typeof one !== "string" || one === "") fail(`${got}; remove it`);
    if (one === name) fail(`${got}, which is its name today; remove it`);
    if (names.indexOf(one) < i) fail(`${got} twice; remove one of them`);
  }
  return names;
}

/** The definition's version: 8 hexadecimal digits that differ when any of its fields differs. */
export function versionOf(type: string, parameters: readonly Parameter[]): string {
  const fields = parameters.map(({ oneOf, min, max, ...rest }) => ({
    ...rest,
    min: min === null ? null : String(min),
    max: max === null ? null : String(max),
    oneOf: oneOf && [...oneOf.values()],
  }));
  return createHash("sha256")
    .update(JSON.stringify([type, fields]))
    .digest("hex")
    .slice(0, 8);
}

const FIELDS = ["type", "required", "oneOf", "min", "max", "maxLength", "was"];

function refuseUnknownFields(given: ParameterEntry, fail: (problem: string) => never): void {
  if (typeof given !== "object" || given === null)
    fail(`expected a type or { type: … }, got ${String(given)}`);
  const unknown = Object.keys(given).find((field) => !FIELDS.includes(field));
  if (unknown !== undefined) fail(`expected only the fields ${FIELDS.join(", ")}, got ${unknown}`);
}

const PLAIN = ["text", "integer", "bigint", "double", "boolean", "timestamp", "date", "json"];

function checkType(type: string, decimal: Decimal | null, fail: (problem: string) => never): void {
  if (decimal === null) {
    if (!PLAIN.includes(type))
      fail(`expected a type of ${PLAIN.join(", ")}, decimal(p, s), got ${String(type)}`);
    return;
  }
  const { precision, scale } = decimal;
  if (precision < 1 || precision > MAX_PRECISION || scale > precision)
    fail(`expected decimal(p, s) with p from 1 to ${MAX_PRECISION} and s from 0 to p, got ${type}`);
}

type Limit = string | number | bigint | undefined;

function expectationOf({ type, oneOf, maxLength }: Parameter, given: ParameterEntry): string {
  if (oneOf !== null) return `one of ${[...oneOf.values()].join(", ")}`;
  const limits = (from: Limit = given.min, to: Limit = given.max): string => {
    if (from !== undefined && to !== undefined) return ` from ${String(from)} to ${String(to)}`;
    return from !== undefined ? ` from ${String(from)} on` : to !== undefined ? ` up to ${String(to)}` : "";
  };
  const length = maxLength === null ? "" : ` of at most ${maxLength} characters`;
  switch (type) {
    case "text":
      return maxLength === null ? "any text" : `text${length}`;
    case "integer":
    case "bigint": {
      const [from, to] = INTEGERS[type];
      return `an integer${limits(given.min ?? from, given.max ?? to)}`;
    }
    case "double":
      return `a number${limits()}`;
    case "boolean":
      return "true or false";
    case "timestamp":
      return `a time like 2026-01-31T12:00:00.000+01:00, or milliseconds since 1970${limits()}`;
    case "date":
      return `a date like 2026-01-31${limits()}`;
    case "json":
      return `a JSON object or list${length} (${JSON_LIMITS})`;
    default: {
      const { precision, scale } = decimalOf(type)!;
      return `a number of at most ${precision - scale} digits before the point and ${scale} after it${limits()}`;
    }
  }
}
