/**
 * Axes of numbers and times as Vega-Lite encodings.
 *
 * Vega-Lite writes 2,020 for a year, "G" for billions, and no fractions with the format ",d". These
 * functions choose a form by the numbers themselves.
 */
import { type Axis, extent } from "./chart-columns.ts";
import { isCurrency, isSign } from "./format.ts";
import { textWidth } from "./text-width.ts";
import { LABEL_SIZE, WIDTH } from "./theme.ts";
import { timeTicks } from "./time-ticks.ts";

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const TIME_TICK = 66; // pixels of a tick's text with its gap
const LARGE = 1e7; // larger numbers are written with a letter: 2.5M
const HUGE = 1e15; // larger numbers, and tiny ones, are written with an exponent: 4e15
const TINY = 1e-4;
const MAX_SIGN = 3; // characters of a unit that stands at each number of an axis
const EXPONENT = "datum.value == 0 ? '0' : replace(format(datum.value, '~e'), 'e+', 'e')";
// A tick's number with a letter for thousands, millions, billions and trillions.
const SHORT = ["T", "B", "M", "K"]
  .map((letter, i) => {
    const unit = 10 ** (12 - 3 * i);
    return `abs(datum.value) >= ${unit} ? format(datum.value / ${unit}, ',.12~r') + '${letter}'`;
  })
  .concat("format(datum.value, ',.12~r')")
  .join(" : ");

/** The `axis` property for numbers, in the form of `formatNumber` where there is room. */
export function numberAxis(
  numbers: readonly number[],
  { isYears = false, isWhole = numbers.every(Number.isInteger), unit = "" } = {},
): Record<string, unknown> {
  if (isShort(unit)) return signed(numberAxis(numbers, { isWhole }), unit);
  const [least, most] = extent(numbers);
  const size = Math.max(Math.abs(least), Math.abs(most));
  if (isYears) return { format: "d", tickMinStep: 1 };
  if (size >= HUGE) return { labelExpr: EXPONENT };
  if (size >= LARGE) return { labelExpr: SHORT, ...(isWhole ? { tickMinStep: 1 } : {}) };
  if (isWhole) return { format: ",d", tickMinStep: 1 };
  return size < TINY ? { labelExpr: EXPONENT } : { format: ",.12~r" };
}

/** Whether a unit has room at each number of an axis. */
function isShort(unit: string): boolean {
  return isSign(unit) && unit.length <= MAX_SIGN;
}

/** The axis with a sign at each number. */
function signed(axis: Record<string, unknown>, unit: string): Record<string, unknown> {
  const { format, labelExpr, ...rest } = axis as { format?: string; labelExpr?: string };
  const number = labelExpr ?? `format(datum.value, '${format}')`;
  const sign = JSON.stringify(unit);
  const text = isCurrency(unit)
    ? `replace(${number}, /^[-\u2212]?/, '$&' + ${sign})`
    : `(${number}) + ${sign}`;
  return { ...rest, labelExpr: text };
}

/** The horizontal encoding of an axis of `width` pixels for the field `field`. */
export function placeEncoding(
  axis: Axis,
  field: string,
  title: string,
  width = WIDTH,
): Record<string, unknown> {
  const places = axis.places.filter((place) => place !== null);
  // Without `aria: false` Vega-Lite puts the axis title into an expression, which would interpret
  // a backslash in the title.
  const common = { grid: false, labelFlush: true, labelOverlap: true, aria: false };
  if (axis.kind === "text") {
    const names = [...new Set(places as string[])];
    const widths = names.map((name) => textWidth(name, LABEL_SIZE) + 8);
    const isUpright = Math.max(0, ...widths) * names.length <= WIDTH - 60;
    return {
      field,
      type: "ordinal",
      sort: null,
      title,
      axis: { ...common, labelOverlap: "greedy", labelAngle: isUpright ? 0 : -40, labelLimit: 150 },
    };
  }
  const numbers = places as number[];
  const [least, most] = extent(numbers);
  if (axis.kind === "time") {
    const room = axis.isDays ? DAY_MS / 2 : MINUTE_MS;
    const domain = least === most && numbers.length > 0 ? { domain: [least - room, least + room] } : {};
    const single = { values: [least], format: axis.isDays ? "%Y-%m-%d" : "%Y-%m-%d %H:%M" };
    const ticks = timeTicks(numbers, Math.max(2, Math.floor(width / TIME_TICK)));
    return {
      field,
      type: "temporal",
      title: axis.isDays ? title : "time (UTC)",
      scale: { type: "utc", nice: false, ...domain },
      axis: { ...common, ...(least === most || ticks.values.length === 0 ? single : ticks) },
    };
  }
  const isYears = axis.isWhole && least >= 1800 && most < 2200;
  const domain = least === most ? { domain: [least - 1, least + 1] } : {};
  return {
    field,
    type: "quantitative",
    title,
    scale: { nice: false, zero: false, ...domain },
    axis: {
      ...common,
      tickCount: width < WIDTH / 2 ? 4 : 6,
      ...numberAxis(numbers, { isYears, isWhole: axis.isWhole }),
    },
  };
}

/** The vertical encoding of numbers; 0 belongs to the axis unless the numbers are far from 0. */
export function numberEncoding(
  numbers: readonly number[],
  field: string,
  { title = "", unit = "", isZero = false }: { title?: string; unit?: string; isZero?: boolean } = {},
): Record<string, unknown> {
  const [least, most] = extent(numbers);
  const isFar = !isZero && most > least && most - least < 0.3 * Math.max(Math.abs(least), Math.abs(most));
  const domain = least === 0 && most === 0 ? { domain: [0, 1] } : {};
  return {
    field,
    type: "quantitative",
    title: titleWithUnit(title, unit) || null,
    scale: { zero: !isFar, ...domain },
    axis: { tickCount: 5, domain: false, ticks: false, aria: false, ...numberAxis(numbers, { unit }) },
  };
}

/** "delay (ms)", "ms"; a sign such as "%" stands at the numbers instead. */
export function titleWithUnit(title: string, unit: string): string {
  if (unit === "" || isShort(unit)) return title;
  return title === "" ? unit : `${title} (${unit})`;
}
