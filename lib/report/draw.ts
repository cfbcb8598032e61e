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
import { forHtml } from "../untrusted.ts";

/**
 * Draws a chart that scales with the page and uses its text colour; all ids begin with `id`.
 * @throws Error if Vega cannot draw the spec, or if the spec needs data from an address.
 */
export async function drawChart(spec: unknown, id: string): Promise<string> {
  return named(pageMarkup(await drawSvg(spec), id), spec, id);
}

/** The chart in the form that Vega draws, without references to addresses. */
export async function drawSvg(spec: unknown): Promise<string> {
  const [vega, { compile }] = await Promise.all([import("vega"), import("vega-lite")]);
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
    removeReferences((view.scenegraph() as unknown as { root: Mark }).root);
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}

interface Mark {
  marktype?: string;
  href?: string;
  items?: Mark[];
}

/** Removes links and pictures from a scene. */
function removeReferences(mark: Mark): void {
  delete mark.href;
  if (mark.marktype === "image") mark.items = [];
  mark.items?.forEach(removeReferences);
}

const NOT_ON_THE_PAGE = /^(class|role|aria-.*|pointer-events|style|font-family|xmlns.*|version)$/;
const FUNCTIONS = /\b(translate|rotate|scale|matrix|rgba?|hsla?)\(/g;

/**
 * Vega's markup with the page's fonts and ids; Vega has escaped each `"`, `<` and `>` in
 * attributes.
 */
function pageMarkup(svg: string, id: string): string {
  return svg.replace(/<[^>]*>/g, (tag) =>
    tag.replace(/ ([\w:-]+)="([^"]*)"/g, (_, name: string, value: string) => {
      const text = NOT_ON_THE_PAGE.test(name) ? null : attributeValue(name, value, id);
      return text === null ? "" : ` ${name}="${text}"`;
    }),
  );
}

function attributeValue(name: string, value: string, id: string): string | null {
  if (name === "id") return `${id}-${value}`;
  const local = /^url\(#([\w-]+)\)$/.exec(value);
  if (local) return `url(#${id}-${local[1]})`;
  if (value.replace(FUNCTIONS, "").includes("(")) return null; // such as url(http://…)
  return value.replace(/\d+\.\d{3,}/g, (number) => String(Number(Number(number).toFixed(2))));
}

/** Makes the chart one picture for screen readers, with a title and a description. */
function named(svg: string, spec: unknown, id: string): string {
  const { title, description } = spec as { title?: string | { text: string }; description?: string };
  const name = typeof title === "object" ? title.text : (title ?? "Chart");
  return svg
    .replace(/^<svg/, () => `<svg role="img" aria-labelledby="${id}-title ${id}-desc"`)
    .replace(
      />/,
      () =>
        `><title id="${id}-title">${forHtml(String(name))}</title>` +
        `<desc id="${id}-desc">${forHtml(String(description ?? ""))}</desc>`,
    );
}
