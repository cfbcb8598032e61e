/**
 * Trino's JSON → rows of JavaScript values, without the loss of a digit.
 *
 * | Trino                                   | JavaScript                                        |
 * |-----------------------------------------|---------------------------------------------------|
 * | tinyint, smallint, integer, real, double | number                                           |
 * | bigint                                  | number; bigint where a number would lose digits   |
 * | decimal                                 | string                                            |
 * | boolean                                 | boolean                                           |
 * | timestamp(0…3)                          | Date, read as UTC                                 |
 * | timestamp(0…3) with time zone           | Date; string if the zone has a name               |
 * | timestamp(4…12)                         | string: a Date holds milliseconds                 |
 * | date                                    | string, YYYY-MM-DD                                |
 * | array, map, row                         | array, object, object                             |
 * | varchar and all others                  | string, as Trino writes it                        |
 *
 * A zone with a name, such as Europe/Berlin, repeats an hour each autumn, and Trino does not write
 * which of the two it means. `AT TIME ZONE 'UTC'` in the statement makes a Date of the value.
 * Columns, fields of a row and keys of a map keep their order: row-keys.ts has it.
 */
import { randomUUID } from "node:crypto";
import { orderedObject } from "./row-keys.ts";

/** One row: column names → values. */
export type Row = Record<string, unknown>;

/** A column as Trino describes it beside each page of a result. */
export interface ResultColumn {
  name: string;
  typeSignature: TypeSignature;
}

interface TypeSignature {
  rawType: string; // "bigint", "array", …
  arguments: TypeArgument[]; // element types, field types, a precision
}

type TypeArgument =
  | { kind: "TYPE"; value: TypeSignature }
  | { kind: "NAMED_TYPE"; value: { fieldName?: { name: string }; typeSignature: TypeSignature } }
  | { kind: "LONG"; value: number };

type Read = (value: unknown) => unknown;

/** Makes the function that turns an array of values into a row. Columns keep their order. */
export function rowReader(columns: ResultColumn[]): (values: unknown[]) => Row {
  const names = columns.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new Error(`expected columns of different names, got two "${twice}": rename one of them with AS`);
  }
  const reads = columns.map(({ typeSignature }) => reader(typeSignature));
  return (values) =>
    orderedObject(
      names,
      names.map((_, i) => reads[i]!(values[i])),
    );
}

const KEPT = `${randomUUID()}:`; // no key of a map begins with it

/** A page of Trino's answer. A mark keeps a key such as "2026" in its place. */
export function parsePage(text: string): unknown {
  // In JSON a quote before a colon always ends a key.
  return parseJson(text.replace(/"(0|[1-9]\d*)"(?=\s*:)/g, `"${KEPT}$1"`));
}

type Reviver = (key: string, value: unknown, context: { source?: string }) => unknown;

/** JSON.parse, but an integer of 16 digits or more becomes a string instead of a rounded number. */
export function parseJson(text: string): unknown {
  if (!/[[,:]\s*-?\d{16}/.test(text)) return JSON.parse(text);
  const exact: Reviver = (_key, value, { source }) =>
    source !== undefined && /^-?\d{16,}$/.test(source) ? source : value;
  return JSON.parse(text, exact as (key: string, value: unknown) => unknown); // `source` is untyped
}

/** The function for one type. Null stays null. */
function reader(signature: TypeSignature): Read {
  const read = readerOfValue(signature);
  return (value) => (value === null || value === undefined ? null : read(value));
}

function readerOfValue({ rawType, arguments: given }: TypeSignature): Read {
  switch (rawType) {
    case "tinyint":
    case "smallint":
    case "integer":
    case "real":
    case "double":
      return Number; // "NaN" and "Infinity" come as strings
    case "bigint":
      return (value) => (Number.isSafeInteger(Number(value)) ? Number(value) : BigInt(value as string));
    case "timestamp":
    case "timestamp with time zone":
      return precisionOf(given) <= 3 ? (value) => toDate(value as string) : (value) => value;
    case "array": {
      const read = reader(typesOf(given)[0]!);
      return (value) => (value as unknown[]).map(read);
    }
    case "map": {
      const read = reader(typesOf(given)[1]!);
      return (value) => {
        const entries = Object.entries(value as object);
        return orderedObject(
          entries.map(([key]) => (key.startsWith(KEPT) ? key.slice(KEPT.length) : key)),
          entries.map(([, entry]) => read(entry)),
        );
      };
    }
    case "row":
      return rowReader(
        given.flatMap(({ kind, value }, i) =>
          kind === "NAMED_TYPE"
            ? [{ name: value.fieldName?.name ?? `field${i}`, typeSignature: value.typeSignature }]
            : [],
        ),
      ) as Read;
    default:
      return (value) => value;
  }
}

function typesOf(given: TypeArgument[]): TypeSignature[] {
  return given.flatMap(({ kind, value }) => (kind === "TYPE" ? [value] : []));
}

function precisionOf(given: TypeArgument[]): number {
  const precision = given[0];
  return precision?.kind === "LONG" ? precision.value : 3;
}

const TIMESTAMP = /^([+-]?)(\d{4,})(-\d\d-\d\d) (\d\d:\d\d:\d\d)(\.\d+)?(?: (UTC|[+-]\d\d:\d\d))?$/;

/** Makes a Date of "2026-01-31 10:00:00.123", also with " UTC" or " +02:00"; returns other text. */
function toDate(text: string): Date | string {
  const [match, sign, year, monthAndDay, time, fraction = "", zone = "UTC"] = TIMESTAMP.exec(text) ?? [];
  if (match === undefined) return text;
  const isoYear = `${sign === "-" ? "-" : "+"}${year!.padStart(6, "0")}`; // a form for all years
  const date = new Date(`${isoYear}${monthAndDay}T${time}${fraction}${zone === "UTC" ? "Z" : zone}`);
  return Number.isNaN(date.getTime()) ? text : date;
}
