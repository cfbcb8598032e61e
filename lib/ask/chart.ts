/**
 * Rows → Vega-Lite specs: bars for a number per category, steps for numbers that grow over time.
 *
 * One picture serves light and dark pages, wide and narrow ones. The background is transparent,
 * and text has the colour of the page's text (`currentColor`). The marks have colours of middle
 * lightness, which contrast with both backgrounds. The picture is as wide as a narrow column, so
 * legends stand above the chart.
 */
import { formatValue } from "./format.ts";
import { valueOf } from "./row-text.ts";

/** A chart as plain data: `bars` and `steps` make it, `show` displays it. */
export interface Spec {
  title: string | { text: string; subtitle: string };
  description: string; // the chart's numbers as text, for readers who cannot see it
  usermeta?: { counted: unknown[] }; // the records of counted.ts; Vega-Lite ignores them
  [property: string]: unknown; // of Vega-Lite
}

/** One colour for each series, with a contrast of at least 3 both to white and to #14161a. */
export const PALETTE = ["#3b82f6", "#d97706", "#0d9f6e", "#a855f7", "#e5484d", "#64809c"];

/** The largest number of bars; a line of text counts the other rows. */
export const MAX_BARS = 24;
const WIDTH = 480; // of the whole picture; a phone's screen shows it at three quarters of its size
const BAR_HEIGHT = 30;
const STEPS_HEIGHT = 240;
const LAST_STEP = 0.04; // width of the last step, as a part of the chart's width
const LEGEND_CHARS = 56; // that fit the picture's width; a mark with its gap counts as 4
const CLOCK = { hours: "%H:%M", minutes: "%H:%M" }; // a 24-hour clock; other units keep Vega's format
const NO_ROWS = "no rows";
const MAX_SERIES = PALETTE.length;

/**
 * One horizontal bar per row, the longest first, with its number beside it. Without rows, the chart
 * is empty and says "no rows". Of more than 24 rows, the chart leaves out the shortest and says how
 * many.
 * @param options.category the column that names the bars; its values may be any text
 * @param options.value the column of numbers
 */
export function bars(
  rows: readonly object[],
  { category, value, title }: { category: string; value: string; title: string },
): Spec {
  const all = rows
    .map((row) => ({ label: toLabel(valueOf(row, category)), number: toNumber(row, value) }))
    .sort((a, b) => b.number - a.number || (a.label < b.label ? -1 : 1));
  const shown = all.slice(0, MAX_BARS);
  const rest = all.length > shown.length ? `and ${all.length - shown.length} more, smaller` : "";
  const said = [...shown.map(({ label, number }) => `${label} ${text(number)}`), ...(rest ? [rest] : [])];
  return {
    ...frame(title, said.join(", ") || NO_ROWS, rows.length === 0 ? NO_ROWS : rest),
    height: BAR_HEIGHT * Math.max(1, shown.length),
    data: { values: shown.map((row) => ({ ...row, text: text(row.number) })) },
    encoding: {
      y: { field: "label", type: "nominal", sort: null, title: null, axis: { ticks: false } },
      x: {
        field: "number",
        type: "quantitative",
        axis: null,
        scale: { domainMin: 0, domainMax: Math.max(1, ...shown.map(({ number }) => number)) * 1.15 },
      },
    },
    layer: [
      { mark: { type: "bar", color: PALETTE[0], height: { band: 0.72 } } },
      {
        mark: { type: "text", align: "left", dx: 6, fontSize: 14, fontWeight: 600 },
        encoding: { text: { field: "text" } },
      },
    ],
  };
}

/**
 * One line of steps per series over time: each value holds until the next value. With more series
 * than colours, the largest have lines of their own; the others are added up to one line.
 * @param options.x the column of time: Dates, or seconds since a start
 * @param options.y the column of numbers
 * @param options.series the column that names the line
 * @param options.stacked draws areas on top of each other, so that the upper edge is the total
 */
export function steps(rows: readonly object[], { x, y, series, title, stacked = false }: StepOptions): Spec {
  const values = withoutSmall(
    rows.map((row) => ({
      time: toTime(row, x),
      number: toNumber(row, y),
      name: toLabel(valueOf(row, series)),
    })),
  );
  const names = [...new Set(values.map(({ name }) => name))];
  const isDate = rows.length > 0 && valueOf(rows[0]!, x) instanceof Date;
  const said = names.map((name) => {
    const line = values.filter((value) => value.name === name);
    return `${name} from ${text(line[0]!.number)} to ${text(line.at(-1)!.number)}`;
  });
  return {
    ...frame(title, said.join(", ") || NO_ROWS, rows.length === 0 ? NO_ROWS : ""),
    height: rows.length === 0 ? BAR_HEIGHT : STEPS_HEIGHT,
    data: { values: [...values, ...lastStep(values, names)] },
    // Without `aria: false` Vega-Lite puts the axis title into an expression, which would interpret
    // a backslash in the title.
    mark: stacked
      ? { type: "area", aria: false, interpolate: "step-after", opacity: 0.85, line: { strokeWidth: 1.5 } }
      : { type: "line", aria: false, interpolate: "step-after", strokeWidth: 2.5 },
    encoding: {
      x: {
        field: "time",
        type: isDate ? "temporal" : "quantitative",
        title: isDate ? "time (UTC)" : x,
        scale: isDate ? { type: "utc" } : { nice: false },
        axis: { grid: false, tickCount: 6, labelFlush: true, ...(isDate ? { format: CLOCK } : {}) },
      },
      y: {
        field: "number",
        type: "quantitative",
        title: null,
        ...(stacked ? { stack: "zero" } : {}),
        axis: { format: ",d", tickMinStep: 1, tickCount: 5, domain: false, ticks: false },
      },
      color: {
        field: "name",
        type: "nominal",
        sort: null,
        scale: { domain: names, range: PALETTE.slice(0, names.length) },
        legend: { orient: "top", title: null, direction: "horizontal", columns: legendColumns(names) },
      },
    },
  };
}

interface Step {
  time: number;
  number: number;
  name: string;
}

/** Adds up the smallest series to one, if there are more series than colours. */
function withoutSmall(values: Step[]): Step[] {
  const last = new Map(values.map(({ name, number }) => [name, number]));
  if (last.size <= MAX_SERIES) return values;
  const largest = [...last.keys()].sort((a, b) => last.get(b)! - last.get(a)!).slice(0, MAX_SERIES - 1);
  const name = `${last.size - largest.length} others`;
  const soFar = new Map<string, number>(); // of the small series
  const sums = new Map<number, number>(); // time → sum
  for (const small of values.filter((one) => !largest.includes(one.name))) {
    soFar.set(small.name, small.number);
    sums.set(
      small.time,
      [...soFar.values()].reduce((sum, number) => sum + number, 0),
    );
  }
  const others = [...sums].map(([time, number]) => ({ time, number, name }));
  return [...values.filter((one) => largest.includes(one.name)), ...others];
}

/** Repeats each line's last value a little later, so that its last step has a visible width. */
function lastStep(values: Step[], names: string[]): Step[] {
  const times = values.map(({ time }) => time);
  const [first, last] = [Math.min(...times), Math.max(...times)];
  const later = last + Math.max(1, (last - first) * LAST_STEP);
  return names.map((name) => ({ ...values.findLast((value) => value.name === name)!, time: later }));
}

/** The number of legend columns that fit the picture's width. */
function legendColumns(names: string[]): number {
  const longest = Math.max(0, ...names.map((name) => name.length));
  return Math.max(1, Math.min(names.length, Math.floor(LEGEND_CHARS / (longest + 4))));
}

interface StepOptions {
  x: string;
  y: string;
  series: string;
  title: string;
  stacked?: boolean;
}

/** The properties that all charts share; `note` stands below the title. */
function frame(title: string, said: string, note = ""): Spec {
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    title: note === "" ? title : { text: title, subtitle: note },
    description: `${title}: ${said}`,
    width: WIDTH,
    autosize: { type: "fit-x", contains: "padding" },
    background: "transparent",
    padding: { left: 4, right: 8, top: 4, bottom: 4 },
    config: {
      font: "system-ui, -apple-system, 'Segoe UI', sans-serif",
      view: { stroke: null },
      title: {
        subtitleColor: "currentColor",
        subtitleFontSize: 13,
        anchor: "start",
        fontSize: 16,
        fontWeight: 600,
        color: "currentColor",
        offset: 12,
      },
      text: { color: "currentColor" },
      axis: {
        labelColor: "currentColor",
        titleColor: "currentColor",
        labelFontSize: 13,
        titleFontSize: 13,
        titleFontWeight: "normal",
        labelLimit: 150,
        labelPadding: 6,
        gridColor: "#8886",
        domainColor: "#888",
        tickColor: "#888",
      },
      legend: { labelColor: "currentColor", labelFontSize: 13, labelLimit: 300, symbolStrokeWidth: 4 },
    },
  };
}

/** The name of a value in a chart or a sentence. */
export function toLabel(value: unknown): string {
  return value === null ? "(none)" : formatValue(value); // a client may have sent the text "null"
}

/** Formats a number beside a mark: 1234.5 → "1,234.5". */
function text(number: number): string {
  return number.toLocaleString("en-US", { maximumFractionDigits: 2 });
}

function toTime(row: object, column: string): number {
  const value = valueOf(row, column);
  return value instanceof Date ? value.getTime() : toNumber(row, column);
}

function toNumber(row: object, column: string): number {
  const value = valueOf(row, column);
  // Trino's decimals are strings.
  const isNumeric = /^(number|bigint|string)$/.test(typeof value) && value !== "";
  const number = isNumeric ? Number(value) : NaN;
  if (!Number.isFinite(number)) {
    throw new Error(`chart: expected a number in column ${column}, got ${formatValue(value)}`);
  }
  return number;
}
