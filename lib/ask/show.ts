/**
 * Charts, rows and sentences → the output of a notebook's cell; in a terminal, the same as text.
 *
 * A chart is one output with three forms: the spec, which JupyterLab draws, a static
 * SVG for everything else, and its description as text. The kernel's own `display`
 * sends one form at a time, so its writer is called directly. The spec is of Vega-Lite 6
 * and says version 5, the newest that JupyterLab knows by name; it draws both.
 *
 * vega and vega-lite load only when a chart is drawn: cells import this module by
 * `require`, which cannot load modules with a top-level await. (`import { type T }` would
 * load them too; `import type { T }` does not.)
 */
import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";
import MarkdownIt from "markdown-it";
import type { TopLevelSpec } from "vega-lite";
import type { Spec } from "./chart.ts";
import { type Count, COUNTED_MIME, countedInSentence } from "./counted.ts";
import { forHtml, forTerminalLines } from "../untrusted.ts";
import { htmlTable, textTable } from "./table.ts";

/** MIME type → content. */
type Bundle = Record<string, unknown>;

/** Displays a chart in the cell that runs; outside a notebook prints its description. */
export async function show(spec: Spec): Promise<void> {
  write(await chartBundle(spec));
}

/**
 * Makes a function that displays a chart the first time, and from then on
 * replaces it: for numbers that grow while the cell runs.
 */
export function liveShow(): (spec: Spec) => Promise<void> {
  const display = { id: randomUUID(), shown: false };
  return async (spec) => {
    write(await chartBundle(spec), display);
    display.shown = true;
  };
}

/**
 * Displays the first `limit` rows as a table; outside a notebook prints it.
 * @param options.caption what the rows are; how many are left out is added to it
 */
export function table(
  rows: readonly object[],
  { caption = "", limit = 20 }: { caption?: string; limit?: number } = {},
): void {
  const left = rows.length - limit;
  const notes = [
    caption,
    rows.length === 0 ? "no rows" : left > 0 ? `first ${limit} of ${rows.length} rows` : "",
  ];
  const title = notes.filter((note) => note !== "").join(": ");
  const shown = rows.slice(0, limit);
  write({
    "text/html": htmlTable(shown, title),
    "text/plain": [title, textTable(shown)].filter((text) => text !== "").join("\n"),
  });
}

/** One wide row as many narrow ones, a name and a value each: the form in which `table` shows it on a narrow page. */
export function facts(row: object): { name: string; value: unknown }[] {
  return Object.entries(row).map(([name, value]: [string, unknown]) => ({ name, value }));
}

// JupyterLab lets the Markdown of a cell that ran be any HTML, scripts too. It prefers HTML, so that is made here,
// of what may hold values that players sent: their tags are text, and nothing is a picture or a link.
const prose = new MarkdownIt({ html: false, linkify: false }).disable([
  "image",
  "link",
  "autolink",
  "reference",
]);

/**
 * Displays a sentence in Markdown: prose that reads its numbers from the results. Of `counts` it must show
 * every number; the report then records which events each number counts.
 */
export function say(markdown: string, ...counts: Count[]): void {
  const html = `<div class="mathjax_ignore">${prose.render(markdown)}</div>`; // a $ is one, and begins no formula
  const records = counts.length > 0 ? { [COUNTED_MIME]: countedInSentence(markdown, counts) } : {};
  write({ "text/html": html, "text/markdown": markdown, "text/plain": markdown, ...records });
}

/** The three forms of a chart, and the records of the events that it counts. */
export async function chartBundle(spec: Spec): Promise<Bundle> {
  const counted = spec.usermeta?.counted;
  return {
    "application/vnd.vegalite.v5+json": spec,
    "image/svg+xml": await toSvg(spec),
    "text/plain": spec.description,
    ...(counted ? { [COUNTED_MIME]: counted } : {}),
  };
}

/** Draws a chart: an SVG that scales (viewBox), has title and description, and takes the page's text colour. */
async function toSvg(spec: Spec): Promise<string> {
  const [vega, { compile }] = await Promise.all([import("vega"), import("vega-lite")]);
  const view = new vega.View(vega.parse(compile(spec as unknown as TopLevelSpec).spec), { renderer: "none" });
  const svg = await view.toSVG();
  view.finalize();
  const title = typeof spec.title === "string" ? spec.title : spec.title.text;
  return svg.replace(
    /^<svg [^>]*>/,
    (tag) => `${tag}<title>${forHtml(title)}</title><desc>${forHtml(spec.description)}</desc>`,
  );
}

type Writer = (content: { data: Bundle; metadata: object; transient: object }, update: boolean) => void;

/** Sends a bundle to the notebook's kernel, if this process is one; prints its text otherwise. */
function write(data: Bundle, display?: { id: string; shown: boolean }): void {
  const require = createRequire(import.meta.url);
  // A kernel has loaded this module already. Nobody else should: it loads ZeroMQ.
  const kernel = require.cache[require.resolve("tslab/dist/jupyter.js")]?.exports as
    { lastWriteDisplayData: Writer | null } | undefined;
  if (!kernel?.lastWriteDisplayData) return console.log(forTerminalLines(String(data["text/plain"])));
  const transient = display ? { display_id: display.id } : {};
  kernel.lastWriteDisplayData({ data, metadata: {}, transient }, display?.shown ?? false);
}
