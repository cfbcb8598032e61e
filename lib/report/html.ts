/**
 * A run → one HTML file: each notebook a chapter, its code folded, its outputs as figures.
 *
 * The page runs no script and sends no request; its policy forbids both.
 */
import { createHash } from "node:crypto";
import { forHtml } from "../untrusted.ts";
import { type Charts, drawCharts, renderCell, unbrokenSeconds } from "./cell.ts";
import { isCode, isMarkdown } from "./notebook.ts";
import { renderParameters } from "./parameter-list.ts";
import { type Heading, renderProse, slug } from "./prose.ts";
import type { CellRun, Run, StepRun } from "./run.ts";
import { STYLE } from "./style.ts";
import { summarize } from "./summary.ts";

const MAX_BYTES = 1_000_000; // without the charts, which have limits of their own
const OUTPUT_CHARS = [40_000, 10_000, 2_500, 600]; // limits of one output; the first with which the report fits

/** A group of facts about the run, e.g. { title: "Services", rows: [["Trino", "476"]] }. */
export interface RunFacts {
  title: string;
  rows: [name: string, value: string][];
}

export interface ReportOptions {
  title: string;
  facts: RunFacts[];
}

/**
 * Renders the report in at most 1 MB and its charts: long outputs are cut, with a note.
 * @throws Error if the notebooks' text and code alone are longer.
 */
export async function renderReport(run: Run, options: ReportOptions): Promise<string> {
  const charts = await drawCharts(run);
  const drawings = [...charts.values()].flat().map((drawing) => drawing?.svg?.length ?? 0);
  const maxBytes = MAX_BYTES + drawings.reduce((sum, length) => sum + length, 0);
  for (const maxChars of OUTPUT_CHARS) {
    const html = renderPage(run, options, charts, maxChars);
    if (Buffer.byteLength(html) <= maxBytes) return html;
  }
  throw new Error(
    `report: expected at most ${MAX_BYTES} bytes, got more for the notebooks' text and code alone`,
  );
}

function renderPage(run: Run, { title, facts }: ReportOptions, charts: Charts, maxChars: number): string {
  const chapters = run.steps.map((step, i) =>
    renderStep(step, `Step ${i + 1} of ${run.steps.length}`, charts, maxChars),
  );
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
${renderSummary(run)}
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

function renderSummary(run: Run): string {
  const { text, failed } = summarize(run);
  const html = forHtml(text);
  const linked =
    failed === null
      ? html
      : html.replace(
          /step \d+, cell \d+/,
          (place) => `<a href="#${cellId(failed.step, failed.cell)}">${place}</a>`,
        );
  return `<p class="summary ${slug(run.status)}">${linked}</p>`;
}

interface Chapter {
  html: string;
  headings: Heading[];
}

function renderContents({ steps }: Run, chapters: Chapter[]): string {
  const items = steps.map((step, i) => {
    const sections = (chapters[i]?.headings ?? []).filter(({ level }) => level === 2);
    const list = sections.map(({ id, text }) => `<li><a href="#${id}">${forHtml(text)}</a></li>`).join("");
    const took = step.status === "not run" ? "not run" : unbrokenSeconds(step.seconds);
    return `<li class="${slug(step.status)}"><a href="#${stepId(step)}">${forHtml(step.title)}</a> <span class="took">${took}</span>${list === "" ? "" : `<ul>${list}</ul>`}</li>`;
  });
  return `<nav aria-label="Contents">
<p class="nav-title">Contents</p>
<ol>${items.join("\n")}</ol>
<p class="nav-end"><a href="#about">About this run</a></p>
<label class="toggle"><input type="checkbox" id="show-code"> Show all code</label>
</nav>`;
}

function renderStep(step: StepRun, place: string, charts: Charts, maxChars: number): Chapter {
  const id = stepId(step);
  const headings: Heading[] = [];
  const parts: string[] = [];
  const parameters = renderParameters(step.notebook);
  const runs = new Map(step.cells.map((cell) => [cell.cell, cell]));
  const took = step.status === "not run" ? "not run" : unbrokenSeconds(step.seconds);
  const kicker = `<p class="kicker">${place} <span class="took">${took}</span></p>`;
  for (const cell of step.notebook.cells) {
    const run = isCode(cell) ? runs.get(cell) : undefined;
    if (run) {
      parts.push(renderCell(run, cellId(step, run), charts, maxChars));
      continue;
    }
    if (!isMarkdown(cell)) continue;
    const prose = renderProse(cell.source, id);
    headings.push(...prose.headings);
    parts.push(`<div class="prose">${prose.html}</div>`);
    if (parts.length === 1) parts.push(parameters);
  }
  const titled = headings.some(({ level }) => level === 1);
  const head = titled ? kicker : `${kicker}<h2>${forHtml(step.title)}</h2>`;
  if (!parts.includes(parameters)) parts.unshift(parameters);
  return {
    html: `<section class="step ${slug(step.status)}" id="${id}">\n${head}\n${parts.join("\n")}\n</section>`,
    headings,
  };
}

function renderFacts(facts: RunFacts[]): string {
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
