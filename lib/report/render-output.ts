/**
 * An output of a cell → HTML: charts are drawn, tables and data rendered, texts with their colours.
 *
 * The page contains no markup of a kernel as it comes. An output that the page cannot show appears
 * as text with a note, and the report counts it.
 */
import type { MultilineString } from "@jupyterlab/nbformat";
import { CHART_TYPE, TABLE_TYPE } from "../ask/show.ts";
import { forHtml, forTerminal } from "../untrusted.ts";
import { type Anchors, slug } from "./anchors.ts";
import type { Drawing } from "./draw.ts";
import { type Cut, CUT_TYPE, cutText, isError, isStream, textOf } from "./kept-outputs.ts";
import { renderData } from "./mime.ts";
import type { Output } from "./notebook.ts";
import { renderCut, renderText, type TextLimit } from "./printed-text.ts";
import { readTable, renderTable } from "./render-table.ts";

/** The page that an output is part of. */
export interface OutputPage {
  anchors: Anchors;
  limit: TextLimit;
}

/** Renders an output; `chart` is its drawing, if it has one. */
export function renderOutput(output: Output, chart: Drawing | null, page: OutputPage): string {
  const { anchors, limit } = page;
  if (isStream(output)) return renderText(textOf(output.text), `text ${slug(output.name)}`, limit);
  if (isError(output)) {
    return `<div class="error" role="alert"><p>${forHtml(output.ename)}</p>${renderText(output.evalue, "text", limit)}</div>`;
  }
  const { data, metadata } = output;
  const plain = textOf((data["text/plain"] ?? "") as MultilineString);
  const cut = data[CUT_TYPE] as Cut | undefined;
  if (cut) return renderCut(cutText(cut), cut.file);
  if (chart?.svg)
    return renderFigure("chart", chart.svg, { title: titleIn(data), note: chart.note, anchors });
  const table = readTable(data[TABLE_TYPE]);
  if (table) return renderFigure("table", renderTable(table), { title: table.title, anchors });
  const problem = problemOf(output, chart);
  const note = problem === "" ? "" : `<p class="note">Not shown: ${forHtml(forTerminal(problem))}</p>`;
  const shown = renderData(data, metadata, limit)?.html ?? "";
  return (shown === "" ? renderText(plain, "text", limit) : shown) + note;
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

/** The part of an output that the page cannot show; empty if it shows all. */
export function problemOf(output: Output, chart: Drawing | null = null): string {
  if (isStream(output) || isError(output)) return "";
  if (CHART_TYPE in output.data) return chart?.problem ?? "";
  const cut = output.data[CUT_TYPE] as Cut | undefined;
  if (cut) return cutText(cut);
  if (readTable(output.data[TABLE_TYPE])) return "";
  return renderData(output.data, output.metadata, { maxChars: 0, file: "" })?.problem ?? "";
}
