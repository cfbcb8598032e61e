/**
 * Rows → Vega-Lite specs of horizontal bars: a number for each category, or the steps of a funnel.
 *
 * Each row is one bar, also if two rows have the same category. The bars stand at the numbers 0, 1,
 * 2, …; their names are a parameter of the spec. So a name is data, and never part of an
 * expression.
 */
import { type Drawable, extent, namesOf, numbersOf } from "./chart-columns.ts";
import { formatNumber, formatPercent, formatValue } from "./format.ts";
import { assemble, type NumberOptions, type Panels, panelsOf, plotWidth, saidByPanel } from "./panels.ts";
import { textWidth, wrapText } from "./text-width.ts";
import { LABEL_SIZE, LINE_COLOR, NUMBER_SIZE, PALETTE, type Spec } from "./theme.ts";

/** The largest number of bars; a line of text counts the other rows. */
export const MAX_BARS = 24;
const BAR_HEIGHTS = [30, 40, 54]; // for names of 1, 2 and 3 lines
const BAR = 21; // pixels; the height of the bar itself
const NAME_WIDTH = 160; // pixels; longer names take several lines
const PANEL_NAME_WIDTH = 84;
const SMALLEST_BAR = 3; // pixels, of a number that is not 0
// Centres a name of several lines: Vega puts its first line at the middle of the bar.
const LINES_UP = "isArray(names[datum.value]) ? 7 - 7 * length(names[datum.value]) : 0";
const GAP = 6; // pixels between a bar and its number

/** The options of `funnel`. */
export interface BarOptions extends NumberOptions {
  category: string; // the column that names the bars; its values may be any text
  value: string; // the column of numbers
}

/** The options of `bars`. */
export interface SortedBarOptions extends BarOptions {
  order?: "numbers" | "rows"; // default: "numbers", the largest first
}

interface Bar extends Drawable {
  name: string;
  panel: string;
  label: string; // the number's text, perhaps with more
}

/**
 * One horizontal bar per row with its number beside it, the largest first, or in the order of rows.
 * Of more than 24 rows, the chart leaves out the smallest and says how many. A value without a
 * number has its text and no bar.
 */
export function bars(rows: readonly object[], options: SortedBarOptions): Spec {
  const { facet, order = "numbers", unit } = options;
  if (order !== "numbers" && order !== "rows") {
    throw new Error(`bars: expected order "numbers" or "rows", got ${formatValue(order)}`);
  }
  const by = panelsOf(rows, facet);
  const all = readBars(by, options);
  if (order === "numbers") all.sort(byNumber);
  const kept = new Set(
    by.names.flatMap((panel) =>
      largest(
        all.filter((bar) => bar.panel === panel),
        ({ number }) => number,
      ),
    ),
  );
  const shown = all.filter((bar) => kept.has(bar));
  const left = all.filter((bar) => !shown.includes(bar));
  const [least, most] = extent(left.flatMap(({ number }) => number ?? []));
  const rest =
    left.length === 0 ? "" : `and ${formatNumber(left.length)} others, ${rangeText(least, most, unit)}`;
  return drawBars(by, options, shown, rest);
}

/**
 * The steps of a process in the order of the rows, as bars; each number has its part of the first
 * step's number.
 * @throws Error if a number is missing or negative
 */
export function funnel(rows: readonly object[], options: BarOptions): Spec {
  const by = panelsOf(rows, options.facet);
  const steps = readBars(by, options);
  const wrong = steps.find(({ number }) => number === null || number < 0);
  if (wrong) throw new Error(`funnel: expected a number from 0 for ${wrong.name}, got ${wrong.text}`);
  const labelled = steps.map((step) => {
    const first = steps.find(({ panel }) => panel === step.panel)!.number!;
    if (step.number === first || first === 0) return step;
    return { ...step, label: `${step.text} (${formatPercent((step.number! / first) * 100)})` };
  });
  const shown = labelled.slice(0, MAX_BARS * by.names.length);
  const left = steps.length - shown.length;
  return drawBars(by, options, shown, left === 0 ? "" : `and ${formatNumber(left)} steps more`);
}

/** The rows that `bars` shows: those of the largest sizes, in the order of the rows. */
export function largest<T>(rows: readonly T[], numberOf: (row: T) => number | null): T[] {
  if (rows.length <= MAX_BARS) return [...rows];
  const size = (row: T) => Math.abs(numberOf(row) ?? 0);
  const kept = new Set([...rows].sort((a, b) => size(b) - size(a)).slice(0, MAX_BARS));
  return rows.filter((row) => kept.has(row));
}

function readBars({ rows, panels }: Panels, { category, value, unit = "" }: BarOptions): Bar[] {
  const names = namesOf(rows, category);
  return numbersOf(rows, value, { unit }).map((one, i) => ({
    ...one,
    name: names[i]!,
    panel: panels[i]!,
    label: one.text,
  }));
}

function byNumber(a: Bar, b: Bar): number {
  const [first, second] = [a.number ?? -Infinity, b.number ?? -Infinity];
  return first === second ? (a.name < b.name ? -1 : a.name > b.name ? 1 : 0) : first > second ? -1 : 1;
}

/** "5", or "from 0 to 5" */
function rangeText(least: number, most: number, unit = ""): string {
  const [from, to] = [least, most].map((number) => formatNumber(number, { unit }));
  return least === most ? from! : `from ${from} to ${to}`;
}

function drawBars(by: Panels, options: BarOptions, shown: Bar[], rest: string): Spec {
  const places = placesOf(shown);
  const nameWidth = by.names.length === 1 ? NAME_WIDTH : PANEL_NAME_WIDTH;
  const names = new Map(shown.map((bar) => [places.get(bar)!, bar.name]));
  const wrapped = [...names.values()].map((name) =>
    wrapText(name, { width: nameWidth, size: LABEL_SIZE, maxLines: BAR_HEIGHTS.length }),
  );
  const axisWidth = 8 + Math.max(0, ...wrapped.flat().map((line) => textWidth(line, LABEL_SIZE)));
  const height = BAR_HEIGHTS[Math.max(1, ...wrapped.map((lines) => lines.length)) - 1]!;
  const { domain, unitsPerPixel } = domainOf(shown, plotWidth(by, axisWidth));
  const isNegative = shown.some(({ number }) => number !== null && number < 0);
  const values = shown.map((bar) => ({
    label: bar.name,
    number: bar.number,
    text: bar.label,
    bar: places.get(bar)!,
    panel: bar.panel,
  }));
  const sayPanel = (panel: string) =>
    shown
      .filter((bar) => bar.panel === panel)
      .map(({ name, label }) => `${name} ${label}`)
      .join(", ");
  const text = { type: "text", fontSize: NUMBER_SIZE, fontWeight: 600 };
  return assemble({
    options,
    by,
    notes: [rest],
    said: [saidByPanel(by, sayPanel), rest].filter((part) => part !== "").join(", "),
    height: height * names.size,
    values,
    axisWidth,
    params: [{ name: "names", value: wrapped.map((lines) => (lines.length === 1 ? lines[0] : lines)) }],
    unit: {
      encoding: {
        y: {
          field: "bar",
          type: "nominal",
          sort: null,
          title: null,
          axis: {
            ticks: false,
            domain: false,
            labelExpr: "names[datum.value]",
            labelOffset: { expr: LINES_UP },
            labelLineHeight: 14,
            labelOverlap: false,
          },
        },
        x: {
          field: "end",
          type: "quantitative",
          axis: null,
          stack: null,
          scale: { domain, nice: false, zero: false },
        },
      },
      transform: [{ calculate: seenEnd(SMALLEST_BAR * unitsPerPixel), as: "end" }],
      layer: [
        { mark: { type: "bar", color: PALETTE[0], height: BAR }, encoding: { x2: { datum: 0 } } },
        {
          transform: [{ filter: "datum.number >= 0 || datum.number === null" }],
          mark: { ...text, align: "left", dx: GAP },
          encoding: { text: { field: "text" } },
        },
        ...(isNegative
          ? [
              {
                transform: [{ filter: "datum.number < 0" }],
                mark: { ...text, align: "right", dx: -GAP },
                encoding: { text: { field: "text" } },
              },
              {
                data: { values: [{}] }, // one line, not one for each bar
                mark: { type: "rule", color: LINE_COLOR },
                encoding: { x: { datum: 0 }, y: null },
              },
            ]
          : []),
      ],
    },
  });
}

/** The place of each bar on the axis of names: the same for the same name in all panels. */
function placesOf(shown: Bar[]): Map<Bar, number> {
  const places = new Map<string, number>();
  const counts = new Map<string, number>();
  const result = new Map<Bar, number>();
  for (const bar of shown) {
    const name = JSON.stringify([bar.panel, bar.name]);
    const count = (counts.get(name) ?? 0) + 1; // of bars of this name in this panel
    counts.set(name, count);
    const key = JSON.stringify([bar.name, count]);
    if (!places.has(key)) places.set(key, places.size);
    result.set(bar, places.get(key)!);
  }
  return result;
}

/** The scale's ends, so that the numbers fit beside the longest bars. */
function domainOf(shown: Bar[], width: number): { domain: [number, number]; unitsPerPixel: number } {
  const [least, most] = extent([0, ...shown.flatMap(({ number }) => number ?? [])]);
  const room = (isOne: (bar: Bar) => boolean) =>
    Math.max(
      0,
      ...shown.filter(isOne).map(({ label }) => textWidth(label, NUMBER_SIZE, { bold: true }) + GAP * 2),
    );
  const right = room(({ number }) => number === null || number >= 0);
  const left = room(({ number }) => number !== null && number < 0);
  const range = most - least || 1;
  const unitsPerPixel = range / Math.max(width / 4, width - left - right);
  return { domain: [least - left * unitsPerPixel, least + range + right * unitsPerPixel], unitsPerPixel };
}

/** The expression for the end of a bar: its number, or a little more, so that it can be seen. */
function seenEnd(smallest: number): string {
  return `datum.number > 0 ? max(datum.number, ${smallest}) : datum.number < 0 ? min(datum.number, -${smallest}) : 0`;
}
