/**
 * Data of an output, by MIME type → HTML that runs nothing and asks for nothing, or a problem.
 *
 * Pictures are data: addresses of <img>, where no script of an SVG runs. HTML is cleaned: texts,
 * lists, tables and pictures stay; scripts, styles, links and frames go. The page shows the best
 * form that it can. A form that it cannot show is a problem, unless it shows another one.
 */
import type { MultilineString } from "@jupyterlab/nbformat";
import sanitizeHtml from "sanitize-html";
import { forHtml } from "../untrusted.ts";
import { formula } from "./formulas.ts";
import { textOf } from "./kept-outputs.ts";
import { renderText, type TextLimit } from "./printed-text.ts";
import { renderSaid } from "./prose.ts";

/** MIME type → content. */
export type Bundle = Record<string, unknown>;

export interface Shown {
  html: string;
  problem: string; // the part that the page cannot show; else empty
}

/** Type of a picture → the beginning of its bytes, in base64. */
const PICTURES: Record<string, RegExp> = {
  "image/png": /^iVBORw0KGgo/,
  "image/jpeg": /^\/9j\//,
  "image/gif": /^R0lGOD/,
  "image/webp": /^UklGR/,
};
const MAX_ALT_CHARS = 300;
const INTERNAL = /^application\/vnd\.questlog\./; // for other modules, not for the reader
const PICTURE_SOURCE = /^data:image\/(png|jpeg|gif|webp|svg\+xml);base64,[A-Za-z0-9+/=]+$/;

const TAGS = [
  ..."p div span br hr wbr b strong i em u s small sub sup mark code pre kbd samp var q abbr cite".split(" "),
  ..."blockquote ul ol li dl dt dd details summary figure figcaption section article header".split(" "),
  ..."table caption thead tbody tfoot tr th td colgroup col time img del ins".split(" "),
];
const HEADINGS = ["h1", "h2", "h3", "h4", "h5", "h6"];
/** Elements without which a reader misses nothing. */
const UNMISSED = ["html", "head", "body", "style", "meta", "title", "font", "center", "tt", ...HEADINGS];
/** Elements whose text is not text of the page. */
const DROPPED = [
  ..."script style textarea option noscript title svg math iframe object embed canvas video".split(" "),
  ..."audio template select button xmp noembed noframes plaintext".split(" "),
];

/** Renders the best form of `data`; null if it has nothing but plain text, or not even that. */
export function renderData(data: Bundle, metadata: Bundle, limit: TextLimit): Shown | null {
  const types = Object.keys(data).filter((type) => type !== "text/plain" && !INTERNAL.test(type));
  if (types.length === 0) return null;
  const problems: string[] = [];
  for (const [type, render] of Object.entries(RENDERERS)) {
    if (!(type in data)) continue;
    const { html, problem } = render(data, type, metadata, limit);
    if (html !== "") return { html, problem };
    problems.push(problem);
  }
  const unknown = types.filter((type) => !(type in RENDERERS));
  if (unknown.length > 0) problems.push(`this page cannot show ${unknown.join(", ")}`);
  return { html: "", problem: problems.join("; ") };
}

type Render = (data: Bundle, type: string, metadata: Bundle, limit: TextLimit) => Shown;

/** The forms that the page can show, the best ones first. */
const RENDERERS: Record<string, Render> = {
  "text/markdown": (data, type) => ({
    html: `<div class="prose said">${renderSaid(contentOf(data, type))}</div>`,
    problem: "",
  }),
  "text/html": (data, type) => renderHtml(contentOf(data, type)),
  "image/svg+xml": renderSvg,
  ...Object.fromEntries(Object.keys(PICTURES).map((type) => [type, renderPicture])),
  "text/latex": (data, type) => ({ html: renderLatex(contentOf(data, type)), problem: "" }),
  "application/json": renderJson,
};

function contentOf(data: Bundle, type: string): string {
  return textOf(data[type] as MultilineString);
}

function renderPicture(data: Bundle, type: string, metadata: Bundle): Shown {
  const base64 = String(contentOf(data, type)).replace(/\s/g, "");
  if (!PICTURES[type]!.test(base64) || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64))
    return { html: "", problem: `expected ${type} in base64, got other content` };
  return { html: pictureOf(`data:${type};base64,${base64}`, data, metadata[type]), problem: "" };
}

function renderSvg(data: Bundle, type: string, metadata: Bundle): Shown {
  const text = String(contentOf(data, type));
  if (!/<svg[\s>]/.test(text)) return { html: "", problem: `expected ${type}, got other content` };
  // A picture needs the name space, which a page does not.
  const named = /xmlns\s*=/.test(text)
    ? text
    : text.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"');
  const source = `data:${type};base64,${Buffer.from(named).toString("base64")}`;
  return { html: pictureOf(source, data, metadata[type]), problem: "" };
}

function pictureOf(source: string, data: Bundle, size: unknown): string {
  const plain = typeof data["text/plain"] === "string" ? data["text/plain"] : "picture";
  const { width, height } = (size ?? {}) as Bundle;
  const sizes = Object.entries({ width, height })
    .filter(([, length]) => Number.isInteger(Number(length)) && Number(length) > 0)
    .map(([name, length]) => ` ${name}="${Number(length)}"`);
  const alt = forHtml(plain.slice(0, MAX_ALT_CHARS));
  return `<figure class="picture"><img src="${source}" alt="${alt}"${sizes.join("")}></figure>`;
}

function renderHtml(text: string): Shown {
  const left = new Set<string>();
  const html = sanitizeHtml(text, {
    allowedTags: TAGS,
    allowedAttributes: {
      th: ["colspan", "rowspan", "scope"],
      td: ["colspan", "rowspan"],
      ol: ["start"],
      img: ["src", "alt", "width", "height"],
      details: ["open"],
      time: ["datetime"],
      abbr: ["title"],
      p: [{ name: "class", multiple: false, values: ["heading"] }],
    },
    allowedSchemes: ["data"],
    nonTextTags: DROPPED,
    transformTags: Object.fromEntries(
      HEADINGS.map((heading) => [heading, sanitizeHtml.simpleTransform("p", { class: "heading" })]),
    ),
    exclusiveFilter: ({ tag, attribs }) => tag === "img" && !PICTURE_SOURCE.test(attribs.src ?? ""),
    onOpenTag: (tag, { src = "" }) => {
      if (tag === "img" && !PICTURE_SOURCE.test(src)) left.add("img with an address");
      else if (!TAGS.includes(tag) && !UNMISSED.includes(tag)) left.add(tag);
    },
  });
  const names = [...left].join(", ").slice(0, MAX_ALT_CHARS);
  const problem = left.size === 0 ? "" : `parts of HTML are left out: ${names}`;
  const isEmpty = !/<img|[^\s]/.test(html.replace(/<(?!img)[^>]*>/g, ""));
  return { html: isEmpty ? "" : `<div class="prose html scroll" tabindex="0">${html}</div>`, problem };
}

/** A formula, with or without the signs around it. */
function renderLatex(text: string): string {
  const tex = text.trim().replace(/^(?:\$\$?|\\\[|\\\()([\s\S]*?)(?:\$\$?|\\\]|\\\))$/, "$1");
  return `<div class="prose said scroll" tabindex="0">${formula(tex, true)}</div>`;
}

function renderJson(data: Bundle, type: string, _: Bundle, limit: TextLimit): Shown {
  let value = data[type];
  try {
    if (typeof value === "string") value = JSON.parse(value);
  } catch {
    return { html: "", problem: `expected ${type}, got other content` };
  }
  const text = JSON.stringify(value, null, 2);
  const size = Array.isArray(value)
    ? `a list of ${value.length}`
    : typeof value === "object" && value !== null
      ? `an object with ${Object.keys(value).length} name${Object.keys(value).length === 1 ? "" : "s"}`
      : "a value";
  const open = text.length <= MAX_ALT_CHARS ? " open" : "";
  return {
    html: `<details class="json"${open}><summary>JSON: ${size}</summary>${renderText(text, "text", limit)}</details>`,
    problem: "",
  };
}
