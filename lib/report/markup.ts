/**
 * Markup of a cell's output → markup that is safe inside the report, or null.
 *
 * Outputs hold what players sent, so nothing of them is trusted, not even the escaping of whoever
 * wrote them. The text is read as strict XML: only elements and attributes that are listed here get
 * through, each written anew; an unknown element goes with all that it holds. What does not
 * nest as it should is refused as a whole.
 */

const SVG_ATTRIBUTES = new Set(
  (
    "x y x1 x2 y1 y2 cx cy r rx ry dx dy width height d points transform viewBox fill fill-opacity stroke " +
    "stroke-width stroke-opacity stroke-dasharray stroke-dashoffset stroke-linecap stroke-linejoin stroke-miterlimit " +
    "opacity clip-path clip-rule fill-rule id text-anchor dominant-baseline font-size font-weight font-style " +
    "display offset stop-color stop-opacity gradientUnits gradientTransform"
  ).split(" "),
);
const SVG_ELEMENTS =
  "svg g path rect line circle ellipse polygon polyline text tspan defs clipPath linearGradient stop title desc";
const MAX_UNWRAPPED = 40; // characters of a table cell
const TABLE_ELEMENTS = "table caption thead tbody tfoot tr th td";

interface Rules {
  elements: Set<string>;
  /** The attribute's value as it may stand in the report, or null. */
  attribute: (name: string, value: string) => string | null;
}

/** A chart: drawing elements only, its ids and references to them prefixed, so that two charts can share a page. */
export function safeSvg(text: string, idPrefix: string): string | null {
  const svg = sanitize(text, {
    elements: new Set(SVG_ELEMENTS.split(" ")),
    attribute: (name, value) => {
      if (!SVG_ATTRIBUTES.has(name)) return null;
      if (name === "id") return idPrefix + value;
      const local = /^url\(#([\w-]+)\)$/.exec(value);
      if (local) return `url(#${idPrefix}${local[1]})`;
      return /[(]/.test(value.replace(/\b(translate|rotate|scale|matrix|rgba?|hsla?)\(/g, ""))
        ? null
        : value.replace(/\d+\.\d{3,}/g, (number) => String(Number(Number(number).toFixed(2))));
    },
  });
  return svg?.startsWith("<svg") ? svg : null;
}

/** A table: rows and cells, with the classes that align numbers. */
export function safeTable(text: string): string | null {
  const table = sanitize(text, {
    elements: new Set(TABLE_ELEMENTS.split(" ")),
    attribute: (name, value) =>
      (name === "class" && /^(number|null)$/.test(value)) || (name === "scope" && /^(col|row)$/.test(value))
        ? value
        : null,
  });
  if (!table?.startsWith("<table")) return null;
  // Long texts may wrap, short ones do not: identifiers stay whole.
  return table.replace(/<td>([^<]*)/g, (cell, content: string) =>
    content.replace(/&#?\w+;/g, "-").length > MAX_UNWRAPPED ? `<td class="long">${content}` : cell,
  );
}

const TOKEN = /<(\/?)([A-Za-z][\w:.-]*)((?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|([^<]+)/gy;
const ATTRIBUTE = /([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;
const ENTITY = /&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[\da-fA-F]{1,6});)/g;

function sanitize(text: string, { elements, attribute }: Rules): string | null {
  const out: string[] = [];
  const open: string[] = [];
  let skipped = 0; // how deep inside an element that is left out
  let end = 0;
  for (const match of text.trim().matchAll(TOKEN)) {
    const [token, slash, name = "", attributes = "", selfClosed, chars] = match;
    end = match.index + token.length;
    if (chars !== undefined) {
      if (skipped === 0) out.push(escapeRest(chars));
    } else if (slash) {
      if (open.pop() !== name) return null;
      if (skipped > 0) skipped--;
      else out.push(`</${name}>`);
    } else {
      if (skipped > 0 || !elements.has(name)) skipped++;
      else out.push(`<${name}${safeAttributes(attributes, attribute)}>`);
      if (!selfClosed) open.push(name);
      else if (skipped > 0) skipped--;
      else out.push(`</${name}>`);
    }
  }
  return end === text.trim().length && open.length === 0 ? out.join("") : null;
}

function safeAttributes(text: string, attribute: Rules["attribute"]): string {
  let out = "";
  for (const [, name = "", double, single = ""] of text.matchAll(ATTRIBUTE)) {
    const value = attribute(name, double ?? single);
    if (value !== null) out += ` ${name}="${escapeRest(value)}"`;
  }
  return out;
}

/** Escapes what is not escaped: `&` of no entity, quotes and `>`. */
function escapeRest(text: string): string {
  return text.replace(ENTITY, "&#38;").replace(/[<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
