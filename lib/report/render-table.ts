/**
 * A table of an output → HTML: all of its rows, or its first rows and all of them as CSV.
 */
import { htmlTable, type TableData } from "../ask/table.ts";
import { forHtml, forTerminal } from "../untrusted.ts";
import { slug } from "./anchors.ts";

export const PRINTED_ROWS = 100; // of a table on paper and in the PDF
const MAX_FLAT_ROWS = 20; // more rows stand in a box that scrolls

/** The content as a table, if it has the form that `table` of ask/show.ts sends; else null. */
export function readTable(content: unknown): TableData | null {
  const { title, schema, data, rows, csv } = (content ?? {}) as Partial<TableData>;
  if (!Array.isArray(data) || !Array.isArray(schema?.fields)) return null;
  const whole = typeof rows === "number" ? { rows } : {};
  return { title: String(title ?? ""), schema, data, ...whole, ...(typeof csv === "string" ? { csv } : {}) };
}

/** Renders the table in a box that the keyboard can scroll. */
export function renderTable(table: TableData): string {
  const { title, data, rows = data.length, csv } = table;
  const tall = data.length > MAX_FLAT_ROWS ? " tall" : "";
  const name = forHtml(forTerminal(title || "Table"));
  const box = `<div class="scroll${tall}" tabindex="0" role="region" aria-label="${name}">${htmlTable(table)}</div>`;
  const print = data.length > PRINTED_ROWS ? `<p class="note printed">${printedText(data.length)}</p>` : "";
  if (rows === data.length) return box + print;
  const left = `${(rows - data.length).toLocaleString("en-US")} more rows are too many for this page`;
  return `${box}${print}<p class="note">${csv === undefined ? left : csvLink(csv, rows, title)}</p>`;
}

/** The note on paper: "the first 100 rows; report.html has 2,900 more" */
function printedText(rows: number): string {
  const left = (rows - PRINTED_ROWS).toLocaleString("en-US");
  return `the first ${PRINTED_ROWS} rows; report.html has ${left} more`;
}

/** A link that saves the CSV from inside the page. */
function csvLink(csv: string, rows: number, title: string): string {
  const base64 = Buffer.from(csv).toString("base64");
  const name = slug(title.replace(/: first \d+ of \d+ rows$/, ""));
  const text = `all ${rows.toLocaleString("en-US")} rows as CSV`;
  return `<a download="${forHtml(name)}.csv" href="data:text/csv;charset=utf-8;base64,${base64}">${text}</a>`;
}
