/**
 * Rows → text for people and programs: a terminal's table, an HTML table, JSON.
 *
 * Values can be any text that a client sent. So a control or direction character is shown as its
 * number, and markup is shown as text.
 */
import Table from "cli-table3";
import type { Row } from "../trino-values.ts";
import { forHtml, forTerminal, forTerminalJson } from "../untrusted.ts";
import { bigintAsText, formatValue } from "./format.ts";

const MAX_UNWRAPPED = 40; // characters in a cell of an HTML table that stay in one line
const MAX_CELL_CHARS = 80; // in one line of a cell of a terminal's table

/**
 * A terminal's table with box-drawing lines and right-aligned numbers; "" without rows. A value
 * longer than 80 characters takes several lines.
 */
export function textTable(rows: readonly object[], head = columnsOf(rows)): string {
  if (rows.length === 0 || head.length === 0) return "";
  const colAligns = head.map((column) => (isNumeric(rows, column) ? "right" : "left"));
  const grid = new Table({
    head: head.map(forTerminal),
    colAligns,
    style: { head: [], border: [], compact: true },
  });
  grid.push(...rows.map((row) => head.map((column) => wrapped(formatValue(valueOf(row, column))))));
  return grid.toString();
}

function wrapped(text: string): string {
  const lines = forTerminal(text).match(new RegExp(`.{1,${MAX_CELL_CHARS}}`, "gu"));
  return lines?.join("\n") ?? "";
}

/** A table of JSON values: a Tabular Data Resource of the Frictionless specifications. */
export interface TableData {
  title: string;
  schema: { fields: Field[] };
  data: Record<string, string | number | null>[];
}

interface Field {
  name: string;
  type: "number" | "string";
}

/** The rows as a table of JSON values, with `columns` or all columns of the rows. */
export function tableData(rows: readonly object[], title = "", columns = columnsOf(rows)): TableData {
  const fields = columns.map((name): Field => ({ name, type: isNumeric(rows, name) ? "number" : "string" }));
  const data = rows.map((row) =>
    Object.fromEntries(columns.map((name) => [name, jsonValue(valueOf(row, name))])),
  );
  return { title, schema: { fields }, data };
}

/** A `<table>` with `<caption>`; cells with numbers, null and long texts have a class. */
export function htmlTable({ title, schema: { fields }, data }: TableData): string {
  const head = fields.map(
    ({ name, type }) =>
      `<th scope="col"${classOf(type, "")}>${forHtml(forTerminal(name)).replaceAll("_", "_<wbr>")}</th>`,
  );
  const body = data.map((row) => {
    const cells = fields.map(({ name, type }) => {
      const value = row[name] ?? null;
      return `<td${classOf(type, value)}>${forHtml(forTerminal(String(value)))}</td>`;
    });
    return `<tr>${cells.join("")}</tr>`;
  });
  return [
    '<table class="mathjax_ignore">', // otherwise JupyterLab draws text between two $ as a formula
    ...(title === "" ? [] : [`<caption>${forHtml(forTerminal(title))}</caption>`]),
    `<thead><tr>${head.join("")}</tr></thead>`,
    `<tbody>${body.join("\n")}</tbody>`,
    "</table>",
  ].join("\n");
}

function classOf(type: Field["type"], value: string | number | null): string {
  if (value === null) return ' class="null"';
  if (type === "number") return ' class="number"';
  return String(value).length > MAX_UNWRAPPED ? ' class="long"' : ""; // UUIDs stay in one line
}

function jsonValue(value: unknown): string | number | null {
  if (value === null || value === undefined) return null;
  return Number.isFinite(value) ? (value as number) : formatValue(value);
}

/**
 * A JSON array, one row a line, safe for a terminal. Dates are in ISO 8601, bigints (integers
 * beyond 2^53) are strings.
 */
export function jsonText(rows: readonly object[]): string {
  return `[${rows.map((row) => forTerminalJson(JSON.stringify(row, bigintAsText))).join(",\n ")}]`;
}

/** A row's value in a column, for rows of any type. */
export function valueOf(row: object, column: string): unknown {
  return (row as Row)[column];
}

/** All column names, in the order of their first row. */
function columnsOf(rows: readonly object[]): string[] {
  return [...new Set(rows.flatMap((row) => Object.keys(row)))];
}

const DECIMAL = /^-?(0|[1-9]\d*)\.\d+$/; // the form of Trino's decimals, which are strings

function isNumeric(rows: readonly object[], column: string): boolean {
  const values = rows
    .map((row) => valueOf(row, column))
    .filter((value) => value !== null && value !== undefined);
  const isNumber = (value: unknown) =>
    typeof value === "number" ||
    typeof value === "bigint" ||
    (typeof value === "string" && DECIMAL.test(value));
  return values.length > 0 && values.every(isNumber);
}
