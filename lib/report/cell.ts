/**
 * A cell that ran → HTML: its code folded, its outputs as figures, its claims as a list.
 *
 * The page contains no markup of a kernel. Charts are drawn from their specs, tables from their
 * rows, sentences from their Markdown. The page shows any other output as text, with a note.
 */
import type { MultilineString } from "@jupyterlab/nbformat";
import { COUNTED_MIME } from "../ask/counted.ts";
import { CHART_TYPE, TABLE_TYPE } from "../ask/show.ts";
import { htmlTable, type TableData } from "../ask/table.ts";
import { forHtml, forTerminal, forTerminalLines, shortened } from "../untrusted.ts";
import { type Claim, type ClaimValues, countHeld } from "./claims.ts";
import { drawChart } from "./draw.ts";
import type { Output } from "./notebook.ts";
import { isError, isStream, textOf } from "./outputs.ts";
import { formatSeconds } from "./progress.ts";
import { renderCode, renderSaid, slug, summaryOf } from "./prose.ts";
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

/** Renders a cell with the drawings of its outputs; cuts each output at `maxChars`. */
export function renderCell(run: CellRun, id: string, charts: Charts, maxChars: number): string {
  const { cell, status, seconds } = run;
  const claims = countHeld(run.claims);
  const notes = [
    seconds > 1 ? `<span class="took">${unbrokenSeconds(seconds)}</span>` : "",
    claims > 0 ? `<span class="held">${claims === 1 ? "claim held" : `${claims} claims held`}</span>` : "",
    status === "failed" ? `<span class="failed">failed</span>` : "",
    status === "not run" ? `<span class="not-run">not run</span>` : "",
  ].join("");
  const outputs = cell.outputs
    .map((output, i) => renderOutput(output, charts.get(run)?.[i] ?? null, maxChars))
    .join("\n");
  return `<div class="cell ${slug(status)}" id="${id}">
<details class="code"${status === "failed" ? " open" : ""}><summary><code>${summaryOf(cell.source)}</code>${notes}</summary>
<pre><code>${renderCode(cell.source)}</code></pre></details>
${outputs}${renderClaims(run.claims)}</div>`;
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

function renderOutput(output: Output, chart: Drawing | null, maxChars: number): string {
  if (isStream(output)) return renderText(textOf(output.text), `text ${slug(output.name)}`, maxChars);
  if (isError(output)) {
    return `<div class="error" role="alert"><p>${forHtml(output.ename)}</p>${renderText(output.evalue, "text", maxChars)}</div>`;
  }
  const { "text/markdown": markdown, "text/plain": plain, [TABLE_TYPE]: rows } = output.data;
  if (markdown !== undefined)
    return `<div class="prose said">${renderSaid(textOf(markdown as MultilineString))}</div>`;
  const table = readTable(rows);
  if (chart?.svg) return renderChart(chart.svg, chart.note);
  const figure = table && `<div class="scroll" tabindex="0">${htmlTable(table)}</div>`;
  if (figure && figure.length <= maxChars * 4) return `<figure class="table">${figure}</figure>`;
  const types = Object.keys(output.data).filter((type) => type !== "text/plain" && type !== COUNTED_MIME);
  const reason = figure ? "it is too long; the executed notebook has it" : chart?.problem;
  const notDrawn = forTerminal(reason ?? `this page cannot draw ${types.join(", ")}`);
  const note = types.length > 0 ? `<p class="note">Not drawn: ${forHtml(notDrawn)}</p>` : "";
  return renderText(textOf((plain ?? "") as MultilineString), "text", maxChars) + note;
}

/** A chart of any size: `drawChart` limits its marks, and the note tells it. */
function renderChart(svg: string, note: string): string {
  const caption = note === "" ? "" : `<figcaption class="note">${forHtml(note)}</figcaption>`;
  return `<figure class="chart">${svg}${caption}</figure>`;
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
