/**
 * Small multiples: rows → the same chart once for each value of a column, with common scales.
 *
 * Each function of a chart has the option `facet`. The values of all panels are one list, and
 * `panel` names the panel of each.
 */
import { formatNumber } from "./format.ts";
import { namesOf, NO_ROWS } from "./chart-columns.ts";
import { frame, type Spec, WIDTH } from "./theme.ts";

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

/** Divides the rows into panels; a chart has at most 12 of them. */
export function panelsOf(rows: readonly object[], facet: string | undefined): Panels {
  if (facet === undefined) return { rows, panels: rows.map(() => ""), names: [""], note: "" };
  const panels = namesOf(rows, facet);
  const all = [...new Set(panels)];
  const names = all.slice(0, MAX_PANELS);
  const isShown = (_: unknown, i: number) => names.includes(panels[i]!);
  const left = all.length - names.length;
  const note = left === 0 ? "" : `the first ${MAX_PANELS} of ${formatNumber(all.length)} values of ${facet}`;
  return { rows: rows.filter(isShown), panels: panels.filter(isShown), names, note };
}

/** The width of one panel's plot, without its axis. */
export function plotWidth({ names }: Panels, axisWidth: number): number {
  const columns = names.length === 1 ? 1 : COLUMNS;
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
    facet: { field: "panel", type: "nominal", sort: by.names, title: null },
    columns: by.names.length === 1 ? 1 : COLUMNS,
    spacing: GAP,
    // Otherwise Vega draws the axis of the last column below a place without a panel.
    ...(by.names.length % COLUMNS === 1 ? { resolve: { axis: { x: "independent" } } } : {}),
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
