/**
 * Rows → a table of JSON values → an HTML table.
 *
 * The values stay as they are, and the page formats them, so a program reads the same data. Values
 * can be any text that a client sent. So a control or direction character is shown as its number,
 * and markup is shown as text.
 */
import { forHtml, forTerminal } from "../untrusted.ts";
import { formatValue, forPeople, NONE, type NumberFormat } from "./format.ts";
import { columnsOf, isNumeric, valueOf } from "./row-text.ts";

const MAX_MORE = 4; // digits of a column's numbers, beyond those of format.ts
const FLOAT_DIGITS = 12; // significant digits that count: 0.1 + 0.2 is 0.3
const MAX_UNWRAPPED = 40; // characters in a cell of an HTML table that stay in one line

/** A table of JSON values: a Tabular Data Resource of the Frictionless specifications. */
export interface TableData {
  title: string;
  schema: { fields: Field[] };
  data: Record<string, string | number | null>[];
  rows?: number; // of the whole table, if `data` has only the first ones
  csv?: string; // the whole table, if `data` has only the first ones
}

/** A column of a table, and its form for people. */
export interface Column extends NumberFormat {
  name: string;
  title?: string; // its heading; default: the name
  format?: "percent" | "text"; // 0.25 is 25%; text: a number without commas, such as a year
}

interface Field extends Column {
  type: "number" | "string" | "datetime";
}

/** The rows as a table of JSON values, with `columns` or all columns of the rows. */
export function tableData(
  rows: readonly object[],
  title = "",
  columns: readonly (string | Column)[] = columnsOf(rows),
): TableData {
  const fields = columns.map((one): Field => {
    const column = typeof one === "string" ? { name: one } : one;
    return { ...column, type: typeOf(rows, column.name) };
  });
  const data = rows.map((row) =>
    Object.fromEntries(fields.map(({ name }) => [name, jsonValue(valueOf(row, name))])),
  );
  return { title, schema: { fields }, data };
}

/**
 * A `<table>` with `<caption>`; cells with numbers, null and long texts have a class. A cell whose
 * text is shortened has the exact value as its title.
 */
export function htmlTable({ title, schema: { fields }, data }: TableData): string {
  const head = fields.map(
    ({ name, title: heading = name, type }) =>
      `<th scope="col"${classOf(type, "")}>${forHtml(forTerminal(heading)).replaceAll("_", "_<wbr>")}</th>`,
  );
  const more = fields.map((field) => moreDigits(field, data));
  const body = data.map(
    (row) =>
      `<tr>${fields.map((field, i) => cellOf(field, row[field.name] ?? null, more[i]!)).join("")}</tr>`,
  );
  return [
    '<table class="mathjax_ignore">', // otherwise JupyterLab draws text between two $ as a formula
    ...(title === "" ? [] : [`<caption>${forHtml(forTerminal(title))}</caption>`]),
    `<thead><tr>${head.join("")}</tr></thead>`,
    `<tbody>${body.join("\n")}</tbody>`,
    "</table>",
  ].join("\n");
}

/** The further digits that tell the different numbers of a column apart; 0: 4 do not suffice. */
function moreDigits(field: Field, data: TableData["data"]): number {
  const values = data.map((row) => row[field.name]).filter((value) => typeof value === "number");
  if (field.type !== "number" || field.digits !== undefined || field.format === "text") return 0;
  const numbers = [...new Set(values.map((value) => Number(value.toPrecision(FLOAT_DIGITS))))];
  if (numbers.every(Number.isInteger)) return 0;
  for (let more = 0; more <= MAX_MORE; more++) {
    const texts = new Set(numbers.map((number) => textIn(field, number, more)));
    if (texts.size === numbers.length) return more;
  }
  return 0;
}

function cellOf(field: Field, value: string | number | null, more: number): string {
  const exact = String(value);
  const text = textIn(field, value, more);
  const title = text === exact || value === null ? "" : ` title="${forHtml(forTerminal(exact))}"`;
  return `<td${classOf(field.type, value)}${title}>${forHtml(forTerminal(text))}</td>`;
}

/** The text of a value for people. */
function textIn({ type, format, unit, digits }: Field, value: string | number | null, more: number): string {
  if (value === null) return NONE;
  if (format === "text") return String(value);
  const form = { ...(unit === undefined ? {} : { unit }), ...(digits === undefined ? {} : { digits }) };
  if (format === "percent" && type === "number")
    return forPeople(Number((Number(value) * 100).toPrecision(12)), { ...form, unit: "%" }, more);
  if (type === "datetime") {
    const time = new Date(value);
    return Number.isNaN(time.getTime()) ? String(value) : forPeople(time);
  }
  if (typeof value === "number") return forPeople(value, form, more);
  const isInteger = type === "number" && /^-?\d+$/.test(value); // a bigint
  return type === "number" ? forPeople(isInteger ? BigInt(value) : value, form) : value;
}

function classOf(type: Field["type"], value: string | number | null): string {
  if (value === null) return type === "number" ? ' class="number null"' : ' class="null"';
  if (type === "number") return ' class="number"';
  if (typeof value === "number") return ""; // among texts, as in a transposed row, it stands with them
  return value.length > MAX_UNWRAPPED ? ' class="long"' : ""; // UUIDs stay in one line
}

function typeOf(rows: readonly object[], column: string): Field["type"] {
  if (isNumeric(rows, column)) return "number";
  const values = rows
    .map((row) => valueOf(row, column))
    .filter((value) => value !== null && value !== undefined);
  return values.length > 0 && values.every((value) => value instanceof Date) ? "datetime" : "string";
}

function jsonValue(value: unknown): string | number | null {
  if (value === null || value === undefined) return null;
  const isJson = Number.isFinite(value) && !Object.is(value, -0);
  return isJson ? (value as number) : formatValue(value);
}
