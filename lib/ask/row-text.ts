/** Rows → the lines of JSON or CSV; and the names, values and kinds of their columns. */
import { keysOf } from "../row-keys.ts";
import type { Row } from "../trino-values.ts";
import { forTerminalJson } from "../untrusted.ts";
import { formatValue, jsonOf } from "./format.ts";

/**
 * The lines of a JSON array, one row each, safe for a terminal. Dates are in ISO 8601, bigints
 * (integers beyond 2^53) are strings.
 */
export function* jsonLines(rows: readonly object[]): Generator<string> {
  if (rows.length === 0) yield "[]";
  for (const [i, row] of rows.entries()) {
    const [begin, end] = [i === 0 ? "[" : " ", i === rows.length - 1 ? "]" : ","];
    yield `${begin}${forTerminalJson(jsonOf(row))}${end}`;
  }
}

/** The JSON array of `jsonLines` as one text. */
export function jsonText(rows: readonly object[]): string {
  return [...jsonLines(rows)].join("\n");
}

/**
 * The lines of a CSV file as RFC 4180 has it, without line ends: the names, then the rows. Null is
 * an empty field, an empty text is "".
 */
export function* csvLines(rows: readonly object[], columns = columnsOf(rows)): Generator<string> {
  yield columns.map(csvField).join(",");
  for (const row of rows) yield columns.map((name) => csvField(valueOf(row, name))).join(",");
}

function csvField(value: unknown): string {
  if (value === null || value === undefined) return "";
  const text = formatValue(value);
  return text === "" || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A row's value in a column, for rows of any type. */
export function valueOf(row: object, column: string): unknown {
  return (row as Row)[column];
}

/** All column names, in the order of their first row. */
export function columnsOf(rows: readonly object[]): string[] {
  const names = new Set<string>();
  for (const row of rows) for (const name of keysOf(row)) names.add(name);
  return [...names];
}

const DECIMAL = /^-?(0|[1-9]\d*)\.\d+$/; // the form of Trino's decimals, which are strings

/** Whether a column has numbers, perhaps nulls, and nothing else. */
export function isNumeric(rows: readonly object[], column: string): boolean {
  let hasNumber = false;
  for (const row of rows) {
    const value = valueOf(row, column);
    if (value === null || value === undefined) continue;
    const isNumber = ["number", "bigint"].includes(typeof value);
    if (!isNumber && !(typeof value === "string" && DECIMAL.test(value))) return false;
    hasNumber = true;
  }
  return hasNumber;
}
