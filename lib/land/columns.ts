/**
 * A column's type → the encoder of its values, and the check of a value.
 *
 * Several types share one form in the file: a decimal of few digits is an int32, a date too.
 */
import type { Column, ColumnType, Value } from "../catalog.ts";
import { decimalOf } from "../parameters.ts";
import { shortened } from "../untrusted.ts";
import type { ColumnEncoder } from "./nullable-column.ts";
import {
  BigintColumn,
  BooleanColumn,
  LongDecimalColumn,
  NumberColumn,
  type NumberForm,
} from "./number-columns.ts";
import { TextColumn } from "./text-column.ts";

export function createColumn(column: Column): ColumnEncoder {
  const form = formOf(column.type);
  switch (form) {
    case "text":
      return new TextColumn(column.required, { isId: column.name === "event_id" });
    case "boolean":
      return new BooleanColumn(column.required);
    case "int64":
      return new BigintColumn(column.required);
    case "bytes16":
      return new LongDecimalColumn(column.required);
    default:
      return new NumberColumn(column.required, form);
  }
}

/** The form of a type's values in a page. */
export type Form = NumberForm | "text" | "boolean" | "int64" | "bytes16";

export function formOf(type: ColumnType): Form {
  switch (type) {
    case "text":
    case "json":
      return "text";
    case "boolean":
    case "double":
      return type;
    case "integer":
    case "date":
      return "int32";
    case "bigint":
      return "int64";
    case "timestamp":
    case "offset":
      return "number64";
    default: {
      const { precision } = decimalOf(type)!;
      return precision <= 9 ? "int32" : precision <= 18 ? "int64" : "bytes16";
    }
  }
}

const EXPECTATIONS: Partial<Record<ColumnType, string>> = {
  text: "a string",
  json: "a string",
  boolean: "true or false",
  integer: `an integer from ${-(2 ** 31)} to ${2 ** 31 - 1}`,
  date: `days since 1970, an integer from ${-(2 ** 31)} to ${2 ** 31 - 1}`,
  bigint: "a bigint of 64 bits",
  double: "a finite number",
  offset: "an integer within ±(2^53 - 1)",
  timestamp: "milliseconds since 1970, an integer within ±(2^53 - 1)",
};

/** Whether a value can go into a column; made once for each column. Nothing is ever coerced. */
export type Fits = (value: Value | undefined) => boolean;

export function fitsOf({ type, required }: Column): Fits {
  const isOfType = typeCheck(type);
  return (value) => (value === null ? !required : value !== undefined && isOfType(value));
}

/** Why a value does not fit a column. */
export function describeMisfit({ name, type, required }: Column, value: Value | undefined): string {
  const expected = (EXPECTATIONS[type] ?? `a bigint of ${type}`) + (required ? "" : " or null");
  const got = typeof value === "string" ? shortened(JSON.stringify(value)) : String(value);
  return `column ${name}: expected ${expected}, got ${got}`;
}

function typeCheck(type: ColumnType): (value: Exclude<Value, null>) => boolean {
  switch (type) {
    case "text":
    case "json":
      return (value) => typeof value === "string";
    case "boolean":
      return (value) => typeof value === "boolean";
    case "integer":
    case "date":
      return (value) => typeof value === "number" && (value | 0) === value;
    case "timestamp":
    case "offset":
      return (value) => Number.isSafeInteger(value);
    case "double":
      return (value) => Number.isFinite(value);
    case "bigint":
      return (value) => typeof value === "bigint" && BigInt.asIntN(64, value) === value;
    default: {
      const { limit } = decimalOf(type)!;
      return (value) => typeof value === "bigint" && value < limit && value > -limit;
    }
  }
}
