/**
 * A run → the head of its page: title, headline, the numbers that matter, a chart, the verdict.
 *
 * The headline and the tiles are outputs of cells. A reader gets them before everything else, so
 * the page shows them here and not at the place of their cells.
 */
import { type ShownTile, HEADLINE_TYPE, TILES_TYPE } from "../ask/headline.ts";
import { textWidth } from "../ask/text-width.ts";
import { forHtml, forTerminal } from "../untrusted.ts";
import { type CellPage, isOnFirstScreen, renderOutputOf } from "./cell.ts";
import type { Front } from "./front.ts";
import { isError, isStream } from "./outputs.ts";
import { renderSaid } from "./prose.ts";
import type { Results } from "./results.ts";
import type { CellRun, Run } from "./run.ts";
import { MAX_FIT } from "./style.ts";
import { tileChanges, tilesIn } from "./tile-change.ts";

export interface FirstScreenOptions {
  front: Front;
  verdict: string; // HTML: one or two sentences on the run
  previous: Results | null; // of the last good run of the same notebooks
}

const HEAD_WIDTH = 704; // pixels
const LEAST_SIZE = 22; // pixels of a tile's number
const TILE_EDGES = 44; // pixels of a tile's padding and gap
const MOST_OF_HALF_PHONE = 8; // the widest text, in parts of its size, for two tiles beside each other

/** Renders the head of the page. */
export function renderFirstScreen(run: Run, page: CellPage, options: FirstScreenOptions): string {
  const { front, verdict, previous } = options;
  const changes: Changes = previous === null ? new Map() : tileChanges(run, previous);
  const shown = run.steps.flatMap(({ cells }) => cells).flatMap((cell) => partsOf(cell, page, changes));
  const of = (kind: Part["kind"]): string =>
    shown.flatMap((part) => (part.kind === kind ? part.html : [])).join("\n");
  const texts = shown.flatMap((part) => part.texts ?? []);
  const tiles = of("tiles") === "" ? "" : `<dl class="${tilesClass(texts)}">${of("tiles")}</dl>`;
  const logo = front.logo === "" ? "" : `<img class="logo" src="${forHtml(front.logo)}" alt="">`;
  const byline = [front.author, formatDate(run.startedAt, front.lang)].filter((text) => text !== "");
  const when = `<time datetime="${run.startedAt.toISOString()}">${forHtml(byline.pop()!)}</time>`;
  return `<header class="top" id="top">
${logo}<h1>${forHtml(front.title)}</h1>
${front.subtitle === "" ? "" : `<p class="subtitle">${forHtml(front.subtitle)}</p>`}
<p class="byline">${[...byline.map(forHtml), when].join(" · ")}</p>
${run.status === "ok" ? "" : verdict}
${of("headline")}
${tiles}
${of("chart")}
${run.status === "ok" ? verdict : ""}
</header>`;
}

/** Whether a cell has a part on the first screen. */
export function hasHeadline(cell: CellRun): boolean {
  return cell.cell.outputs.some((_, i) => isOnFirstScreen(cell, i));
}

type Changes = ReadonlyMap<ShownTile, string>;

interface Part {
  kind: "headline" | "tiles" | "chart";
  html: string;
  texts?: string[]; // the numbers of tiles
}

function partsOf(cell: CellRun, page: CellPage, changes: Changes): Part[] {
  return cell.cell.outputs.flatMap((output, i): Part[] => {
    if (!isOnFirstScreen(cell, i) || isStream(output) || isError(output)) return [];
    const { [HEADLINE_TYPE]: headline, [TILES_TYPE]: tiles } = output.data;
    if (headline !== undefined) {
      const { markdown } = headline as { markdown?: unknown };
      return [{ kind: "headline", html: `<div class="headline">${renderSaid(String(markdown))}</div>` }];
    }
    if (tiles === undefined) return [{ kind: "chart", html: renderOutputOf(cell, i, page) }];
    const list = tilesIn(output);
    const html = list.map((tile) => renderTile(tile, changes.get(tile) ?? ""));
    return [{ kind: "tiles", html: html.join("\n"), texts: list.map(({ text }) => String(text)) }];
  });
}

/** The classes of tiles: balanced rows of columns, and a size at which the longest text fits. */
export function tilesClass(texts: readonly string[]): string {
  const widest = Math.ceil(Math.max(1, ...texts.map((text) => textWidth(text, 1, { bold: true }))));
  const most = Math.min(4, Math.max(1, Math.floor(HEAD_WIDTH / (widest * LEAST_SIZE + TILE_EDGES))));
  const columns = Math.ceil(texts.length / Math.ceil(texts.length / most));
  const narrow = widest > MOST_OF_HALF_PHONE ? " single" : "";
  return `tiles columns-${columns} fits-${Math.min(widest, MAX_FIT)}${narrow}`;
}

function renderTile(tile: ShownTile, change: string): string {
  const [label, text, note] = [tile.label, tile.text, tile.note].map((one) =>
    forHtml(forTerminal(String(one))),
  );
  return `<div><dt>${label}</dt><dd class="value">${text}</dd>${[note, forHtml(change)]
    .filter((one) => one !== "")
    .map((one) => `<dd>${one}</dd>`)
    .join("")}</div>`;
}

/** "24 November 2026, 03:21 UTC" in the report's language. */
function formatDate(date: Date, lang: string): string {
  const locale = lang === "en" ? "en-GB" : lang;
  const day = date.toLocaleDateString(locale, {
    day: "numeric",
    month: "long",
    year: "numeric",
    timeZone: "UTC",
  });
  return `${day}, ${date.toISOString().slice(11, 16)} UTC`;
}
