/**
 * A cell that ran → HTML: its code folded, its outputs as figures, its claims as a list.
 *
 * The code stays folded in print, too, unless the reader opened it.
 */
import { HEADLINE_TYPE, TILES_TYPE } from "../ask/headline.ts";
import { CHART_TYPE } from "../ask/show.ts";
import { forHtml, forTerminal, forTerminalLines, shortened } from "../untrusted.ts";
import { type Claim, type ClaimValues, countHeld } from "./claims.ts";
import type { CodeCell } from "./notebook.ts";
import { isError, isStream } from "./outputs.ts";
import { formatSeconds } from "./progress.ts";
import { type Anchors, slug } from "./anchors.ts";
import { renderCode, summaryOf } from "./prose.ts";
import type { Charts } from "./draw-charts.ts";
import { renderOutput } from "./render-output.ts";
import type { CellRun } from "./run.ts";

const CLAIM_CHARS = 160; // of a claim's text
const VALUE_CHARS = 160; // of one of its values

/** The page that a cell is part of. */
export interface CellPage {
  charts: Charts;
  anchors: Anchors;
  files: ReadonlyMap<CellRun, string>; // names of the executed notebooks, beside the report
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
  const { charts, anchors, maxChars, files } = page;
  const limit = { maxChars, file: files.get(run) ?? "the executed notebook" };
  return renderOutput(run.cell.outputs[i]!, charts.get(run)?.[i] ?? null, { anchors, limit });
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
    return `<li class="${failed + pending > 0 ? "unheld" : "held"}">${code}${place}${times}${list}${renderDifference(values)}</li>`;
  });
  return `<ul class="claims" aria-label="Claims">${items.join("\n")}</ul>`;
}

/** The lines by which the values of the first failed run differ. */
function renderDifference(values: readonly ClaimValues[]): string {
  const difference = values.find(({ held }) => !held)?.difference;
  if (difference === undefined) return "";
  const lines = forHtml(forTerminalLines(difference));
  return `<p class="values">+ got, - expected:</p><pre class="difference" tabindex="0">${lines}</pre>`;
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

/** The duration, with spaces at which no line breaks. */
export function unbrokenSeconds(seconds: number): string {
  return formatSeconds(seconds).replaceAll(" ", "\u00a0");
}
