/**
 * Rows → Vega-Lite specs of counts and cells: a histogram, a heat map.
 *
 * The bins of a histogram are counted here, not by Vega, so that the description has their numbers.
 * Each value is in exactly one bin [from, to); the last bin is [from, to].
 */
import { numberAxis, numberEncoding, placeEncoding, titleWithUnit } from "./axes.ts";
import { type Axis, axisOf, extent, numbersOf, placeText, withoutText } from "./chart-columns.ts";
import { formatNumber, formatShort, formatTime, NONE } from "./format.ts";
import {
  assemble,
  type ChartOptions,
  type NumberOptions,
  panelsOf,
  plotWidth,
  saidByPanel,
} from "./panels.ts";
import { textWidth } from "./text-width.ts";
import { timeNames, weekStart } from "./time-ticks.ts";
import { DIVERGING, GREY, LABEL_SIZE, PALETTE, RAMP, type Spec } from "./theme.ts";

/** The options of `histogram`. */
export interface HistogramOptions extends ChartOptions {
  x: string; // the column of numbers or times
  bins?: number; // about how many bins; default: by the number of rows, from 5 to 30
}

/** The options of `heatMap`. */
export interface HeatMapOptions extends NumberOptions {
  x: string; // the column that names the columns of cells
  y: string; // the column that names the rows of cells
  value: string; // the column of numbers
}

const HEIGHT = 220;
const PANEL_HEIGHT = 140;
const SECOND = 1000;
const WEEK = 7 * 86_400 * SECOND;
const TIME_STEPS = [
  ...[1, 5, 15, 30, 60, 300, 900, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600].map((s) => s * SECOND),
  ...[1, 7, 28, 91, 364].map((days) => days * 86_400 * SECOND),
];
const MAX_BINS = 200;
const SMALLEST_BAR = 3; // pixels, of a count that is not 0
const CELL_HEIGHT = 30;
const MAX_CELLS = 100; // a side
const SHORT_NAME = 4; // characters; where such names have no room, some are left out
const CELL_GAP = 8; // pixels beside a cell's number
const SHORT_SIZE = 12; // of a short number's text
const SHORT_GAP = 2; // pixels beside a short number

/** Bars for the numbers of rows in bins of equal width. */
export function histogram(all: readonly object[], options: HistogramOptions): Spec {
  const { bins: wanted } = options;
  if (wanted !== undefined && !(Number.isInteger(wanted) && wanted > 0 && wanted <= MAX_BINS)) {
    throw new Error(`histogram: expected bins from 1 to ${MAX_BINS}, got ${wanted}`);
  }
  const by = panelsOf(all, options.facet);
  const axis = axisOf(by.rows, options.x);
  if (axis.kind === "text") throw new Error(`histogram: expected numbers or times in column ${options.x}`);
  const rows = axis.places.map((place, i) => ({ place: place as number | null, panel: by.panels[i]! }));
  const placed = rows.flatMap(({ place, panel }) => (place === null ? [] : [{ place, panel }]));
  const edges = edgesOf(
    placed.map(({ place }) => place),
    axis,
    wanted,
  );
  const values = by.names.flatMap((panel) => countBins(placed, panel, edges));
  const most = Math.max(0, ...values.map(({ number }) => number));
  const height = by.names.length === 1 ? HEIGHT : PANEL_HEIGHT;
  const least = (most / height) * SMALLEST_BAR;
  const places = { ...axis, places: edges };
  return assemble({
    options,
    by,
    notes: [withoutText(rows.length - placed.length, options.x)],
    said:
      placed.length === 0
        ? ""
        : saidByPanel(by, (panel) =>
            sayBins(
              values.filter((one) => one.panel === panel),
              axis,
            ),
          ),
    height,
    values:
      placed.length === 0
        ? []
        : values.map((bin) => ({ ...bin, end: bin.number === 0 ? 0 : Math.max(bin.number, least) })),
    unit: {
      transform: [{ calculate: `datum.number > 0 ? max(datum.number, ${least}) : 0`, as: "end" }],
      mark: { type: "bar", aria: false, color: PALETTE[0], binSpacing: 1 },
      encoding: {
        x: { ...placeEncoding(places, "from", options.x, plotWidth(by, 48)), bin: { binned: true } },
        x2: { field: "to" },
        y: numberEncoding(
          values.map(({ number }) => number),
          "end",
          { title: "rows", isZero: true },
        ),
      },
    },
  });
}

/** A cell for each pair of `x` and `y`, coloured and labelled by its number. */
export function heatMap(all: readonly object[], options: HeatMapOptions): Spec {
  const { facet, unit = "" } = options;
  const by = panelsOf(all, facet);
  const [across, down] = [axisOf(by.rows, options.x), axisOf(by.rows, options.y)];
  const cells = numbersOf(by.rows, options.value, { unit }).map(({ number, text }, i) => ({
    x: cellName(across.places[i]!, across),
    y: cellName(down.places[i]!, down),
    number,
    text,
    panel: by.panels[i]!,
  }));
  requireSingle(cells, options);
  const [columns, lines] = [namesInOrder(across), namesInOrder(down)];
  if (columns.length > MAX_CELLS || lines.length > MAX_CELLS) {
    const got = `${formatNumber(columns.length)} and ${formatNumber(lines.length)}`;
    throw new Error(
      `heatMap: expected at most ${MAX_CELLS} values of ${options.x} and of ${options.y}, got ${got}`,
    );
  }
  const numbers = cells.flatMap(({ number }) => number ?? []);
  const [least, most] = extent(numbers);
  const axisWidth = 12 + Math.min(170, Math.max(0, ...lines.map((line) => textWidth(line, LABEL_SIZE))));
  const cellWidth = plotWidth(by, axisWidth) / columns.length;
  const labels = labelsThatFit(cells, cellWidth, unit);
  const labelled = cells.map((cell, i) => ({ ...cell, label: labels?.texts[i] ?? "" }));
  const isLabelled = labels !== null;
  const missing = cells.filter(({ number }) => number === null).length;
  const size = Math.max(Math.abs(least), Math.abs(most)) || 1;
  const scale =
    least < 0
      ? { domain: [-size, -size / 1e6, size / 1e6, size], range: DIVERGING }
      : { domain: [0, size], range: RAMP };
  const axis = { grid: false, ticks: false, domain: false, aria: false };
  return assemble({
    options,
    by,
    notes: [
      isLabelled ? "" : "the colour tells the numbers: a cell has no room for its number",
      missing === 0
        ? ""
        : `dashed: ${formatNumber(missing)} ${missing === 1 ? "cell" : "cells"} without ${options.value}`,
    ],
    said:
      cells.length === 0
        ? ""
        : saidByPanel(by, (panel) => sayCells(cells.filter((cell) => cell.panel === panel))),
    height: lines.length * (lines.length > 20 ? 16 : CELL_HEIGHT),
    values: labelled,
    axisWidth,
    unit: {
      encoding: {
        x: {
          field: "x",
          type: "ordinal",
          sort: columns,
          title: options.x,
          axis: { ...axis, ...columnLabels(across, columns, cellWidth) },
        },
        y: {
          field: "y",
          type: "ordinal",
          sort: lines,
          title: null,
          axis: { ...axis, labelOverlap: overlapOf(down) },
        },
      },
      layer: [
        ...(missing > 0 ? [MISSING] : []),
        {
          transform: [{ filter: "isValid(datum.number)" }],
          mark: { type: "rect", aria: false },
          encoding: {
            color: {
              field: "number",
              type: "quantitative",
              scale,
              title: titleWithUnit(options.value, unit),
              legend: isLabelled
                ? null
                : {
                    orient: "top",
                    direction: "horizontal",
                    gradientLength: 160,
                    tickCount: 3,
                    ...numberAxis(numbers, { unit }),
                  },
            },
          },
        },
        ...(isLabelled
          ? [
              {
                mark: { type: "text", fontSize: labels.size, aria: false },
                encoding: { text: { field: "label" } },
              },
            ]
          : []),
      ],
    },
  });
}

/** The cells without a number. */
const MISSING = {
  transform: [{ filter: "!isValid(datum.number)" }],
  mark: { type: "rect", aria: false, fill: "transparent", stroke: GREY, strokeDash: [3, 3] },
};

/** The numbers of cells `width` pixels wide, whole or short; null: they have no room. */
function labelsThatFit(
  cells: readonly { number: number | null; text: string }[],
  width: number,
  unit: string,
): { texts: string[]; size: number } | null {
  const fits = (text: string): boolean => textWidth(text, LABEL_SIZE) + CELL_GAP <= width;
  const whole = cells.map(({ text }) => text);
  if (whole.every(fits)) return { texts: whole, size: LABEL_SIZE };
  const none = fits(NONE) ? NONE : "";
  const short = cells.map(({ number }) => (number === null ? none : formatShort(number, { unit })));
  const isShort = short.every((text) => textWidth(text, SHORT_SIZE) + SHORT_GAP <= width);
  return isShort ? { texts: short, size: SHORT_SIZE } : null;
}

interface Bin {
  from: number;
  to: number;
  number: number;
  panel: string;
}

/** The edges of the bins: numbers that people would choose. */
function edgesOf(places: number[], { kind, isWhole }: Axis, wanted?: number): number[] {
  const [least, most] = extent(places);
  const count = wanted ?? Math.min(30, Math.max(5, Math.ceil(Math.log2(places.length + 1)) + 1));
  const step = kind === "time" ? timeStep((most - least) / count) : niceStep((most - least) / count, isWhole);
  // A bin of a week begins on a Monday.
  const start = kind === "time" && step % WEEK === 0 ? weekStart([]) : 0;
  const first = Math.floor((least - start) / step);
  const last = Math.max(
    first + 1,
    isWhole && kind === "number" ? Math.floor(most / step) + 1 : Math.ceil((most - start) / step),
  );
  return Array.from({ length: last - first + 1 }, (_, i) => rounded(start + (first + i) * step));
}

function timeStep(least: number): number {
  const year = TIME_STEPS.at(-1)!;
  return TIME_STEPS.find((step) => step >= least) ?? Math.ceil(least / year) * year;
}

/** The smallest of 1, 2, 5, 10, … that is at least `least`. */
function niceStep(least: number, isWhole: boolean): number {
  if (!(least > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(least));
  const step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= least * 0.999) ?? 10 * power;
  return isWhole ? Math.max(1, step) : step;
}

/** The number without the error of a multiplication: 0.30000000000000004 → 0.3. */
function rounded(number: number): number {
  return Number(number.toPrecision(12));
}

function countBins(placed: { place: number; panel: string }[], panel: string, edges: number[]): Bin[] {
  const bins = edges.slice(0, -1).map((from, i) => ({ from, to: edges[i + 1]!, number: 0, panel }));
  for (const { place } of placed.filter((one) => one.panel === panel)) {
    const i = edges.findLastIndex((edge) => edge <= place);
    bins[Math.max(0, Math.min(i, bins.length - 1))]!.number++;
  }
  return bins;
}

function sayBins(bins: Bin[], axis: Axis): string {
  const total = bins.reduce((sum, { number }) => sum + number, 0);
  if (total === 0) return "no rows";
  const fullest = bins.reduce((a, b) => (b.number > a.number ? b : a));
  const range = ({ from, to }: Bin) => `${placeText(from, axis)} to ${placeText(to, axis)}`;
  const rows = `${formatNumber(total)} ${total === 1 ? "row" : "rows"}`;
  const whole = range({ ...bins[0]!, to: bins.at(-1)!.to });
  return `${rows} from ${whole} in bins; the fullest is ${range(fullest)} with ${formatNumber(fullest.number)}`;
}

/** The texts below the columns; times are short, and as many as there is room for. */
function columnLabels(axis: Axis, names: string[], cellWidth: number): Record<string, unknown> {
  if (axis.kind === "time") {
    const times = [...new Set(axis.places)]
      .filter((place) => typeof place === "number")
      .sort((a, b) => a - b);
    const none = axis.places.includes(null) ? [NONE] : [];
    const width = Math.max(
      ...[...timeNames(times, 1).values(), ...none].flat().map((text) => textWidth(text, LABEL_SIZE)),
    );
    const most = Math.floor((cellWidth * times.length) / (width + 2 * CELL_GAP));
    const texts = [...timeNames(times, most)].map(([time, text]) => [cellName(time, axis), text] as const);
    texts.push(...none.map((name) => [name, name] as const));
    return {
      labelAngle: 0,
      values: texts.map(([name]) => name),
      labelExpr: `${JSON.stringify(Object.fromEntries(texts))}[datum.value]`,
    };
  }
  const isAngled = names.some(
    (name) => name.length > SHORT_NAME && textWidth(name, LABEL_SIZE) + CELL_GAP > cellWidth,
  );
  return { labelAngle: isAngled ? -45 : 0, labelLimit: 110, labelOverlap: overlapOf(axis) };
}

/** The name of a column or row of cells; numbers have all their digits, so none fall together. */
function cellName(place: number | string | null, { kind }: Axis): string {
  if (place === null) return NONE;
  return kind === "time" ? formatTime(new Date(place), { zone: false }) : String(place);
}

/** Where names have no room, each second number or time stays, or as many names as fit. */
function overlapOf({ kind }: Axis): "parity" | "greedy" {
  return kind === "text" ? "greedy" : "parity";
}

/** The names of an axis: times and numbers by size, names in the order of the rows. */
function namesInOrder(axis: Axis): string[] {
  const places = [...new Set(axis.places)];
  if (axis.kind !== "text") places.sort((a, b) => Number(a ?? Infinity) - Number(b ?? Infinity));
  return places.map((place) => cellName(place, axis));
}

function requireSingle(cells: { x: string; y: string; panel: string }[], { x, y }: HeatMapOptions): void {
  const seen = new Set<string>();
  for (const cell of cells) {
    const key = JSON.stringify([cell.panel, cell.x, cell.y]);
    if (seen.has(key)) {
      throw new Error(
        `heatMap: expected one row for each ${x} and ${y}, got two for ${cell.x} and ${cell.y}`,
      );
    }
    seen.add(key);
  }
}

function sayCells(cells: { x: string; y: string; number: number | null; text: string }[]): string {
  const drawn = cells.filter(({ number }) => number !== null);
  if (drawn.length === 0) return "no numbers";
  const most = drawn.reduce((a, b) => (b.number! > a.number! ? b : a));
  const least = drawn.reduce((a, b) => (b.number! < a.number! ? b : a));
  const place = ({ x, y, text }: { x: string; y: string; text: string }) => `${text} (${x}, ${y})`;
  return `${formatNumber(cells.length)} cells from ${place(least)} to ${place(most)}`;
}
