/**
 * The charts of a page → the same charts, with one colour for each name.
 *
 * Names that share a chart have different colours. The order of rows has no part in it: names with
 * the most neighbours choose first, then by the alphabet. The palette has six colours. Where they
 * do not suffice, a name has another colour in some charts.
 */
import { GREY, PALETTE } from "../ask/theme.ts";

/** A place in a chart that gives names their colours. */
interface Encoding {
  scale: { domain: string[]; range: string[] };
}

/** Gives each name of a series one colour; a chart without a change stays the same object. */
export function withCommonColours(specs: readonly unknown[]): unknown[] {
  const clear = specs.map(withScale);
  const found = clear.map(encodingsIn);
  const colours = coloursOf(found.flat().map(namesOf));
  return specs.map((spec, i) => {
    const isRight = found[i]!.every((one) => rangeOf(one, colours).join() === one.scale.range.join());
    if (isRight) return spec;
    const copy = structuredClone(clear[i]);
    for (const one of encodingsIn(copy)) one.scale.range = rangeOf(one, colours);
    return copy;
  });
}

/** Name → colour, for charts that have these names. */
function coloursOf(charts: readonly string[][]): Map<string, string> {
  const neighbours = new Map<string, Set<string>>();
  for (const names of charts) {
    for (const name of names) {
      neighbours.set(name, new Set([...(neighbours.get(name) ?? []), ...names]));
    }
  }
  const order = [...neighbours.keys()].sort(
    (a, b) => neighbours.get(b)!.size - neighbours.get(a)!.size || (a < b ? -1 : 1),
  );
  const colours = new Map<string, string>();
  const uses = new Map(PALETTE.map((colour) => [colour, 0]));
  for (const name of order) {
    const taken = new Set([...neighbours.get(name)!].map((one) => colours.get(one)));
    const free = PALETTE.filter((colour) => !taken.has(colour));
    const [colour] = free.sort((a, b) => uses.get(a)! - uses.get(b)!);
    if (colour === undefined) continue;
    colours.set(name, colour);
    uses.set(colour, uses.get(colour)! + 1);
  }
  return colours;
}

/** The colours of one chart; a name without a common colour has one that the chart has not. */
function rangeOf(encoding: Encoding, colours: ReadonlyMap<string, string>): string[] {
  const names = namesOf(encoding);
  const taken = new Set(names.map((name) => colours.get(name)));
  const free = PALETTE.filter((colour) => !taken.has(colour));
  const own = new Map(
    names
      .filter((name) => !colours.has(name))
      .sort()
      .map((name, i) => [name, free[i]!]),
  );
  const { domain, range } = encoding.scale;
  return domain.map((name, i) => (range[i] === GREY ? GREY : (colours.get(name) ?? own.get(name)!)));
}

/** A spec of the user's with names and colours written out, as Vega would choose them. */
function withScale(spec: unknown): unknown {
  const { data, transform, encoding, config } = (spec ?? {}) as OwnSpec;
  const { field, type, ...rest } = encoding?.color ?? {};
  const values = data?.values;
  if (field === undefined || type !== "nominal" || transform !== undefined) return spec;
  if (Object.keys(rest).some((name) => !["title", "legend"].includes(name))) return spec;
  if (!Array.isArray(values) || config?.range?.category?.join() !== PALETTE.join()) return spec;
  const domain = [...new Set(values.map((row) => (row as Record<string, unknown> | null)?.[field]))].sort();
  if (domain.length > PALETTE.length || domain.some((name) => typeof name !== "string")) return spec;
  const scale = { domain, range: PALETTE.slice(0, domain.length) };
  return { ...(spec as object), encoding: { ...encoding, color: { ...encoding!.color, scale } } };
}

interface OwnSpec {
  data?: { values?: unknown };
  transform?: unknown;
  encoding?: { color?: { field?: string; type?: string; [property: string]: unknown } };
  config?: { range?: { category?: string[] } };
}

/** The names that have a colour of the palette; the grey ones stand for others. */
function namesOf({ scale: { domain, range } }: Encoding): string[] {
  return domain.filter((_, i) => range[i] !== GREY);
}

/** The encodings of series with a legend; one without a legend has no names to tell apart. */
function encodingsIn(part: unknown): Encoding[] {
  if (typeof part !== "object" || part === null) return [];
  const inside = Object.entries(part).flatMap(([name, value]) =>
    DATA.includes(name) ? [] : encodingsIn(value),
  );
  return isEncoding(part) ? [part, ...inside] : inside;
}

const DATA = ["data", "datasets", "config", "usermeta"];

function isEncoding(part: object): part is Encoding {
  const { scale, legend } = part as { scale?: Partial<Encoding["scale"]> | null; legend?: unknown };
  const { domain, range } = scale ?? {};
  if (legend === null || !Array.isArray(domain) || !Array.isArray(range)) return false;
  const isHouse = range.every((colour) => colour === GREY || PALETTE.includes(colour));
  return isHouse && domain.length === range.length && domain.length <= PALETTE.length;
}
