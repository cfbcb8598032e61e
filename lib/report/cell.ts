/**
 * A cell that ran → HTML: its code folded, its outputs as figures, its claims as a list.
 *
 * The page contains no markup of a kernel. Charts are drawn from their specs, tables from their
 * rows, sentences from their Markdown. The page shows any other output as text, with a note.
 */
import type { MultilineString } from "@jupyterlab/nbformat";
import { COUNTED_MIME } from "../ask/counted.ts";
import { HEADLINE_TYPE, TILES_TYPE } from "../ask/headline.ts";
import { CHART_TYPE, TABLE_TYPE } from "../ask/show.ts";
import { htmlTable, type TableData } from "../ask/table.ts";
import { forHtml, forTerminal, forTerminalLines, shortened } from "../untrusted.ts";
import { type Claim, type ClaimValues, countHeld } from "./claims.ts";
import { drawChart } from "./draw.ts";
import type { CodeCell, Output } from "./notebook.ts";
import { isError, isStream, textOf } from "./outputs.ts";
import { formatSeconds } from "./progress.ts";
import { type Anchors, slug } from "./anchors.ts";
import { renderCode, renderSaid, summaryOf } from "./prose.ts";
import type { CellRun, Run } from "./run.ts";

const CLAIM_CHARS = 160; // of a claim's text
const VALUE_CHARS = 160; // of one of its values

/** Cell → the drawing of each of its outputs; null for an output without a chart. */
export type Charts = Map<CellRun, (Drawing | null)[]>;

interface Drawing {
  svg: string | null;
  note: string; // on marks that the drawing leaves out, else empty
  problem: string; // the reason for a missing drawing, else empty
}

/** Draws the charts of a run. The ids in each drawing are unique on the page. */
export async function drawCharts({ steps }: Run): Promise<Charts> {
  const charts: Charts = new Map();
  let count = 0;
  for (const run of steps.flatMap(({ cells }) => cells)) {
    const drawings: (Drawing | null)[] = [];
    for (const output of run.cell.outputs) {
      const spec = isStream(output) || isError(output) ? undefined : output.data[CHART_TYPE];
      drawings.push(spec === undefined ? null : await draw(spec, `chart-${++count}`));
    }
    charts.set(run, drawings);
  }
  return charts;
}

async function draw(spec: unknown, id: string): Promise<Drawing> {
  try {
    return { ...(await drawChart(spec, id)), problem: "" };
  } catch (error) {
    return { svg: null, note: "", problem: (error as Error).message };
  }
}

/** The page that a cell is part of. */
export interface CellPage {
  charts: Charts;
  anchors: Anchors;
  maxChars: number; // of the text of one output
  isForReaders: boolean; // without code, times and claims
}

/** Renders a cell with the drawings of its outputs. Its tags can hide parts of a good cell. */
export function renderCell(run: CellRun, id: string, page: CellPage): string {
  const { status } = run;
  const tags = status === "failed" ? [] : tagsOf(run.cell);
  if (tags.includes("remove-cell")) return `<div class="cell removed" id="${id}"></div>`;
  const isWithoutCode = tags.includes("remove-input") || (page.isForReaders && status !== "failed");
  const outputs = run.cell.outputs
    .map((_, i) => (isOnFirstScreen(run, i) ? "" : renderOutputOf(run, i, page)))
    .filter((html) => html !== "")
    .join("\n");
  const code = isWithoutCode ? "" : renderCodeOf(run, tags.includes("hide-input"));
  const claims = page.isForReaders ? "" : renderClaims(run.claims);
  const shown = tags.includes("remove-output")
    ? ""
    : tags.includes("hide-output") && outputs !== ""
      ? `<details class="output"><summary>Output</summary>${outputs}</details>`
      : outputs;
  return `<div class="cell ${slug(status)}" id="${id}">${code}${shown}${claims}</div>`;
}

/** Whether an output stands on the report's first screen, not at the place of its cell. */
export function isOnFirstScreen({ cell, status }: CellRun, i: number): boolean {
  const output = cell.outputs[i];
  if (!output || isStream(output) || isError(output) || status === "failed") return false;
  if (output.data[HEADLINE_TYPE] !== undefined || output.data[TILES_TYPE] !== undefined) return true;
  return output.data[CHART_TYPE] !== undefined && tagsOf(cell).includes("headline");
}

/** The tags of a cell, e.g. "hide-input". */
export function tagsOf({ metadata }: Pick<CodeCell, "metadata">): string[] {
  return Array.isArray(metadata.tags) ? metadata.tags.map(String) : [];
}

/** Renders one output of a cell. */
export function renderOutputOf(run: CellRun, i: number, page: CellPage): string {
  return renderOutput(run.cell.outputs[i]!, page.charts.get(run)?.[i] ?? null, page);
}

/** The code in one line that opens; a quiet one shows only if the page shows all code. */
function renderCodeOf(run: CellRun, isQuiet: boolean): string {
  const { cell, status, seconds } = run;
  const claims = countHeld(run.claims);
  const notes = [
    seconds > 1 ? `<span class="took">${unbrokenSeconds(seconds)}</span>` : "",
    claims > 0 ? `<span class="held">${claims === 1 ? "claim held" : `${claims} claims held`}</span>` : "",
    status === "failed" ? `<span class="failed">failed</span>` : "",
    status === "not run" ? `<span class="not-run">not run</span>` : "",
  ].join("");
  return `<details class="code${isQuiet ? " quiet" : ""}"${status === "failed" ? " open" : ""}><summary><code>${summaryOf(cell.source)}</code>${notes}</summary>
<pre tabindex="0"><code>${renderCode(cell.source)}</code></pre></details>
`;
}

/** Renders each assertion that ran, with its values. */
function renderClaims(claims: Claim[]): string {
  if (claims.length === 0) return "";
  const items = claims.map(({ text, cell, held, failed, pending, values }) => {
    const times = held + failed > 1 ? ` <span class="times">${held + failed} times</span>` : "";
    const shown = [...new Set(values.map(valuesText)), pending > 0 ? "not awaited" : ""]
      .filter((text) => text !== "")
      .join("; ");
    const more = held + failed > values.length ? "; …" : "";
    const list = shown === "" ? "" : ` <span class="values">${forHtml(shown + more)}</span>`;
    const code = `<code>${forHtml(shortened(text, CLAIM_CHARS))}</code>`;
    const place = cell === null ? "" : ` <span class="times">of cell ${cell}</span>`;
    return `<li class="${failed + pending > 0 ? "unheld" : "held"}">${code}${place}${times}${list}</li>`;
  });
  return `<ul class="claims" aria-label="Claims">${items.join("\n")}</ul>`;
}

/** "both 220" for equal values, else both values. */
function valuesText({ held, actual, expected, cause }: ClaimValues): string {
  const got = shortened(forTerminal(actual ?? ""), VALUE_CHARS);
  const wanted = shortened(forTerminal(expected ?? "true"), VALUE_CHARS);
  const why = cause === null ? "" : shortened(forTerminalLines(cause), VALUE_CHARS);
  if (actual === null) return why;
  if (!held) return `expected ${wanted}, got ${got}${why === "" ? "" : `; ${why}`}`;
  if (expected === null) return got;
  return got === wanted ? `both ${got}` : `${got}, and ${wanted}`;
}

function renderOutput(output: Output, chart: Drawing | null, { maxChars, anchors }: CellPage): string {
  if (isStream(output)) return renderText(textOf(output.text), `text ${slug(output.name)}`, maxChars);
  if (isError(output)) {
    return `<div class="error" role="alert"><p>${forHtml(output.ename)}</p>${renderText(output.evalue, "text", maxChars)}</div>`;
  }
  const { "text/markdown": markdown, "text/plain": plain, [TABLE_TYPE]: rows } = output.data;
  if (markdown !== undefined)
    return `<div class="prose said">${renderSaid(textOf(markdown as MultilineString))}</div>`;
  const table = readTable(rows);
  if (chart?.svg)
    return renderFigure("chart", chart.svg, { title: titleIn(output.data), note: chart.note, anchors });
  const figure = table && `<div class="scroll" tabindex="0">${htmlTable(table)}</div>`;
  if (figure && figure.length <= maxChars * 4)
    return renderFigure("table", figure, { title: table.title, anchors });
  const types = Object.keys(output.data).filter((type) => type !== "text/plain" && type !== COUNTED_MIME);
  const reason = figure ? "it is too long; the executed notebook has it" : chart?.problem;
  const notDrawn = forTerminal(reason ?? `this page cannot draw ${types.join(", ")}`);
  const note = types.length > 0 ? `<p class="note">Not drawn: ${forHtml(notDrawn)}</p>` : "";
  return renderText(textOf((plain ?? "") as MultilineString), "text", maxChars) + note;
}

/** A figure with an address of its own. */
function renderFigure(
  kind: "table" | "chart",
  html: string,
  { title, note = "", anchors }: { title: string; note?: string; anchors: Anchors },
): string {
  const id = anchors.unique(`figure-${slug(title)}`);
  const link = `<a class="permalink" href="#${id}" aria-label="Link to ${forHtml(forTerminal(title || "this figure"))}">#</a>`;
  const caption = note === "" ? "" : `<figcaption class="note">${forHtml(note)}</figcaption>`;
  return `<figure class="${kind}" id="${id}">${html}${caption}${link}</figure>`;
}

/** The title of the chart in an output. */
function titleIn(data: Record<string, unknown>): string {
  const { title } = (data[CHART_TYPE] ?? {}) as { title?: unknown };
  const text = typeof title === "object" && title !== null && "text" in title ? title.text : title;
  return [text]
    .flat()
    .map((line) => (typeof line === "string" ? line : ""))
    .join(" ");
}

/** The content as a table, if it has the form that `table` of ask/show.ts sends; else null. */
function readTable(content: unknown): TableData | null {
  const { title, schema, data } = (content ?? {}) as Partial<TableData>;
  const isTable = Array.isArray(data) && Array.isArray(schema?.fields);
  return isTable ? { title: String(title ?? ""), schema, data } : null;
}

function renderText(text: string, classes: string, maxChars: number): string {
  const shown = text.split("\n").map(lastState).join("\n").trimEnd();
  if (shown === "") return "";
  const cut =
    shown.length > maxChars
      ? `\n… ${shown.length - maxChars} more characters are in the executed notebook`
      : "";
  const drawn = /[│─]/.test(shown) ? " drawn" : ""; // lines of a table do not wrap
  return `<pre class="${classes}${drawn}">${forHtml(shown.slice(0, maxChars) + cut)}</pre>`;
}

/** The text that a terminal shows for a line: each carriage return starts the line anew. */
function lastState(line: string): string {
  return line.split("\r").findLast((state) => state !== "") ?? "";
}

/** The duration, with spaces at which no line breaks. */
export function unbrokenSeconds(seconds: number): string {
  return formatSeconds(seconds).replaceAll(" ", "\u00a0");
}
