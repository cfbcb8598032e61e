/**
 * Names of series → their colours and their legend, as Vega-Lite has them.
 *
 * The smallest of many series share one name, such as "5 others". It is grey, and comes last.
 */
import { textWidth, wrapText } from "./text-width.ts";
import { GREY, LABEL_SIZE, PALETTE, WIDTH } from "./theme.ts";

const MAX_SERIES = PALETTE.length;
const LEGEND_WIDTH = 340; // pixels of a name; longer names take several lines
const SYMBOL = 28; // pixels of a mark in the legend with its gaps
const OTHERS = /^\d+ others$/;

/**
 * Colours and legend of the series; a single line needs no legend. The colours follow the alphabet,
 * so the order of the rows does not change them.
 */
export function colourEncoding(
  names: string[],
  hasSeries: boolean,
  symbolType = "circle",
): Record<string, unknown> {
  const coloured = names.filter((name) => !isOthers(name, names)).sort();
  const range = names.map((name) => PALETTE[coloured.indexOf(name)] ?? GREY);
  return {
    field: "name",
    type: "nominal",
    sort: null,
    scale: { domain: names, range },
    legend: hasSeries ? { title: null, ...houseLegend(names), symbolType } : null,
  };
}

/** The legend above a chart, for the parameters of `legendParams`. */
export function houseLegend(labels: string[]): Record<string, unknown> {
  return {
    orient: "top",
    direction: "horizontal",
    columns: legendColumns(labels),
    labelExpr: "legendLines[indexof(legendNames, datum.value)]",
  };
}

/**
 * The names of the legend in lines, as parameters, so that no name is a part of an expression.
 * @param names the values of the column; `labels` are their texts
 */
export function legendParams(names: unknown[], labels: string[]): object[] {
  const wrapped = labels.map((name) =>
    wrapText(name, { width: LEGEND_WIDTH, size: LABEL_SIZE, maxLines: 3 }),
  );
  return [
    { name: "legendNames", value: names },
    { name: "legendLines", value: wrapped.map((lines) => (lines.length === 1 ? lines[0] : lines)) },
  ];
}

function isOthers(name: string, names: string[]): boolean {
  return names.length === MAX_SERIES && OTHERS.test(name);
}

/** Puts the name of the other series behind all names; the rest keeps its order. */
export function othersLast(a: string, b: string): number {
  return Number(OTHERS.test(a)) - Number(OTHERS.test(b));
}

/** The number of legend columns that fit the picture's width. */
function legendColumns(names: string[]): number {
  const widest =
    SYMBOL + Math.max(0, ...names.map((name) => Math.min(LEGEND_WIDTH, textWidth(name, LABEL_SIZE))));
  return Math.max(1, Math.min(names.length, Math.floor((WIDTH - 50) / widest)));
}
