/** Rows → Vega-Lite specs of single rows: a point for each. */
import { numberEncoding, placeEncoding } from "./axes.ts";
import { axisOf, extent, namesOf, numbersOf, placeText, withoutText } from "./chart-columns.ts";
import { formatNumber } from "./format.ts";
import { colourEncoding, legendParams, othersLast } from "./legend.ts";
import { assemble, type NumberOptions, panelsOf, plotWidth, saidByPanel } from "./panels.ts";
import { PALETTE, type Spec } from "./theme.ts";

/** The options of `points`. */
export interface PointOptions extends NumberOptions {
  x: string; // the column of the horizontal axis: numbers, times or names
  y: string; // the column of numbers
  series?: string; // the column that names the colours
}

const HEIGHT = 280;
const PANEL_HEIGHT = 170;
const MANY = 300; // points above this number are small
const MAX_SERIES = PALETTE.length;

/** A point for each row; with more series than colours, the smallest series are grey. */
export function points(all: readonly object[], options: PointOptions): Spec {
  const { facet, unit = "" } = options;
  const by = panelsOf(all, facet);
  const axis = axisOf(by.rows, options.x);
  const names = options.series === undefined ? by.rows.map(() => "") : namesOf(by.rows, options.series);
  const rows = numbersOf(by.rows, options.y).map(({ number }, i) => ({
    place: axis.places[i]!,
    number,
    name: names[i]!,
    panel: by.panels[i]!,
  }));
  const placed = rows.filter(({ place }) => place !== null);
  const shown = placed.filter(({ number }) => number !== null);
  const shares = namedShares(shown.map(({ name }) => name));
  const values = shown
    .map((value) => ({ ...value, name: shares.get(value.name)! }))
    .sort((a, b) => Number(isOther(b.name, shares)) - Number(isOther(a.name, shares)));
  const series = [...new Set(values.map(({ name }) => name))].sort(othersLast);
  const numbers = values.map(({ number }) => number!);
  const say = (panel: string) => {
    const here = values.filter((value) => value.panel === panel);
    if (here.length === 0) return "no points";
    const [least, most] = extent(here.map(({ number }) => number!));
    const places = here.map(({ place }) => place);
    const ends: [number | string, number | string] =
      axis.kind === "text" ? [places[0]!, places.at(-1)!] : extent(places.map(Number));
    const x = `${options.x} from ${placeText(ends[0], axis)} to ${placeText(ends[1], axis)}`;
    const y = `${options.y} from ${formatNumber(least, { unit })} to ${formatNumber(most, { unit })}`;
    return `${formatNumber(here.length)} ${here.length === 1 ? "point" : "points"}, ${x}, ${y}`;
  };
  return assemble({
    options,
    by,
    notes: [
      withoutText(rows.length - placed.length, options.x),
      withoutText(placed.length - shown.length, options.y),
    ],
    said: values.length === 0 ? "" : saidByPanel(by, say),
    height: by.names.length === 1 ? HEIGHT : PANEL_HEIGHT,
    values,
    params: options.series === undefined ? [] : legendParams(series, series),
    unit: {
      mark: {
        type: "point",
        filled: true,
        aria: false,
        size: values.length > MANY ? 16 : 45,
        opacity: values.length > MANY ? 0.6 : 0.85,
      },
      encoding: {
        x: placeEncoding(axis, "place", options.x, plotWidth(by, 48)),
        y: numberEncoding(numbers, "number", { title: options.y, unit }),
        color: colourEncoding(series, options.series !== undefined),
      },
    },
  });
}

/**
 * Names of series → the names that the chart has: the smallest share one, if there are too many.
 */
function namedShares(names: string[]): Map<string, string> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  if (counts.size <= MAX_SERIES) return new Map([...counts.keys()].map((name) => [name, name]));
  const sorted = [...counts.keys()].sort((a, b) => counts.get(b)! - counts.get(a)!);
  const others = `${sorted.length - MAX_SERIES + 1} others`;
  return new Map(sorted.map((name, i) => [name, i < MAX_SERIES - 1 ? name : others]));
}

function isOther(name: string, shares: Map<string, string>): boolean {
  return !shares.has(name);
}
