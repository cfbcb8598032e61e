/**
 * Rows → a table of JSON values → an HTML table.
 *
 * Values can be any text that a client sent. So a control or direction character is shown as its
 * number, and markup is shown as text.
 */
import { forHtml, forTerminal } from "../untrusted.ts";
import { formatValue } from "./format.ts";
import { columnsOf, isNumeric, valueOf } from "./row-text.ts";

const MAX_UNWRAPPED = 40; // characters in a cell of an HTML table that stay in one line

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
