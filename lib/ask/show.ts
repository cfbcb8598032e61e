/**
 * Charts, rows and sentences → the output of a notebook's cell; in a terminal, text.
 *
 * An output holds data: a chart its spec, a table its rows, a sentence its Markdown. The report
 * draws all of them. JupyterLab draws the spec, and gets HTML of tables and sentences too. The
 * kernel's own `display` sends one form at a time, so this module calls the kernel's writer
 * directly. The spec is Vega-Lite 6, but its MIME type names version 5. That is the newest version
 * that JupyterLab knows by name; JupyterLab draws both.
 */
import { createRequire } from "node:module";
import MarkdownIt from "markdown-it";
import { type Count, COUNTED_MIME, countedInSentence, countText } from "./counted.ts";
import { formatNumber, formatTime, withCommas } from "./format.ts";
import { forTerminalLines } from "../untrusted.ts";
import { withOwnLegend } from "./own-legend.ts";
import { RESULT_MIME, saidValues } from "./result.ts";
import { csvLines } from "./row-text.ts";
import { type Column, htmlTable, tableData } from "./table.ts";
import { textTable } from "./text-table.ts";
import { requireFields, type Spec, themed } from "./theme.ts";

/** MIME type → content. */
type Bundle = Record<string, unknown>;

export const CHART_TYPE = "application/vnd.vegalite.v5+json";
export const TABLE_TYPE = "application/vnd.dataresource+json";
const MAX_TEXT_WIDTH = 160; // characters of a table as text

/**
 * Displays a chart in the running cell; outside a notebook, prints its description.
 * @param spec a chart of `bars`, `lines`, …, or any Vega-Lite spec: it gets the house theme, and
 *   its own settings are stronger
 * @throws Error if the spec draws a column that its rows do not have
 */
export function show(spec: Spec | object): void {
  requireFields(spec);
  sendOutput(chartBundle(spec));
}

/** The output of a chart: its spec, its description, and the records of the counted events. */
export function chartBundle(spec: Spec | object): Bundle {
  const chart = themed(withOwnLegend(spec));
  const counted = chart.usermeta?.counted;
  return {
    [CHART_TYPE]: chart,
    "text/plain": chart.description,
    ...(counted ? { [COUNTED_MIME]: counted } : {}),
  };
}

/**
 * Displays the rows as a table; outside a notebook, prints its first 20 rows.
 *
 * The report shows up to 5,000 rows, more than 20 of them in a box that scrolls. Of more rows it
 * shows the first, says so, and has a link to all of them as CSV.
 * @param options.caption names the rows
 * @param options.columns the columns to show, in order: a name, or a name with its title, unit,
 *   digits and format; default: all
 * @param options.limit shows only so many rows
 */
export function table(rows: readonly object[], options: TableOptions = {}): void {
  const { caption = "", limit = MAX_ROWS, columns } = options;
  const names = columns?.map((one) => (typeof one === "string" ? one : one.name));
  const shown = rows.slice(0, limit);
  const data = tableData(shown, titleWith(caption, rows.length, limit), columns);
  const csv = rows.length > limit ? [...csvLines(rows, names)].join("\r\n") : "";
  const whole = csv === "" ? {} : { rows: rows.length, ...(csv.length <= MAX_CSV_CHARS ? { csv } : {}) };
  const inLab = shown.slice(0, LAB_ROWS);
  const text = textTable(rows.slice(0, Math.min(limit, TEXT_ROWS)), {
    ...(names ? { columns: names } : {}),
    width: MAX_TEXT_WIDTH,
  });
  sendOutput({
    [TABLE_TYPE]: { ...data, ...whole },
    "text/html": htmlTable(tableData(inLab, titleWith(caption, rows.length, LAB_ROWS), columns)),
    "text/plain": [titleWith(caption, rows.length, Math.min(limit, TEXT_ROWS)), text]
      .filter((part) => part !== "")
      .join("\n"),
  });
}

/** The options of `table`. */
export interface TableOptions {
  caption?: string;
  limit?: number;
  columns?: readonly (string | Column)[];
}

const MAX_ROWS = 5_000; // of a table in the report
const MAX_CSV_CHARS = 5_000_000; // inside the report
const LAB_ROWS = 1_000;
const TEXT_ROWS = 20;

/** The caption, and the number of rows that are left out. */
function titleWith(caption: string, rows: number, limit: number): string {
  const note = rows === 0 ? "no rows" : rows > limit ? `first ${limit} of ${rows} rows` : "";
  return [caption, note].filter((part) => part !== "").join(": ");
}

/** One wide row as narrow rows with a name and a value each, for narrow pages. */
export function transposed(row: object): { name: string; value: unknown }[] {
  return Object.entries(row).map(([name, value]: [string, unknown]) => ({ name, value }));
}

// JupyterLab would render any HTML inside a cell's Markdown, scripts too. It prefers HTML to
// Markdown, so this module renders the HTML itself. A sentence may hold text that players sent:
// tags become text, and nothing becomes a picture or a link.
const prose = new MarkdownIt({ html: false, linkify: false }).disable([
  "image",
  "link",
  "autolink",
  "reference",
]);

/** A value in a sentence. A count shows all of its numbers. */
export type Said = string | number | bigint | boolean | Date | Count;

/**
 * Displays a sentence in Markdown that takes its numbers from results: say`**${rows.length}**
 * rows`.
 *
 * Numbers and times have the form of format.ts. A count is written as "**60** gold, **50** copper",
 * and the report records which events each of its numbers counts.
 * @throws Error if a value is undefined, null, NaN or an object. Outside of code no text may
 * contain "undefined", "NaN" or "[object …]".
 */
export function say(parts: TemplateStringsArray, ...values: Said[]): void {
  sendOutput(sentence("say", parts, values));
}

/** The output of a sentence; `caller` is the function that a notebook calls. */
export function sentence(caller: string, parts: TemplateStringsArray, values: readonly Said[]): Bundle {
  if (!Array.isArray(parts?.raw))
    throw new Error(`${caller}: expected a template: write ${caller}\`…\`, not ${caller}(…)`);
  let markdown = parts[0]!;
  for (const [i, value] of values.entries()) markdown += saidText(value, markdown, caller) + parts[i + 1]!;
  // The class keeps JupyterLab from drawing text between two $ as a formula.
  const html = `<div class="mathjax_ignore">${prose.render(markdown)}</div>`;
  const counts = values.filter(isCount);
  const records = counts.length > 0 ? { [COUNTED_MIME]: countedInSentence(markdown, counts) } : {};
  const shown = values.length > 0 ? { [RESULT_MIME]: saidValues(parts, values) } : {};
  return { "text/html": html, "text/markdown": markdown, "text/plain": markdown, ...records, ...shown };
}

/** The text of a value behind the text `before`. */
export function saidText(value: Said, before: string, caller = "say"): string {
  if (typeof value === "number" && Number.isFinite(value)) return formatNumber(value);
  if (typeof value === "bigint") return formatNumber(value);
  if (typeof value === "boolean") return String(value);
  if (value instanceof Date && !Number.isNaN(value.getTime())) return formatTime(value);
  if (isCount(value)) return countText(value);
  if (typeof value === "string" && (isInCode(before) || !/\bundefined\b|\bNaN\b|\[object /.test(value)))
    return /\.\d/.test(value) ? withCommas(value) : value;
  throw new Error(`${caller}: expected a value after ${JSON.stringify(before)}, got ${String(value)}`);
}

/** Whether a value is a count, of `countBy` and such. */
export function isCount(value: unknown): value is Count {
  return typeof value === "object" && value !== null && "statement" in value && "values" in value;
}

/** Whether a Markdown text ends inside of `code` or a block of code. */
function isInCode(markdown: string): boolean {
  return markdown.split("```").length % 2 === 0 || markdown.replaceAll("```", "").split("`").length % 2 === 0;
}

type Writer = (content: { data: Bundle; metadata: object; transient: object }, update: boolean) => void;

/** Sends a bundle to the notebook's kernel, if this process is one; prints its text otherwise. */
export function sendOutput(data: Bundle): void {
  const require = createRequire(import.meta.url);
  // A kernel has already loaded tslab's module. No other process should: tslab loads ZeroMQ.
  const kernel = require.cache[require.resolve("tslab/dist/jupyter.js")]?.exports as
    { lastWriteDisplayData: Writer | null } | undefined;
  if (kernel?.lastWriteDisplayData) kernel.lastWriteDisplayData({ data, metadata: {}, transient: {} }, false);
  else console.log(forTerminalLines(String(data["text/plain"])));
}
