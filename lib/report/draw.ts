/**
 * Vega-Lite spec → SVG for the report's page.
 *
 * A spec comes from a notebook and contains texts of players. Vega escapes them. A spec may also
 * name addresses: of data, links, pictures and patterns. Here Vega loads nothing. Links and
 * pictures are removed from the scene, and so is each attribute that refers to something outside
 * the chart. A chart that needs data from an address is refused: an empty picture would be a wrong
 * claim.
 */
import type { TopLevelSpec } from "vega-lite";
import { textWidth } from "../ask/text-width.ts";
import { type Spec, themed, titleOf, WIDTH } from "../ask/theme.ts";
import { forHtml } from "../untrusted.ts";
import { compactSvg } from "./compact.ts";
import { type SceneMark, thinScene } from "./thin.ts";

export interface Drawing {
  svg: string | null;
  note: string; // on marks that the drawing leaves out, else empty
  problem: string; // the reason for a missing drawing, else empty
}

/** A chart as the page has it. */
export interface Drawn {
  svg: string;
  note: string; // on marks that are left out; "" if the picture has them all
}

/**
 * Draws a chart that scales with the page and uses its text colour; all ids begin with `id`.
 * @throws Error if Vega cannot draw the spec, or if the spec needs data from an address.
 */
export async function drawChart(spec: unknown, id: string): Promise<Drawn> {
  const chart = themed(spec as object);
  const { svg, notes } = await drawOnce(spec as object, chart);
  return { svg: named(compactSvg(widened(pageMarkup(svg, id))), chart), note: notes.join("; ") };
}

const drawings = new WeakMap<object, ReturnType<typeof draw>>();

/** Draws a spec once: the check after a run and the page need the same picture. */
function drawOnce(spec: object, chart: Spec): ReturnType<typeof draw> {
  if (!drawings.has(spec)) drawings.set(spec, draw(chart));
  return drawings.get(spec)!;
}

/** The chart in the form that Vega draws, without references to addresses. */
export async function drawSvg(spec: unknown): Promise<string> {
  return (await draw(spec)).svg;
}

async function draw(spec: unknown): Promise<{ svg: string; notes: string[] }> {
  const [vega, { compile }] = await Promise.all([import("vega"), import("vega-lite")]);
  (vega as unknown as { textMetrics: TextMetrics }).textMetrics.width = measure;
  const asked: string[] = [];
  const refuse = (address: unknown): Promise<never> => {
    asked.push(String(address));
    return Promise.reject(new Error("the report loads nothing"));
  };
  const loader = { load: refuse, sanitize: refuse, http: refuse, file: refuse };
  const logger = vega.logger(vega.None);
  const view = new vega.View(vega.parse(compile(spec as TopLevelSpec, { logger }).spec), {
    renderer: "none",
    loader,
    logger,
  });
  try {
    await view.runAsync();
    if (asked.length > 0) throw new Error(`expected data in the spec, got an address: ${asked[0]}`);
    const { root } = view.scenegraph() as unknown as { root: SceneMark };
    removeReferences(root);
    const notes = thinScene(root);
    return { svg: await view.toSVG(), notes };
  } finally {
    view.finalize();
  }
}

interface TextMetrics {
  width: typeof measure;
}

/** The width of a text item. Vega's own estimate is nearly twice as wide, and cuts titles. */
function measure(item: TextItem, text: unknown = item.text): number {
  const lines = (Array.isArray(text) ? text : [text ?? ""]).map(String);
  const bold = item.fontWeight === "bold" || Number(item.fontWeight) >= 600;
  const width = Math.max(0, ...lines.map((line) => textWidth(line, item.fontSize ?? 11, { bold })));
  return Math.min(width, item.limit && item.limit > 0 ? item.limit : Infinity);
}

interface TextItem {
  text?: unknown;
  fontSize?: number;
  fontWeight?: string | number;
  limit?: number;
}

/** Removes links and pictures from a scene. */
function removeReferences(mark: SceneMark): void {
  delete mark.href;
  if (mark.marktype === "image") mark.items = [];
  mark.items?.forEach(removeReferences);
}

const NOT_ON_THE_PAGE = /^(class|role|aria-.*|pointer-events|style|font-family|xmlns.*|version)$/;
const FUNCTIONS = /\b(translate|rotate|scale|matrix|rgba?|hsla?)\(/g;

/**
 * Vega's markup with the page's fonts and ids, without invisible paths; Vega has escaped each `"`,
 * `<` and `>` in attributes.
 */
function pageMarkup(svg: string, id: string): string {
  const ids = new Map<string, string>(); // Vega's ids count on from chart to chart
  return svg
    .replace(/<[^>]*>/g, (tag) =>
      tag.replace(/ ([\w:-]+)="([^"]*)"/g, (_, name: string, value: string) => {
        const text = NOT_ON_THE_PAGE.test(name) ? null : attributeValue(name, value, id, ids);
        return text === null ? "" : ` ${name}="${text}"`;
      }),
    )
    .replace(/<path [^>]*\/>/g, (path) => (/ (fill|stroke)="/.test(path) ? path : ""));
}

function attributeValue(name: string, value: string, id: string, ids: Map<string, string>): string | null {
  const own = (given: string) => {
    if (!ids.has(given)) ids.set(given, `${id}-${ids.size + 1}`);
    return ids.get(given)!;
  };
  if (name === "id") return own(value);
  const local = /^url\(#([\w-]+)\)$/.exec(value);
  if (local) return `url(#${own(local[1]!)})`;
  if (value.replace(FUNCTIONS, "").includes("(")) return null; // such as url(http://…)
  return value.replace(/\d+\.\d{3,}/g, (number) => String(Number(Number(number).toFixed(2))));
}

/** Gives a narrow picture the width of the others, so that the page does not enlarge its text. */
function widened(svg: string): string {
  return svg.replace(
    /^(<svg.*?) width="([\d.]+)" height="([\d.]+)" viewBox="[^"]*"/,
    (all, begin: string, width: string, height: string) =>
      Number(width) >= WIDTH
        ? all
        : `${begin} width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}"`,
  );
}

/** Makes the chart one picture for screen readers, named by its title and its numbers. */
function named(svg: string, spec: Spec): string {
  const title = titleOf(spec);
  const isSaid = title === "" || spec.description.startsWith(title);
  const label = isSaid ? spec.description : `${title}: ${spec.description}`;
  return svg.replace(/^<svg/, () => `<svg role="img" aria-label="${forHtml(label)}"`);
}
