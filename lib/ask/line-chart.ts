/**
 * Rows → Vega-Lite specs of numbers along an axis: lines, steps, areas.
 *
 * A row without a number is a gap in its line. Vega draws nothing for a value between two gaps, so
 * such a value gets a point. Stacked areas have no gaps: each needs a number at each place.
 */
import { numberEncoding, placeEncoding } from "./axes.ts";
import { type Axis, axisOf, extent, namesOf, numbersOf, placeText, withoutText } from "./chart-columns.ts";
import { formatNumber } from "./format.ts";
import { colourEncoding, legendParams, othersLast } from "./legend.ts";
import { assemble, type NumberOptions, type Panels, panelsOf, plotWidth, saidByPanel } from "./panels.ts";
import { PALETTE, type Spec } from "./theme.ts";

/** The options of `lines` and `areas`. */
export interface LineOptions extends NumberOptions {
  x: string; // the column of the axis: Dates, days such as "2026-11-25", numbers, or names
  y: string; // the column of numbers
  series?: string; // the column that names the lines
}

/** The options of `steps`. */
export interface StackedOptions extends LineOptions {
  stacked?: boolean; // draws areas on top of each other, so that the upper edge is the total
}

interface Value {
  time: number | string; // the place on the axis
  number: number | null;
  name: string; // of the series
  panel: string;
  line?: string; // the series among others that have one name
  alone?: boolean; // there is no line to another value
}

type Kind = "lines" | "steps" | "areas";

const HEIGHT = 240;
const PANEL_HEIGHT = 150;
const LAST_STEP = 0.04; // width of the last step, as a part of the chart's width
const MAX_SERIES = PALETTE.length;
const MAX_LINES = 60; // of one chart
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** A line for each series; the largest have colours, and the others are grey. */
export function lines(rows: readonly object[], options: LineOptions): Spec {
  return draw(rows, options, "lines");
}

/**
 * A line of steps for each series: each value holds until the next value. With more series than
 * colours, the largest have lines of their own; the others are added up to one line.
 */
export function steps(rows: readonly object[], options: StackedOptions): Spec {
  return draw(rows, options, "steps", options.stacked);
}

/**
 * Areas on top of each other: the upper edge is the total. A series without a number at a place
 * counts as 0 there. With more series than colours, the smallest are added up to one area.
 */
export function areas(rows: readonly object[], options: LineOptions): Spec {
  return draw(rows, options, "areas", true);
}

function draw(all: readonly object[], options: LineOptions, kind: Kind, stacked = false): Spec {
  const { facet, unit = "" } = options;
  const by = panelsOf(all, facet);
  const axis = axisOf(by.rows, options.x);
  const read = readValues(by, axis, options);
  const placed = read.filter(({ time }) => time !== null) as Value[];
  const notes = [withoutText(read.length - placed.length, options.x)];
  const sorted = axis.kind === "text" ? placed : placed.sort((a, b) => Number(a.time) - Number(b.time));
  const series = kind === "lines" ? withoutColours(sorted, notes) : withoutSmall(sorted);
  const names = [...new Set(series.map(({ name }) => name))].sort(othersLast);
  const filled = stacked ? filledUp(series, names, by, kind, notes) : series;
  const values = markAlone(kind === "steps" ? withLastStep(filled, axis) : filled, kind, axis);
  const numbers = filled.flatMap(({ number }) => number ?? []);
  const interpolate = kind === "steps" ? { interpolate: "step-after" } : {};
  const mark = stacked
    ? { type: "area", ...interpolate, opacity: 0.85, line: { strokeWidth: 1.5 } }
    : { type: "line", ...interpolate, strokeWidth: 2.5, strokeJoin: "round" };
  return assemble({
    options,
    by,
    notes,
    said: saidByPanel(by, (panel) => saidOf(filled, names, panel, axis, unit)),
    height: by.names.length === 1 ? HEIGHT : PANEL_HEIGHT,
    values,
    params: options.series === undefined ? [] : legendParams(names, names),
    unit: {
      encoding: {
        x: withDomain(
          placeEncoding(
            { ...axis, places: filled.map(({ time }) => time) },
            "time",
            options.x,
            plotWidth(by, 48),
          ),
          kind === "steps" && axis.kind === "time" ? values.map(({ time }) => Number(time)) : [],
        ),
        y: {
          ...numberEncoding(numbers, "number", { isZero: stacked, unit }),
          ...(stacked ? { stack: "zero" } : { stack: null }),
        },
        color: colourEncoding(names, options.series !== undefined, stacked ? "square" : "stroke"),
        ...(values.some(({ line }) => line !== undefined) ? { detail: { field: "line" } } : {}),
      },
      layer: [
        { mark: { ...mark, aria: false } },
        ...(values.some(({ alone }) => alone === true)
          ? [
              {
                transform: [{ filter: "datum.alone === true" }],
                mark: { type: "point", filled: true, size: 45, opacity: 1, aria: false },
              },
            ]
          : []),
      ],
    },
  });
}

/** One value a row; `time` is null without a place on the axis. */
function readValues({ rows, panels }: Panels, axis: Axis, { y, series }: LineOptions) {
  const names = series === undefined ? rows.map(() => y) : namesOf(rows, series);
  return numbersOf(rows, y).map(({ number }, i) => ({
    time: axis.places[i]!,
    number,
    name: names[i]!,
    panel: panels[i]!,
  }));
}

/** Gives the smallest series one name and no colour, if there are more series than colours. */
function withoutColours(values: Value[], notes: string[]): Value[] {
  const sizes = sizesOf(values);
  if (sizes.length <= MAX_SERIES) return values;
  const coloured = sizes.slice(0, MAX_SERIES - 1);
  const drawn = sizes.slice(0, MAX_LINES);
  if (sizes.length > drawn.length)
    notes.push(`the largest ${MAX_LINES} of ${formatNumber(sizes.length)} lines`);
  const name = `${drawn.length - coloured.length} others`;
  return values
    .filter((value) => drawn.includes(value.name))
    .map((value) => ({ ...value, line: value.name, name: coloured.includes(value.name) ? value.name : name }))
    .sort((a, b) => Number(a.name !== name) - Number(b.name !== name)); // others lie behind
}

/** Adds up the smallest series to one, if there are more series than colours. */
function withoutSmall(values: Value[]): Value[] {
  const sizes = sizesOf(values);
  if (sizes.length <= MAX_SERIES) return values;
  const largest = new Set(sizes.slice(0, MAX_SERIES - 1));
  const name = `${sizes.length - largest.size} others`;
  const soFar = new Map<string, Map<string, number>>(); // panel → small series → number
  const sums = new Map<string, Value>(); // panel and time → sum
  for (const small of values.filter((one) => !largest.has(one.name))) {
    const numbers = soFar.get(small.panel) ?? new Map<string, number>();
    soFar.set(small.panel, numbers.set(small.name, small.number ?? 0));
    const number = [...numbers.values()].reduce((sum, one) => sum + one, 0);
    sums.set(JSON.stringify([small.panel, small.time]), { ...small, number, name });
  }
  return [...values.filter((one) => largest.has(one.name)), ...sums.values()];
}

/** The names of the series by their last number, the largest first. */
function sizesOf(values: Value[]): string[] {
  const last = new Map(values.map(({ name, number }) => [name, Math.abs(number ?? 0)]));
  return [...last.keys()].sort((a, b) => last.get(b)! - last.get(a)!);
}

/** Gives each series a number at each place: for steps the one before, for areas 0. */
function filledUp(values: Value[], names: string[], by: Panels, kind: Kind, notes: string[]): Value[] {
  const times = [...new Set(values.map(({ time }) => time))];
  if (typeof times[0] === "number") times.sort((a, b) => Number(a) - Number(b));
  const missing = values.filter(({ number }) => number === null).length;
  const instead = kind === "steps" ? "the number before" : "0";
  if (missing > 0) {
    notes.push(
      `${formatNumber(missing)} missing ${missing === 1 ? "number is" : "numbers are"} drawn as ${instead}`,
    );
  }
  const found = new Map<string, Value>();
  for (const value of values) {
    const key = JSON.stringify([value.panel, value.name, value.time]);
    if (kind === "areas" && found.has(key)) {
      throw new Error(`areas: expected one row for each place and series, got two for ${value.name}`);
    }
    found.set(key, value);
  }
  return by.names.flatMap((panel) =>
    names.flatMap((name) => {
      let before = 0;
      return times.map((time) => {
        const number =
          found.get(JSON.stringify([panel, name, time]))?.number ?? (kind === "steps" ? before : 0);
        before = number;
        return { time, number, name, panel };
      });
    }),
  );
}

/** Repeats each line's last value a little later, so that its last step has a visible width. */
function withLastStep(values: Value[], { kind, isDays }: Axis): Value[] {
  if (kind === "text" || values.length === 0) return values;
  const [first, last] = extent(values.map(({ time }) => time as number));
  const least = kind === "number" ? 1 : isDays ? DAY_MS : MINUTE_MS;
  const time = last + (last === first ? least : (last - first) * LAST_STEP);
  const ends = Map.groupBy(values, (value) => JSON.stringify([value.panel, value.name]));
  return [...values, ...[...ends.values()].map((line) => ({ ...line.at(-1)!, time }))];
}

/** The axis from the first to the last of `times`; its ticks stay at the data. */
function withDomain(encoding: Record<string, unknown>, times: number[]): Record<string, unknown> {
  if (times.length === 0) return encoding;
  return { ...encoding, scale: { ...(encoding.scale as object), domain: extent(times) } };
}

/** Marks the values that have no neighbour in their line, so that no line shows them. */
function markAlone(values: Value[], kind: Kind, axis: Axis): Value[] {
  const isDrawn = (value: Value | undefined) => value !== undefined && value.number !== null;
  const found = new Set<Value>();
  for (const line of Map.groupBy(values, (one) =>
    JSON.stringify([one.panel, one.line ?? one.name]),
  ).values()) {
    for (const [i, value] of line.entries()) {
      if (!isDrawn(value) || isDrawn(line[i + 1])) continue;
      const isLastStep = axis.kind !== "text" && i > 0 && i === line.length - 1;
      if (kind === "steps" ? !isLastStep : !isDrawn(line[i - 1])) found.add(value);
    }
  }
  return values.map((value) => (found.has(value) ? { ...value, alone: true } : value));
}

/** "gold from 1 to 20, copper from 0 to 5"; with the extremes if they lie between. */
function saidOf(values: Value[], names: string[], panel: string, axis: Axis, unit: string): string {
  const textOf = (number: number): string => formatNumber(number, { unit });
  const here = values.filter((value) => value.panel === panel && value.number !== null);
  const parts = names.flatMap((name) => {
    const numbers = here.filter((value) => value.name === name).map(({ number }) => number!);
    if (numbers.length === 0) return [];
    const [first, last] = [numbers[0]!, numbers.at(-1)!];
    const [least, most] = extent(numbers);
    const lowest = least < Math.min(first, last) ? `lowest ${textOf(least)}` : "";
    const highest = most > Math.max(first, last) ? `highest ${textOf(most)}` : "";
    const extremes = [lowest, highest].filter((text) => text !== "").join(", ");
    const more = extremes === "" ? "" : ` (${extremes})`;
    return [`${name} from ${textOf(first)} to ${textOf(last)}${more}`];
  });
  if (axis.kind !== "time" || here.length === 0) return parts.join(", ");
  const [from, to] = extent(here.map(({ time }) => time as number));
  return `${parts.join(", ")}; time from ${placeText(from, axis)} to ${placeText(to, axis)}`;
}
