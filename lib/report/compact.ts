/**
 * An SVG's markup → shorter markup of the same picture.
 *
 * Vega writes 150 characters for each point. Here neighbouring marks of one look share a path: a
 * point is a line without length and with round ends. Points of one path do not darken each other.
 * So the points take turns in a few paths, and a crowd of points still looks darker.
 */

const MIN_MARKS = 1_000; // fewer marks stay as they are
const TURNS = 4;
const POINT = /^<path transform="translate\(([-\d.]+),([-\d.]+)\)" d="M([\d.]+),0A[^"]*"([^>]*)\/>$/;
const SHAPE = /^<path d="(M[^"]*)"([^>]*)\/>$/;
const FILL = / fill="([^"]*)"/;

/** Joins neighbouring paths of one look if there are many. */
export function compactSvg(svg: string): string {
  return svg.replace(/(?:<path [^>]*\/>)+/g, (paths) => {
    const tags = paths.match(/<path [^>]*\/>/g)!;
    return tags.length < MIN_MARKS ? paths : joined(tags);
  });
}

function joined(tags: string[]): string {
  const points = new Map<string, string[]>(); // look → places
  const shapes = new Map<string, string[]>();
  const rest: string[] = [];
  for (const tag of tags) {
    const [point, x, y, radius, look = ""] = POINT.exec(tag) ?? [];
    const [shape, d = "", shapeLook = ""] = SHAPE.exec(tag) ?? [];
    const isFilled = point !== undefined && FILL.test(look) && !look.includes(" stroke=");
    if (isFilled) add(points, dotLook(look, Number(radius)), `M${short(x!)},${short(y!)}h0`);
    else if (point !== undefined) add(points, look, ringAt(Number(x), Number(y), Number(radius)));
    else if (shape !== undefined && !shapeLook.includes("opacity")) add(shapes, shapeLook, d);
    else rest.push(tag);
  }
  return [
    ...[...shapes].map(([look, ds]) => `<path d="${ds.join("")}"${look}/>`),
    ...[...points].flatMap(([look, places]) =>
      Array.from({ length: TURNS }, (_, turn) => places.filter((_place, i) => i % TURNS === turn)).map(
        (some) => `<path d="${some.join("")}"${look}/>`,
      ),
    ),
    ...rest,
  ].join("");
}

/** The attributes of a line that looks like a filled circle. */
function dotLook(look: string, radius: number): string {
  const stroke = look.replace(FILL, ' stroke="$1"').replace(/ fill-opacity=/, " stroke-opacity=");
  return `${stroke} stroke-width="${short(String(radius * 2))}" stroke-linecap="round"`;
}

/** A circle as two arcs. */
function ringAt(x: number, y: number, radius: number): string {
  const [r, d] = [short(String(radius)), short(String(2 * radius))];
  return `M${short(String(x + radius))},${short(String(y))}a${r},${r},0,1,1,-${d},0a${r},${r},0,1,1,${d},0`;
}

function add(lists: Map<string, string[]>, key: string, value: string): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}

function short(number: string): string {
  return String(Number(Number(number).toFixed(1)));
}
