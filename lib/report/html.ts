/**
 * A run → one HTML file: each notebook a chapter, its code folded, its outputs as figures.
 *
 * The page sends no request and runs no script but that of the tables; its policy forbids others.
 * The ids of the page come from anchors.ts, its head from first-screen.ts.
 */
import { forHtml } from "../untrusted.ts";
import { Anchors, slug } from "./anchors.ts";
import { ansiRules } from "./ansi.ts";
import { type CellPage, renderCell, unbrokenSeconds } from "./cell.ts";
import { countHeld } from "./claims.ts";
import { hasHeadline, renderFirstScreen } from "./first-screen.ts";
import { type Front, withoutFront } from "./front.ts";
import { knownText } from "./known-texts.ts";
import { isCode, isMarkdown } from "./notebook.ts";
import { renderFrame } from "./page-frame.ts";
import { renderParameters } from "./parameter-list.ts";
import { footnotesOf, type Heading, renderProse } from "./prose.ts";
import { type Charts, drawCharts } from "./draw-charts.ts";
import type { Results } from "./results.ts";
import type { Run, StepRun } from "./run.ts";
import { STYLE } from "./style.ts";
import { plural } from "./progress.ts";
import { placeOf, summarize } from "./summary.ts";
import { TABLE_SCRIPT } from "./table-script.ts";
import { unshownIn } from "./unshown.ts";

const MAX_TEXT_BYTES = 1_000_000; // of the page without figures, if shorter texts can make it fit
const TEXT_CHARS = [40_000, 10_000, 2_500, 600]; // limits of one printed text; the first that fits
const TABLE = '<figure class="table"';
const FIGURES = /<figure[\s\S]*?<\/figure>|="data:[^"]*"/g;

/** A group of facts about the run, e.g. { title: "Services", rows: [["Trino", "476"]] }. */
export interface RunFacts {
  title: string;
  rows: [name: string, value: string][];
}

export interface ReportOptions {
  title: string;
  facts: RunFacts[];
  front?: Front; // default: only the title
  previous?: Results | null; // of the last good run of the same notebooks
  isForReaders?: boolean; // without code, times and claims; only chapters with findings
}

/**
 * Renders the report. Long printed texts are cut, with a note, until the page without its figures
 * has at most 1 MB; figures and the text of the notebooks are whole in any case.
 */
export async function renderReport(run: Run, options: ReportOptions): Promise<string> {
  const charts = await drawCharts(run);
  let html = "";
  for (const maxChars of TEXT_CHARS) {
    html = renderPage(run, options, charts, maxChars);
    if (Buffer.byteLength(html.replace(FIGURES, "")) <= MAX_TEXT_BYTES) break;
  }
  return html;
}

function renderPage(run: Run, options: ReportOptions, charts: Charts, maxChars: number): string {
  const { title, facts, previous = null, isForReaders = false } = options;
  const front = { ...PLAIN, ...options.front, title };
  const steps = isForReaders ? withFindings(run.steps) : run.steps;
  const anchors = new Anchors(run.steps.map(({ notebook }) => notebook));
  const files = new Map(
    run.steps.flatMap(({ notebook, cells }) => cells.map((cell) => [cell, `${notebook.name}.ipynb`])),
  );
  const page: Page = { charts, anchors, files, maxChars, isForReaders, title, count: steps.length };
  const verdict = isForReaders ? renderForReaders(run, steps) : renderSummary(run, anchors);
  const head = renderFirstScreen(run, page, { front, verdict, previous });
  const chapters = steps.map((step, i) => renderStep(step, `Step ${i + 1} of ${steps.length}`, page));
  const accent = front.accent === null ? "" : accentStyle(front.accent);
  const style = STYLE + accent + ansiRules(chapters.map(({ html }) => html).join("\n"));
  const hasTable = chapters.some(({ html }) => html.includes(TABLE));
  const body = `${head}
<div class="page">
${renderContents(steps, chapters, page)}
<main>
${chapters.map(({ html }) => html).join("\n")}
${isForReaders ? "" : renderFacts([...unshownFacts(run, charts), ...facts])}
</main>
</div>`;
  const { lang, author } = front;
  const script = hasTable ? { script: { id: "show-tables", code: TABLE_SCRIPT } } : {};
  return renderFrame({ lang, title, author, style, body, ...script });
}

const PLAIN: Omit<Front, "title"> = { subtitle: "", author: "", lang: "en", logo: "", accent: null };

/** The page of all chapters. */
interface Page extends CellPage {
  title: string;
  count: number; // of chapters
}

function accentStyle({ light, dark }: NonNullable<Front["accent"]>): string {
  const dress = (colour: string): string => `:root { --accent: ${colour}; --ok: ${colour}; }`;
  return `${dress(light)}\n@media (prefers-color-scheme: dark) { ${dress(dark)} }\n`;
}

/** The steps with a headline or tiles; all steps, if none has them or one has failed. */
function withFindings(steps: StepRun[]): StepRun[] {
  const found = steps.filter(({ cells }) => cells.some(hasHeadline));
  return found.length === 0 || steps.some(({ status }) => status !== "ok") ? steps : found;
}

function renderSummary(run: Run, anchors: Anchors): string {
  const { text, failed } = summarize(run);
  const html = forHtml(text);
  const linked =
    failed === null
      ? html
      : html.replace(forHtml(placeOf(failed)), (place) => {
          const id = anchors.of(failed.step.notebook).cells[failed.cell.number - 1];
          return `<a href="#${id}">${place}</a>`;
        });
  return `<p class="summary ${slug(run.status)}">${linked}</p>`;
}

/** The verdict in words that do not need the notebooks. */
function renderForReaders(run: Run, shown: StepRun[]): string {
  const checks = countHeld(run.steps.flatMap(({ cells }) => cells.flatMap(({ claims }) => claims)));
  const left = run.steps.length - shown.length;
  const sentences = [
    run.status !== "ok" ? "This report is not complete: its run stopped before the end." : "",
    run.status === "ok" && checks > 0 ? `The numbers of this report passed ${plural(checks, "check")}.` : "",
    left > 0 ? `The full report has ${plural(left, "more chapter")}.` : "",
  ].filter((text) => text !== "");
  return sentences.length === 0 ? "" : `<p class="summary ${slug(run.status)}">${sentences.join(" ")}</p>`;
}

interface Chapter {
  html: string;
  headings: Heading[];
}

function renderContents(steps: StepRun[], chapters: Chapter[], page: Page): string {
  const { anchors, isForReaders } = page;
  const parts = chapters.map(({ headings }) => {
    const sections = headings.filter(({ level }) => level === 2);
    return sections.map(({ id, text }) => `<li><a href="#${id}">${forHtml(text)}</a></li>`).join("");
  });
  const items = steps.map((step, i) => {
    const took = step.status === "not run" ? "not run" : unbrokenSeconds(step.seconds);
    const time = isForReaders ? "" : ` <span class="took">${took}</span>`;
    const list = parts[i] === "" ? "" : `<ul>${parts[i]}</ul>`;
    return `<li class="${slug(step.status)}"><a href="#${anchors.of(step.notebook).id}">${forHtml(step.title)}</a>${time}${list}</li>`;
  });
  const isSingle = steps.length === 1;
  const list = isSingle ? `<ul class="single">${parts[0]}</ul>` : `<ol>${items.join("\n")}</ol>`;
  return `<nav aria-label="Contents" id="contents"${isSingle && parts[0] === "" ? ' class="empty"' : ""}>
<p class="nav-title">Contents</p>
${list}${isForReaders ? "" : END_OF_CONTENTS}
</nav>`;
}

const END_OF_CONTENTS = `
<p class="nav-end"><a href="#about">About this run</a></p>
<label class="toggle"><input type="checkbox" id="show-code"> Show all code</label>`;

function renderStep(step: StepRun, place: string, page: Page): Chapter {
  const { anchors, isForReaders, count } = page;
  const { id, cells } = anchors.of(step.notebook);
  const headings: Heading[] = [];
  const parts: string[] = [];
  const parameters = renderParameters(step.notebook, isForReaders);
  const runs = new Map(step.cells.map((cell) => [cell.cell, cell]));
  const lowered = count === 1 && step.title === page.title ? 0 : 1;
  const notes = footnotesOf(step.notebook, anchors);
  for (const [i, cell] of step.notebook.cells.entries()) {
    const run = isCode(cell) ? runs.get(cell) : undefined;
    if (run) parts.push(renderCell(run, cells[run.number - 1]!, page));
    if (!isMarkdown(cell)) continue;
    const text = i === 0 ? withoutFront(cell.source) : cell.source;
    const prose = renderProse(knownText(text, cell, step), cell, {
      notebook: step.notebook,
      anchors,
      notes,
      lowered,
    });
    headings.push(...prose.headings);
    if (prose.html.trim() !== "") parts.push(`<div class="prose">${prose.html}</div>`);
    if (parts.length === 1) parts.push(parameters);
  }
  const took = step.status === "not run" ? "not run" : unbrokenSeconds(step.seconds);
  const kicker =
    count === 1 || isForReaders ? "" : `<p class="kicker">${place} <span class="took">${took}</span></p>`;
  const isTitled = lowered === 0 || headings.some(({ level }) => level === 1);
  const head = isTitled ? kicker : `${kicker}<h2>${forHtml(step.title)}</h2>`;
  if (!parts.includes(parameters)) parts.unshift(parameters);
  const list = notes.render();
  if (list !== "") parts.push(`<div class="prose">${list}</div>`);
  return {
    html: `<section class="step ${lowered === 0 ? "sections " : ""}${slug(step.status)}" id="${id}">\n${head}\n${parts.join("\n")}\n</section>`,
    headings,
  };
}

/** The outputs that the page does not show, or not whole. */
function unshownFacts(run: Run, charts: Charts): RunFacts[] {
  const rows = unshownIn(run, charts).map(({ place, problem }): [string, string] => [place, problem]);
  return rows.length === 0 ? [] : [{ title: `Outputs not shown, or not whole: ${rows.length}`, rows }];
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
