/**
 * The house theme of charts: colours, fonts and sizes; any Vega-Lite spec → the spec with the
 * theme.
 *
 * One picture serves light and dark pages, wide and narrow ones, and paper. The background is
 * transparent, and text has the colour of the page's text (`currentColor`). The marks have colours
 * of middle lightness, which contrast with both backgrounds. The picture is as wide as a narrow
 * column, so legends stand above the chart, and long titles take several lines.
 */
import { extent, NO_ROWS } from "./chart-columns.ts";
import { formatNumber, formatValue } from "./format.ts";
import { wrapText } from "./text-width.ts";

/** A chart as plain data of Vega-Lite: the functions of chart.ts make it, `show` displays it. */
export interface Spec {
  title: string | { text: string | string[]; subtitle?: string | string[] };
  description: string; // the chart's numbers as text, for readers who cannot see it
  usermeta?: { counted: unknown[] }; // the records of counted.ts; Vega-Lite ignores them
  [property: string]: unknown; // of Vega-Lite
}

/** One colour for each series, with a contrast of at least 3 both to white and to #14161a. */
export const PALETTE = ["#3b82f6", "#d97706", "#0d9f6e", "#a855f7", "#e5484d", "#64809c"];
export const GREY = "#808893"; // of marks that stand for others
export const LINE_COLOR = "#888";

export const WIDTH = 440; // of the whole picture; a phone shows it at seven eighths of its size
export const LABEL_SIZE = 14; // the page's style makes it smaller on wide screens
export const NUMBER_SIZE = 14;
const TITLE_SIZE = 16;
const TITLE_LINES = 4;
const NOTE_LINES = 4;
const PADDING = { left: 4, right: 8, top: 4, bottom: 4 };
const BLUE = "59, 130, 246";
const ORANGE = "217, 119, 6";

/** Colours of small to large numbers. They let the page through, so text on them is readable. */
export const RAMP = [`rgba(${BLUE}, 0.08)`, `rgba(${BLUE}, 0.65)`];
/** Colours of negative numbers to 0, and of 0 to positive numbers. */
export const DIVERGING = [0.65, 0.04]
  .map((opacity) => `rgba(${ORANGE}, ${opacity})`)
  .concat([0.04, 0.65].map((opacity) => `rgba(${BLUE}, ${opacity})`));

const CONFIG = {
  locale: { number: { decimal: ".", thousands: ",", grouping: [3], currency: ["$", ""], minus: "-" } },
  font: "system-ui, -apple-system, 'Segoe UI', sans-serif",
  view: { stroke: null, continuousHeight: 240 },
  mark: { color: PALETTE[0] },
  arc: { stroke: null },
  text: { color: "currentColor", fontSize: NUMBER_SIZE },
  rule: { color: "currentColor" },
  boxplot: { median: { color: "currentColor" }, rule: { color: "currentColor" } },
  range: { category: PALETTE, ramp: RAMP, heatmap: RAMP, ordinal: RAMP, diverging: DIVERGING },
  title: {
    subtitleColor: "currentColor",
    subtitleFontSize: LABEL_SIZE,
    subtitleLineHeight: 17,
    anchor: "start",
    fontSize: TITLE_SIZE,
    lineHeight: 20,
    fontWeight: 600,
    color: "currentColor",
    offset: 12,
  },
  header: {
    labelColor: "currentColor",
    titleColor: "currentColor",
    labelFontSize: LABEL_SIZE,
    labelFontWeight: 600,
    labelAnchor: "start",
    labelLimit: 210,
    titleFontSize: LABEL_SIZE,
  },
  axis: {
    labelColor: "currentColor",
    titleColor: "currentColor",
    labelFontSize: LABEL_SIZE,
    titleFontSize: LABEL_SIZE,
    titleFontWeight: "normal",
    titleLimit: 400,
    labelLimit: 170,
    labelPadding: 6,
    gridColor: "#8886",
    domainColor: LINE_COLOR,
    tickColor: LINE_COLOR,
  },
  legend: {
    labelColor: "currentColor",
    titleColor: "currentColor",
    labelFontSize: LABEL_SIZE,
    titleFontSize: LABEL_SIZE,
    titleFontWeight: "normal",
    labelLimit: 345,
    symbolSize: 90,
    symbolStrokeWidth: 4,
  },
};

/** The properties that all charts share; `note` stands below the title. */
export function frame(title: string, said: string, note = ""): Spec {
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    title: titleText(title, note),
    description: `${title}: ${said}`,
    width: WIDTH,
    autosize: { type: "fit-x", contains: "padding" },
    background: "transparent",
    padding: PADDING,
    config: CONFIG,
  };
}

/**
 * Any Vega-Lite spec with the house theme; the spec's own settings are stronger. A spec that has
 * the theme stays as it is.
 * @throws Error for a value that is no object
 */
export function themed(spec: object): Spec {
  if (!isObject(spec)) throw new Error(`show: expected a chart, got ${formatValue(spec)}`);
  const own = inUtc(plain(spec)) as Record<string, unknown>;
  const { values } = (own.data ?? {}) as { values?: unknown };
  const note = Array.isArray(values) && values.length === 0 && !isObject(own.title) ? NO_ROWS : "";
  const isText = typeof own.title === "string" || (own.title === undefined && note !== "");
  return {
    background: "transparent",
    padding: PADDING,
    ...(fitsWidth(own) ? { width: WIDTH, autosize: { type: "fit-x", contains: "padding" } } : {}),
    ...own,
    title: isText ? titleText(titleOf(own), note) : (own.title as Spec["title"]),
    description: typeof own.description === "string" ? own.description : describe(own),
    config: merged(CONFIG, own.config),
  };
}

/** A spec as JSON has it: Dates in ISO 8601, bigints as numbers, no undefined. */
function plain(spec: object): unknown {
  return JSON.parse(
    JSON.stringify(spec, (_, value: unknown) => (typeof value === "bigint" ? Number(value) : value)),
  );
}

const DATA = ["data", "datasets", "config", "usermeta"];
const AXES = ["x", "y"];

/** The spec with UTC on its axes of time, unless they name another scale. */
function inUtc(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(inUtc);
  if (!isObject(part)) return part;
  const entries = Object.entries(part).map(([name, value]) => {
    if (DATA.includes(name)) return [name, value];
    const isTime = AXES.includes(name) && isObject(value) && value.type === "temporal";
    if (!isTime) return [name, inUtc(value)];
    const { scale, timeUnit } = value as { scale?: unknown; timeUnit?: unknown };
    const utc = scale === undefined || isObject(scale) ? { scale: { type: "utc", ...scale } } : {};
    const isLocal = typeof timeUnit === "string" && !/^(utc|binned)/.test(timeUnit);
    return [name, { ...value, ...utc, ...(isLocal ? { timeUnit: `utc${timeUnit}` } : {}) }];
  });
  return Object.fromEntries(entries) as Record<string, unknown>;
}

/**
 * Requires each field that the spec draws to be a column of its rows; a field that a transformation
 * makes is not known here.
 * @throws Error that names the field and the columns
 */
export function requireFields(spec: object): void {
  const { values } = ((spec as Record<string, unknown>).data ?? {}) as { values?: unknown };
  const text = JSON.stringify({ ...spec, data: null, datasets: null, usermeta: null, config: null });
  if (!Array.isArray(values) || values.length === 0 || !values.every(isObject)) return;
  if (/"(transform|facet|repeat|data)":[[{]/.test(text)) return;
  const columns = new Set(values.flatMap((row) => Object.keys(row)));
  const fields = [...text.matchAll(/"field":"([\w ]+)"/g)].map(([, field]) => field!);
  const missing = fields.find((field) => !columns.has(field));
  if (missing === undefined) return;
  throw new Error(`show: expected a column ${missing}, got rows with ${[...columns].join(", ")}`);
}

/** The title of a spec in one line; "" without one. */
export function titleOf(spec: unknown): string {
  const { title } = (spec ?? {}) as { title?: unknown };
  const text = isObject(title) ? title.text : title;
  if (Array.isArray(text)) return text.map(String).join(" ");
  return typeof text === "string" ? text : "";
}

/** A sentence on a spec without a description: its title, its rows, and the ends of its numbers. */
function describe(spec: Record<string, unknown>): string {
  const title = titleOf(spec) || "Chart";
  const values = (spec.data as { values?: unknown } | undefined)?.values;
  if (!Array.isArray(values)) return title;
  const rows = values.filter(isObject);
  if (rows.length === 0) return `${title}: no rows`;
  const ends = Object.keys(rows[0]!).flatMap((name) => {
    const numbers = rows.flatMap((row) => (typeof row[name] === "number" ? row[name] : []));
    if (numbers.length === 0) return [];
    const [least, most] = extent(numbers);
    return [`${name} from ${formatNumber(least)} to ${formatNumber(most)}`];
  });
  return `${title}: ${[`${formatNumber(rows.length)} ${rows.length === 1 ? "row" : "rows"}`, ...ends].join(", ")}`;
}

function titleText(title: string, note: string): Spec["title"] {
  const lines = wrapText(title, { width: WIDTH - 12, size: TITLE_SIZE, bold: true, maxLines: TITLE_LINES });
  const notes = wrapText(note, { width: WIDTH - 12, size: LABEL_SIZE, maxLines: NOTE_LINES });
  const subtitle = note === "" ? {} : { subtitle: notes.length === 1 ? note : notes };
  if (lines.length === 1) return note === "" ? title : { text: title, ...subtitle };
  return { text: lines, ...subtitle };
}

/** Whether a spec is one view without a width of its own, so that it can fill the picture. */
function fitsWidth(spec: Record<string, unknown>): boolean {
  const composed = ["facet", "repeat", "concat", "hconcat", "vconcat", "spec"];
  const { encoding } = spec as { encoding?: Record<string, unknown> };
  const isFaceted = ["facet", "row", "column"].some((channel) => encoding?.[channel] !== undefined);
  return ![...composed, "width", "autosize"].some((name) => name in spec) && !isFaceted;
}

function merged(house: unknown, own: unknown): unknown {
  if (own === undefined) return house;
  if (!isObject(house) || !isObject(own)) return own;
  const names = [...new Set([...Object.keys(house), ...Object.keys(own)])];
  return Object.fromEntries(names.map((name) => [name, merged(house[name], own[name])]));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
