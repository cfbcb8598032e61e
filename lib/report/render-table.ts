/**
 * A table of an output → HTML: all of its rows, or its first rows and all of them as CSV.
 */
import { htmlTable, type TableData } from "../ask/table.ts";
import { forHtml, forTerminal } from "../untrusted.ts";
import { slug } from "./anchors.ts";

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
  if (rows === data.length) return box;
  const left = `${(rows - data.length).toLocaleString("en-US")} more rows are too many for this page`;
  return `${box}<p class="note">${csv === undefined ? left : csvLink(csv, rows, title)}</p>`;
}

/** A link that saves the CSV from inside the page. */
function csvLink(csv: string, rows: number, title: string): string {
  const base64 = Buffer.from(csv).toString("base64");
  const name = slug(title.replace(/: first \d+ of \d+ rows$/, ""));
  const text = `all ${rows.toLocaleString("en-US")} rows as CSV`;
  return `<a download="${forHtml(name)}.csv" href="data:text/csv;charset=utf-8;base64,${base64}">${text}</a>`;
}
