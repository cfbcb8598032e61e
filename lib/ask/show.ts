/**
 * Charts, rows and sentences → the output of a notebook's cell; in a terminal, the same as text.
 *
 * An output holds data: a chart its spec, a table its rows, a sentence its Markdown. The report draws
 * all of them. JupyterLab draws the spec; for tables and sentences it gets HTML too. The kernel's own
 * `display` sends one form at a time, so its writer is called directly. The spec is of Vega-Lite 6
 * and says version 5, the newest that JupyterLab knows by name; it draws both.
 */
import { createRequire } from "node:module";
import MarkdownIt from "markdown-it";
import type { Spec } from "./chart.ts";
import { type Count, COUNTED_MIME, countedInSentence } from "./counted.ts";
import { forTerminalLines } from "../untrusted.ts";
import { htmlTable, tableData, textTable } from "./table.ts";

/** MIME type → content. */
type Bundle = Record<string, unknown>;

export const CHART_TYPE = "application/vnd.vegalite.v5+json";
export const TABLE_TYPE = "application/vnd.dataresource+json";

/** Displays a chart in the cell that runs; outside a notebook prints its description. */
export function show(spec: Spec): void {
  write(chartBundle(spec));
}

/** The spec, its description, and the records of the events that the chart counts. */
export function chartBundle(spec: Spec): Bundle {
  const counted = spec.usermeta?.counted;
  return {
    [CHART_TYPE]: spec,
    "text/plain": spec.description,
    ...(counted ? { [COUNTED_MIME]: counted } : {}),
  };
}

/**
 * Displays the first `limit` rows as a table; outside a notebook prints it.
 * @param options.caption names the rows; the number of rows left out is added to it
 * @param options.columns the columns to show, else all
 */
export function table(
  rows: readonly object[],
  { caption = "", limit = 20, columns }: { caption?: string; limit?: number; columns?: string[] } = {},
): void {
  const left = rows.length - limit;
  const notes = [
    caption,
    rows.length === 0 ? "no rows" : left > 0 ? `first ${limit} of ${rows.length} rows` : "",
  ];
  const title = notes.filter((note) => note !== "").join(": ");
  const shown = rows.slice(0, limit);
  const data = tableData(shown, title, columns);
  write({
    [TABLE_TYPE]: data,
    "text/html": htmlTable(data),
    "text/plain": [title, textTable(shown, columns)].filter((text) => text !== "").join("\n"),
  });
}

/** One wide row as many narrow rows, a name and a value each: they fit a narrow page. */
export function transposed(row: object): { name: string; value: unknown }[] {
  return Object.entries(row).map(([name, value]: [string, unknown]) => ({ name, value }));
}

// JupyterLab lets the Markdown of a cell be any HTML, scripts too. It prefers HTML, so HTML is made here.
// A sentence may hold values of players: their tags are text, and nothing is a picture or a link.
const prose = new MarkdownIt({ html: false, linkify: false }).disable([
  "image",
  "link",
  "autolink",
  "reference",
]);

/**
 * Displays a sentence in Markdown: prose that takes its numbers from the results. It must show every number
 * of `counts`; the report then records which events each number counts.
 */
export function say(markdown: string, ...counts: Count[]): void {
  const html = `<div class="mathjax_ignore">${prose.render(markdown)}</div>`; // a $ begins no formula
  const records = counts.length > 0 ? { [COUNTED_MIME]: countedInSentence(markdown, counts) } : {};
  write({ "text/html": html, "text/markdown": markdown, "text/plain": markdown, ...records });
}

type Writer = (content: { data: Bundle; metadata: object; transient: object }, update: boolean) => void;

/** Sends a bundle to the notebook's kernel, if this process is one; prints its text otherwise. */
function write(data: Bundle): void {
  const require = createRequire(import.meta.url);
  // A kernel has loaded this module already. No other process should load it: it loads ZeroMQ.
  const kernel = require.cache[require.resolve("tslab/dist/jupyter.js")]?.exports as
    { lastWriteDisplayData: Writer | null } | undefined;
  if (kernel?.lastWriteDisplayData) kernel.lastWriteDisplayData({ data, metadata: {}, transient: {} }, false);
  else console.log(forTerminalLines(String(data["text/plain"])));
}
