/**
 * The times of an axis → its ticks: days at midnight, weeks on Mondays, months on their first day.
 *
 * Vega's own ticks begin weeks on Sundays, and name a month in the middle of days. Here all ticks
 * of an axis have one form. A second line tells the day of hours, and the year of days, where it
 * changes. All times are in UTC.
 */

/** The part of Vega-Lite's `axis` that places and names the ticks. */
export interface TimeTicks {
  values: number[]; // milliseconds
  labelExpr: string;
}

interface Step {
  unit: "ms" | "month";
  size: number; // milliseconds or months
  form: string; // of d3-time-format
  context: string; // the second line; "" without one
}

const SECOND = 1000;
const DAY = 86_400 * SECOND;
const MONDAY = 4 * DAY; // 1970-01-05
const CLOCKS: [sizes: number[], form: string][] = [
  [[1, 2, 5, 10, 20, 50, 100, 200, 500], "%H:%M:%S.%L"],
  [[1, 2, 5, 10, 15, 30].map((size) => size * SECOND), "%H:%M:%S"],
  [[1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720].map((size) => size * 60 * SECOND), "%H:%M"],
];
const MAX_TICKS = 100; // more than an axis ever has
const DAYS = [1, 2, 7, 14].map((size) => size * DAY);
const MONTHS = [1, 2, 3, 6];
const YEARS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];
const STEPS: Step[] = [
  ...CLOCKS.flatMap(([sizes, form]) =>
    sizes.map((size): Step => ({ unit: "ms", size, form, context: "%b %-d" })),
  ),
  ...DAYS.map((size): Step => ({ unit: "ms", size, form: "%b %-d", context: "%Y" })),
  ...MONTHS.map((size): Step => ({ unit: "month", size, form: "%b", context: "%Y" })),
  ...YEARS.map((size): Step => ({ unit: "month", size: size * 12, form: "%Y", context: "" })),
];

/** The ticks of an axis over `times`; about `most` of them. */
export function timeTicks(times: readonly number[], most: number): TimeTicks {
  const sorted = [...new Set(times)].sort((a, b) => a - b);
  const [first, last] = [sorted[0] ?? 0, sorted.at(-1) ?? 0];
  const least = smallestStep(sorted);
  const steps = STEPS.slice(STEPS.indexOf(least));
  const at = steps.findIndex((one) => ticksOf(one, first, last, sorted).length <= most);
  // One tick tells no scale: then the first and the last tick of a smaller step stand.
  const finer = steps.slice(0, at < 0 ? undefined : at + 1).reverse();
  const step = finer.find((one) => ticksOf(one, first, last, sorted).length > 1) ?? finer[0]!;
  const ticks = ticksOf(step, first, last, sorted);
  const values = ticks.length <= Math.max(2, most) ? ticks : [ticks[0]!, ticks.at(-1)!];
  return { values, labelExpr: labelsOf(step, values) };
}

/**
 * The texts of columns that stand for `times`, in one form; not more than `most` of them. A second
 * line tells the day of hours, and the year of days, where it changes.
 */
export function timeNames(times: readonly number[], most: number): Map<number, string | string[]> {
  const apart = Math.ceil(times.length / Math.max(1, most));
  const shown = times.filter((_, i) => i % apart === 0);
  const isDays = times.every((time) => modulo(time, DAY) === 0);
  const isMonths = times.length > 1 && times.every((time) => new Date(time).getUTCDate() === 1);
  let before = "";
  return new Map(
    shown.map((time) => {
      const [day, clock] = [MONTH_DAY.format(time), new Date(time).toISOString().slice(11, 16)];
      const text = isDays ? (isMonths ? MONTH.format(time) : day) : clock;
      const context = isDays ? String(new Date(time).getUTCFullYear()) : day;
      const isNew = context !== before;
      before = context;
      return [time, isNew ? [text, context] : text];
    }),
  );
}

const MONTH_DAY = new Intl.DateTimeFormat("en-US", { month: "short", day: "numeric", timeZone: "UTC" });
const MONTH = new Intl.DateTimeFormat("en-US", { month: "short", timeZone: "UTC" });

/** The start of weeks that `times` have: their own day if all have the same one, else Monday. */
export function weekStart(times: readonly number[]): number {
  const days = new Set(times.map((time) => modulo(time, 7 * DAY)));
  const [only] = days;
  return days.size === 1 && times.length > 1 && modulo(only!, DAY) === 0 ? only! : MONDAY;
}

/** Days have no ticks between midnights, and firsts of months none between months. */
function smallestStep(times: readonly number[]): Step {
  const isMonths = times.length > 1 && times.every((time) => new Date(time).getUTCDate() === 1);
  if (!times.every((time) => modulo(time, DAY) === 0)) return STEPS[0]!;
  return STEPS.find(({ unit, size }) => (isMonths ? unit === "month" : unit === "ms" && size === DAY))!;
}

function ticksOf({ unit, size }: Step, first: number, last: number, times: readonly number[]): number[] {
  if (unit === "month") return monthTicks(size, first, last);
  const start = size === 2 * DAY ? first : size >= 7 * DAY ? weekStart(times) : 0;
  const from = Math.ceil((first - start) / size);
  const count = Math.floor((last - start) / size) - from + 1;
  const length = Math.max(0, Math.min(count, MAX_TICKS));
  return Array.from({ length }, (_, i) => start + (from + i) * size);
}

function monthTicks(size: number, first: number, last: number): number[] {
  const monthOf = (time: number) => new Date(time).getUTCFullYear() * 12 + new Date(time).getUTCMonth();
  const ticks: number[] = [];
  for (let month = Math.floor(monthOf(first) / size) * size; month <= monthOf(last); month += size) {
    const time = new Date(0).setUTCFullYear(Math.floor(month / 12), modulo(month, 12), 1);
    if (time >= first && time <= last) ticks.push(time);
  }
  return ticks;
}

/** The expression for a tick's text; the ticks with a second line stand in it as numbers. */
function labelsOf({ form, context }: Step, values: readonly number[]): string {
  const text = `utcFormat(datum.value, '${form}')`;
  if (context === "") return text;
  const isYear = context === "%Y";
  const groupOf = (time: number) => (isYear ? new Date(time).getUTCFullYear() : Math.floor(time / DAY));
  const changes = values.filter((time, i) => i === 0 || groupOf(time) !== groupOf(values[i - 1]!));
  return `indexof([${changes.join(",")}], +datum.value) < 0 ? ${text} : [${text}, utcFormat(datum.value, '${context}')]`;
}

function modulo(number: number, divisor: number): number {
  return ((number % divisor) + divisor) % divisor;
}
