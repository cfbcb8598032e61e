/**
 * The marks of a drawn chart → fewer marks that look the same, and a sentence that says so.
 *
 * A page cannot hold 100,000 points. Of points in the same few pixels one stays; of a line, the
 * first, last, lowest and highest value of each half pixel stay. So no place with a mark becomes
 * empty, and each extreme stays.
 */
import { formatNumber } from "../ask/format.ts";

/** A mark of Vega's scene, or one of its items. */
export interface SceneMark {
  marktype?: string;
  href?: string;
  items?: SceneMark[];
  x?: number;
  y?: number;
  y2?: number;
  height?: number;
  fill?: unknown;
  stroke?: unknown;
  shape?: unknown;
  size?: unknown;
}

const MAX_DOTS = 12_000; // filled circles; the page has about 11 characters for each
const MAX_OTHERS = 3_000; // other shapes, bars, texts
const MAX_CELL = 64; // pixels
const LINE_PIXELS = 0.5;
const MIN_LINE = 1_500; // lines with fewer values stay as they are

/** Removes marks from a scene; returns notes on what was removed. */
export function thinScene(root: SceneMark): string[] {
  const notes = new Set<string>();
  const visit = (mark: SceneMark): void => {
    const items = mark.items ?? [];
    if (mark.marktype === "line" || mark.marktype === "area" || mark.marktype === "trail") {
      thinLine(mark, notes);
    } else if (mark.marktype === "symbol") {
      thinPoints(mark, notes);
    } else if (mark.marktype !== undefined && mark.marktype !== "group" && items.length > MAX_OTHERS) {
      const kept = everyNth(items, MAX_OTHERS);
      notes.add(`${formatNumber(kept.length)} of ${formatNumber(items.length)} marks are drawn`);
      mark.items = kept;
    }
    mark.items?.forEach(visit);
  };
  visit(root);
  return [...notes];
}

/** Whether a symbol is a filled circle without an edge. */
export function isDot({ fill, stroke, shape }: SceneMark): boolean {
  const hasEdge = stroke !== undefined && stroke !== null && stroke !== "transparent";
  return (
    (shape === undefined || shape === "circle") && fill !== undefined && fill !== "transparent" && !hasEdge
  );
}

function thinPoints(mark: SceneMark, notes: Set<string>): void {
  const items = mark.items ?? [];
  const limit = items.every(isDot) ? MAX_DOTS : MAX_OTHERS;
  if (items.length <= limit) return;
  let kept = items;
  let cell = 0;
  while (kept.length > limit && cell < MAX_CELL) kept = onePerCell(items, ++cell);
  const pixels = `${cell} ${cell === 1 ? "pixel" : "pixels"}`;
  notes.add(
    `${formatNumber(kept.length)} of ${formatNumber(items.length)} points are drawn: one of all that lie within ${pixels}`,
  );
  mark.items = kept;
}

/** The first item of each look in each square of `cell` pixels. */
function onePerCell(items: SceneMark[], cell: number): SceneMark[] {
  const seen = new Set<string>();
  return items.filter(({ x = 0, y = 0, fill, stroke, shape }) => {
    const key = `${Math.floor(x / cell)} ${Math.floor(y / cell)} ${String(fill)} ${String(stroke)} ${String(shape)}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

function thinLine(mark: SceneMark, notes: Set<string>): void {
  const items = mark.items ?? [];
  if (items.length <= MIN_LINE) return;
  const kept: SceneMark[] = [];
  for (let i = 0; i < items.length;) {
    const pixel = Math.floor((items[i]!.x ?? 0) / LINE_PIXELS);
    let end = i;
    while (end < items.length && Math.floor((items[end]!.x ?? 0) / LINE_PIXELS) === pixel) end++;
    kept.push(...endsOf(items.slice(i, end)));
    i = end;
  }
  if (kept.length === items.length) return;
  notes.add(
    `lines of ${formatNumber(items.length)} values show the first, last, lowest and highest value of each half pixel`,
  );
  mark.items = kept;
}

/** First, last, lowest and highest of neighbouring values, in their order. */
function endsOf(items: SceneMark[]): SceneMark[] {
  if (items.length <= 4) return items;
  const by = (of: (item: SceneMark) => number) => {
    const numbers = items.map(of);
    return [numbers.indexOf(Math.min(...numbers)), numbers.indexOf(Math.max(...numbers))];
  };
  const places = [0, ...by(({ y = 0 }) => y), ...by(({ y2 = 0 }) => y2), items.length - 1];
  return [...new Set(places)].sort((a, b) => a - b).map((i) => items[i]!);
}

function everyNth<T>(items: T[], count: number): T[] {
  return Array.from({ length: count }, (_, i) => items[Math.floor((i * items.length) / count)]!);
}
