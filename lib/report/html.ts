/**
 * A run → one HTML file: each notebook a chapter, its code folded, its outputs as figures.
 *
 * The page runs no script and asks nobody for anything; its policy forbids both. All that outputs hold
 * is escaped or read by the allow-lists of markup.ts.
 */
import { createHash } from "node:crypto";
import type { MultilineString } from "@jupyterlab/nbformat";
import { type Claim, type ClaimValues, countHeld, failureOf } from "./claims.ts";
import { forHtml, forTerminal, forTerminalLines } from "../untrusted.ts";
import { safeSvg, safeTable } from "./markup.ts";
import { isCode, type Output } from "./notebook.ts";
import { isError, isStream, textOf } from "./outputs.ts";
import { formatSeconds as secondsText } from "./progress.ts";
import { type Heading, renderCode, renderProse, renderSaid, slug, summaryOf } from "./prose.ts";
import { type CellRun, type Run, type StepRun } from "./run.ts";
import { STYLE } from "./style.ts";

const MAX_BYTES = 1_000_000;
const CLAIM_CHARS = 160; // of a claim's text
const VALUE_CHARS = 160; // of one of its values
const OUTPUT_CHARS = [40_000, 10_000, 2_500, 600]; // of one output; the next smaller until the report fits

/** What was there when the report ran, e.g. { title: "Services", rows: [["Trino", "476"]] }. */
export interface Facts {
  title: string;
  rows: [name: string, value: string][];
}

export interface ReportOptions {
  title: string;
  facts: Facts[];
}

/** Renders the report, at most 1 MB: longer outputs are cut, and say so. @throws Error if the notebooks alone are longer. */
export function renderReport(run: Run, options: ReportOptions): string {
  for (const maxChars of OUTPUT_CHARS) {
    const html = renderPage(run, options, maxChars);
    if (Buffer.byteLength(html) <= MAX_BYTES) return html;
  }
  throw new Error(
    `report: expected at most ${MAX_BYTES} bytes, and the notebooks' text and code alone are longer`,
  );
}

function renderPage(run: Run, { title, facts }: ReportOptions, maxChars: number): string {
  const chapters = run.steps.map((step, i) => renderStep(step, i + 1, run.steps.length, maxChars));
  const hash = createHash("sha256").update(STYLE).digest("base64");
  const policy = `default-src 'none'; style-src 'sha256-${hash}'; img-src data:; base-uri 'none'; form-action 'none'`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${forHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<header class="top">
<p class="kicker">Questlog report</p>
<h1>${forHtml(title)}</h1>
${renderVerdict(run)}
<p class="when"><time datetime="${run.startedAt.toISOString()}">${formatDate(run.startedAt)}</time></p>
</header>
<div class="page">
${renderContents(run, chapters)}
<main>
${chapters.map(({ html }) => html).join("\n")}
${renderFacts(facts)}
</main>
</div>
</body>
</html>
`;
}

export interface Verdict {
  text: string; // one or two sentences
  failedAt: string | null; // the id of the cell that ended the run
}

/** Says how the run ended: "All 42 cells ran, 17 claims held, in 1 min 38 s.", or which cell failed, and why. */
export function verdictOf({ status, steps, seconds }: Run): Verdict {
  const cells = steps.flatMap((step) => step.cells);
  const took = `in ${formatSeconds(seconds)}`;
  if (status === "ok") {
    const claims = countHeld(cells.flatMap(({ claims }) => claims));
    const held = claims === 0 ? "" : `, ${plural(claims, "claim")} held`;
    return { text: `All ${cells.length} cells ran${held}, ${took}.`, failedAt: null };
  }
  const at = steps.findIndex((step) => step.cells.some((cell) => cell.status === "failed"));
  const step = steps[at];
  const cell = step?.cells.find((one) => one.status === "failed");
  const left = cells.filter((one) => one.status === "not run").length;
  const rest = left === 0 ? "" : ` ${plural(left, "cell")} did not run.`;
  if (!step || !cell) return { text: `Interrupted ${took}.${rest}`, failedAt: null };
  const what = `${status === "interrupted" ? "Interrupted" : "Failed"} in step ${at + 1}, cell ${cell.number}, ${took}`;
  const error = status === "failed" ? cell.cell.outputs.find(isError) : undefined;
  const unheld = status === "failed" ? failureOf(cell.claims) : null;
  const cause = unheld ?? (error ? `${error.ename}: ${error.evalue}` : "");
  const why = cause === "" ? "" : `: ${firstLine(cause)}`;
  return { text: `${what}${why}.${rest}`, failedAt: cellId(step, cell) };
}

function renderVerdict(run: Run): string {
  const { text, failedAt } = verdictOf(run);
  const html = forHtml(text);
  const linked =
    failedAt === null
      ? html
      : html.replace(/step \d+, cell \d+/, (place) => `<a href="#${failedAt}">${place}</a>`);
  return `<p class="verdict ${slug(run.status)}">${linked}</p>`;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

interface Chapter {
  html: string;
  headings: Heading[];
}

function renderContents({ steps }: Run, chapters: Chapter[]): string {
  const items = steps.map((step, i) => {
    const sections = (chapters[i]?.headings ?? []).filter(({ level }) => level === 2);
    const list = sections.map(({ id, text }) => `<li><a href="#${id}">${forHtml(text)}</a></li>`).join("");
    const took = step.status === "not run" ? "not run" : formatSeconds(step.seconds);
    return `<li class="${slug(step.status)}"><a href="#${stepId(step)}">${forHtml(step.title)}</a> <span class="took">${took}</span>${list === "" ? "" : `<ul>${list}</ul>`}</li>`;
  });
  return `<nav aria-label="Contents">
<p class="nav-title">Contents</p>
<ol>${items.join("\n")}</ol>
<p class="nav-end"><a href="#about">About this run</a></p>
<label class="toggle"><input type="checkbox" id="show-code"> Show all code</label>
</nav>`;
}

function renderStep(step: StepRun, number: number, total: number, maxChars: number): Chapter {
  const id = stepId(step);
  const headings: Heading[] = [];
  const parts: string[] = [];
  const runs = new Map(step.cells.map((cell) => [cell.cell, cell]));
  const took = step.status === "not run" ? "not run" : formatSeconds(step.seconds);
  const kicker = `<p class="kicker">Step ${number} of ${total} <span class="took">${took}</span></p>`;
  for (const cell of step.notebook.cells) {
    const run = isCode(cell) ? runs.get(cell) : undefined;
    if (run) {
      parts.push(renderCell(run, cellId(step, run), maxChars));
      continue;
    }
    const prose = renderProse(cell.source, id);
    headings.push(...prose.headings);
    parts.push(`<div class="prose">${prose.html}</div>`);
  }
  const titled = headings.some(({ level }) => level === 1);
  const head = titled ? kicker : `${kicker}<h2>${forHtml(step.title)}</h2>`;
  return {
    html: `<section class="step ${slug(step.status)}" id="${id}">\n${head}\n${parts.join("\n")}\n</section>`,
    headings,
  };
}

function renderCell(run: CellRun, id: string, maxChars: number): string {
  const { cell, status, seconds } = run;
  const claims = countHeld(run.claims);
  const notes = [
    seconds > 1 ? `<span class="took">${formatSeconds(seconds)}</span>` : "",
    claims > 0 ? `<span class="held">${claims === 1 ? "claim held" : `${claims} claims held`}</span>` : "",
    status === "failed" ? `<span class="failed">failed</span>` : "",
    status === "not run" ? `<span class="not-run">not run</span>` : "",
  ].join("");
  const outputs = cell.outputs
    .map((output, i) => renderOutput(output, `${id}-${i + 1}`, maxChars))
    .join("\n");
  return `<div class="cell ${slug(status)}" id="${id}">
<details class="code"${status === "failed" ? " open" : ""}><summary><code>${summaryOf(cell.source)}</code>${notes}</summary>
<pre><code>${renderCode(cell.source)}</code></pre></details>
${outputs}${renderClaims(run.claims)}</div>`;
}

/** Each assertion that ran, with its values. */
function renderClaims(claims: Claim[]): string {
  if (claims.length === 0) return "";
  const items = claims.map(({ text, held, failed, values }) => {
    const times = held + failed > 1 ? ` <span class="times">${held + failed} times</span>` : "";
    const shown = values.map(valuesText).filter((text) => text !== "");
    const list = shown.map((text) => ` <span class="values">${forHtml(text)}</span>`).join("");
    return `<li class="${failed > 0 ? "unheld" : "held"}"><code>${forHtml(shortened(text, CLAIM_CHARS))}</code>${times}${list}</li>`;
  });
  return `<ul class="claims" aria-label="Claims">${items.join("\n")}</ul>`;
}

/** "220 = 220", or what differs. */
function valuesText({ held, actual, expected, cause }: ClaimValues): string {
  const got = shortened(forTerminal(actual ?? ""), VALUE_CHARS);
  const wanted = shortened(forTerminal(expected ?? "true"), VALUE_CHARS);
  const why = cause === null ? "" : shortened(forTerminalLines(cause), VALUE_CHARS);
  if (actual === null) return why;
  if (!held) return `expected ${wanted}, got ${got}${why === "" ? "" : `; ${why}`}`;
  return expected === null || got === wanted ? got : `${got}, and ${wanted}`;
}

function shortened(text: string, chars: number): string {
  return text.length > chars ? `${text.slice(0, chars)}…` : text;
}

function renderOutput(output: Output, id: string, maxChars: number): string {
  if (isStream(output)) return renderText(textOf(output.text), `text ${slug(output.name)}`, maxChars);
  if (isError(output)) {
    return `<div class="error" role="alert"><p>${forHtml(output.ename)}</p>${renderText(output.evalue, "text", maxChars)}</div>`;
  }
  const {
    "image/svg+xml": svg,
    "text/html": html,
    "text/markdown": markdown,
    "text/plain": plain,
  } = output.data as Record<string, MultilineString>;
  if (markdown !== undefined) return `<div class="prose said">${renderSaid(textOf(markdown))}</div>`;
  const chart = svg === undefined ? null : safeSvg(textOf(svg), `${id}-`);
  if (chart !== null && chart.length <= maxChars * 4) return renderChart(chart, id, textOf(plain ?? "Chart"));
  const table = html === undefined ? null : safeTable(textOf(html));
  if (table !== null && table.length <= maxChars * 4)
    return `<figure class="table"><div class="scroll" tabindex="0">${table}</div></figure>`;
  return renderText(textOf(plain ?? "an output that this page cannot show"), "text", maxChars);
}

/** The drawing is one picture to a screen reader: its description says all that its marks say. */
function renderChart(svg: string, id: string, description: string): string {
  const label = forHtml(/<desc>([^<]*)<\/desc>/.test(svg) ? "" : description);
  const named = svg
    .replace(/<title>/, `<title id="${id}-title">`)
    .replace(/<desc>/, `<desc id="${id}-desc">`)
    .replace(
      /^<svg/,
      label === ""
        ? `<svg role="img" aria-labelledby="${id}-title ${id}-desc"`
        : `<svg role="img" aria-label="${label}"`,
    );
  return `<figure class="chart">${named}</figure>`;
}

function renderText(text: string, classes: string, maxChars: number): string {
  const shown = text.split("\n").map(lastState).join("\n").trimEnd();
  if (shown === "") return "";
  const cut =
    shown.length > maxChars ? `\n… ${shown.length - maxChars} more characters, in the executed notebook` : "";
  const drawn = /[│─]/.test(shown) ? " drawn" : ""; // lines of a table do not wrap
  return `<pre class="${classes}${drawn}">${forHtml(shown.slice(0, maxChars) + cut)}</pre>`;
}

/** What a line shows when each carriage return in it starts it anew. */
function lastState(line: string): string {
  return line.split("\r").findLast((state) => state !== "") ?? "";
}

function renderFacts(facts: Facts[]): string {
  const groups = facts.map(({ title, rows }) => {
    const items = rows.map(
      ([name, value]) => `<div><dt>${forHtml(name)}</dt><dd>${forHtml(value)}</dd></div>`,
    );
    return `<h3>${forHtml(title)}</h3><dl>${items.join("")}</dl>`;
  });
  return `<section class="facts" id="about"><h2>About this run</h2>${groups.join("\n")}</section>`;
}

function stepId({ notebook }: StepRun): string {
  return /^[A-Za-z0-9]/.test(notebook.name) ? notebook.name : slug(notebook.name);
}

function cellId(step: StepRun, { number }: CellRun): string {
  return `${stepId(step)}-cell-${number}`;
}

function firstLine(text: string): string {
  return (text.split("\n").find((line) => line.trim() !== "") ?? "").slice(0, 200).replace(/[.:]$/, "");
}

/** The duration without a place to break. */
function formatSeconds(seconds: number): string {
  return secondsText(seconds).replaceAll(" ", "\u00a0");
}

/** "24 November 2026, 03:21 UTC" */
function formatDate(date: Date): string {
  const day = date.toLocaleDateString("en-GB", {
    day: "numeric",
    month: "long",
    year: "numeric",
    timeZone: "UTC",
  });
  return `${day}, ${date.toISOString().slice(11, 16)} UTC`;
}
