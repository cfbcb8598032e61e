/**
 * Rows → text for people and programs: a terminal's table, an HTML table, JSON.
 *
 * Values come from whoever sent an event. So people see no control or
 * direction character of theirs, but its number, and HTML gets no markup.
 */
import Table from "cli-table3";
import type { Row } from "../trino-values.ts";
import { forHtml, forTerminal, forTerminalJson } from "../untrusted.ts";

/** A table of box-drawing lines, numbers to the right; "" if there are no rows. */
export function textTable(rows: readonly object[]): string {
  const head = columnsOf(rows);
  if (head.length === 0) return "";
  const colAligns = head.map((column) => (isNumeric(rows, column) ? "right" : "left"));
  const grid = new Table({
    head: head.map(forTerminal),
    colAligns,
    style: { head: [], border: [], compact: true },
  });
  grid.push(...rows.map((row) => head.map((column) => forTerminal(formatValue(valueOf(row, column))))));
  return grid.toString();
}

/** A `<table>` with `<caption>`; cells of numbers have the class "number", cells that are null the class "null". */
export function htmlTable(rows: readonly object[], caption = ""): string {
  const columns = columnsOf(rows);
  const numeric = new Set(columns.filter((column) => isNumeric(rows, column)));
  const attributes = (column: string, value?: unknown) =>
    value === null ? ' class="null"' : numeric.has(column) ? ' class="number"' : "";
  const head = columns.map((name) => `<th scope="col"${attributes(name)}>${forHtml(forTerminal(name))}</th>`);
  const body = rows.map((row) => {
    const cells = columns.map(
      (name) =>
        `<td${attributes(name, valueOf(row, name))}>${forHtml(forTerminal(formatValue(valueOf(row, name))))}</td>`,
    );
    return `<tr>${cells.join("")}</tr>`;
  });
  return [
    '<table class="mathjax_ignore">', // else JupyterLab draws as a formula what stands between two $
    ...(caption === "" ? [] : [`<caption>${forHtml(caption)}</caption>`]),
    `<thead><tr>${head.join("")}</tr></thead>`,
    `<tbody>${body.join("\n")}</tbody>`,
    "</table>",
  ].join("\n");
}

/** A JSON array, one row a line: Dates as ISO 8601, bigints (integers beyond 2^53) as strings; a terminal may show it. */
export function jsonText(rows: readonly object[]): string {
  return `[${rows.map((row) => forTerminalJson(JSON.stringify(row, bigintAsText))).join(",\n ")}]`;
}

/** A value as a person reads it: a Date in ISO 8601, null as "null", arrays and objects as JSON. */
export function formatValue(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  if (typeof value === "object" && value !== null) return JSON.stringify(value, bigintAsText);
  return String(value);
}

function bigintAsText(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}

/** A row's value in a column; rows of any type can be shown. */
export function valueOf(row: object, column: string): unknown {
  return (row as Row)[column];
}

/** All column names, in the order of their first row. */
function columnsOf(rows: readonly object[]): string[] {
  return [...new Set(rows.flatMap((row) => Object.keys(row)))];
}

function isNumeric(rows: readonly object[], column: string): boolean {
  const values = rows
    .map((row) => valueOf(row, column))
    .filter((value) => value !== null && value !== undefined);
  return values.length > 0 && values.every((value) => typeof value === "number" || typeof value === "bigint");
}
