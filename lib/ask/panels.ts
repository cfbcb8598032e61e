/**
 * Small multiples: rows → the same chart once for each value of a column, with common scales.
 *
 * Each function of a chart has the option `facet`. The values of all panels are one list, and
 * `panel` names the panel of each.
 */
import { formatNumber } from "./format.ts";
import { namesOf, NO_ROWS } from "./chart-columns.ts";
import { textWidth } from "./text-width.ts";
import { frame, LABEL_SIZE, type Spec, WIDTH } from "./theme.ts";

/** Options that all charts share. */
export interface ChartOptions {
  title: string;
  facet?: string; // the column that divides the rows into panels
}

/** Options of charts that draw a column of numbers. */
export interface NumberOptions extends ChartOptions {
  unit?: string; // of the numbers: "ms", "%", or "€", which stands before the number
}

/** The rows that a chart draws, by panels. */
export interface Panels {
  rows: readonly object[];
  panels: string[]; // the panel of each row; "" without facets
  names: string[]; // of the panels, in their order; [""] without facets
  columns: number; // of panels beside each other
  note: string; // on panels that the chart leaves out
}

/** The parts of a chart that differ from kind to kind. */
export interface Parts {
  options: ChartOptions;
  by: Panels;
  notes: string[]; // stand below the title, if they are not empty
  said: string; // the numbers in words
  height: number; // of one panel's plot
  values: object[]; // each has `panel`
  unit: Record<string, unknown>; // mark and encoding, or layers
  axisWidth?: number; // pixels of the vertical axis
  params?: object[];
}

const MAX_PANELS = 12;
const COLUMNS = 2;
const GAP = 24; // pixels between panels
const EMPTY_HEIGHT = 10;
const WIDE_NAME = 400; // pixels of a panel's name
const MAX_NAME = 170; // pixels of a panel's name beside another panel

/** Divides the rows into panels; a chart has at most 12 of them. */
export function panelsOf(rows: readonly object[], facet: string | undefined): Panels {
  if (facet === undefined) return { rows, panels: rows.map(() => ""), names: [""], columns: 1, note: "" };
  const panels = namesOf(rows, facet);
  const all = [...new Set(panels)];
  const names = all.slice(0, MAX_PANELS);
  const isShown = (_: unknown, i: number) => names.includes(panels[i]!);
  const left = all.length - names.length;
  const note = left === 0 ? "" : `the first ${MAX_PANELS} of ${formatNumber(all.length)} values of ${facet}`;
  return {
    rows: rows.filter(isShown),
    panels: panels.filter(isShown),
    names,
    columns: columnsFor(names),
    note,
  };
}

/** One panel beside another, unless a name would be cut there. */
function columnsFor(names: readonly string[]): number {
  const widest = Math.max(0, ...names.map((name) => textWidth(name, LABEL_SIZE, { bold: true })));
  return names.length === 1 || widest > MAX_NAME ? 1 : COLUMNS;
}

/** The width of one panel's plot, without its axis. */
export function plotWidth({ columns }: Panels, axisWidth: number): number {
  return Math.max(80, Math.floor((WIDTH - 12 - GAP * (columns - 1) - axisWidth) / columns));
}

/** Puts the parts of a chart together. */
export function assemble(parts: Parts): Spec {
  const { options, by, notes, said, height, values, unit, axisWidth = 48, params } = parts;
  const note = [...notes, by.note].filter((text) => text !== "").join("; ");
  const { width, autosize, ...base } = frame(
    options.title,
    said || NO_ROWS,
    values.length > 0 ? note : NO_ROWS,
  );
  const named = params === undefined ? {} : { params };
  if (values.length === 0) {
    return { ...base, width, autosize, height: EMPTY_HEIGHT, data: { values }, mark: "bar", encoding: {} };
  }
  if (options.facet === undefined) {
    return {
      ...base,
      width,
      autosize,
      ...named,
      height,
      data: { values: values.map(withoutPanel) },
      ...unit,
    };
  }
  return {
    ...base,
    ...named,
    data: { values },
    facet: {
      field: "panel",
      type: "nominal",
      sort: by.names,
      title: null,
      header: { labelLimit: by.columns === 1 ? WIDE_NAME : MAX_NAME + GAP },
    },
    columns: by.columns,
    spacing: GAP,
    // Otherwise Vega draws the axis of the last column below a place without a panel.
    ...(by.names.length % by.columns === 1 ? { resolve: { axis: { x: "independent" } } } : {}),
    spec: { width: plotWidth(by, axisWidth), height, ...unit },
  };
}

/** Joins the sentences of the panels: "ny: gold 60, copper 50; la: gold 3". */
export function saidByPanel({ names }: Panels, say: (panel: string) => string): string {
  if (names.length === 1 && names[0] === "") return say("");
  return names.map((name) => `${name}: ${say(name)}`).join("; ");
}

function withoutPanel(value: object): object {
  const entries = Object.entries(value).filter(([name]) => name !== "panel");
  return Object.fromEntries(entries);
}
