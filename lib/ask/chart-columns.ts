/**
 * Columns of rows → parts of a chart: numbers with their labels, names, positions on an axis.
 *
 * Null, NaN and an infinite number have no place in a chart. They stay in the result with a label,
 * so that the chart can say so. Different values have different labels: the text "1" beside
 * the number 1 gets quotes.
 */
import { forTerminal } from "../untrusted.ts";
import { formatNumber, formatTime, formatValue, forPeople, NONE, type NumberFormat } from "./format.ts";
import { columnsOf, isNumeric, valueOf } from "./row-text.ts";

/** A number to draw. */
export interface Drawable {
  number: number | null; // null: it cannot be drawn
  text: string; // its label, also for null, NaN and infinite numbers
}

/** A column as an axis. */
export interface Axis {
  kind: "time" | "number" | "text";
  places: (number | string | null)[]; // one a row: milliseconds, a number, a label; null: no place
  isDays: boolean; // each time is a midnight in UTC
  isWhole: boolean; // each number is an integer
}

export const NO_ROWS = "no rows";

/**
 * Reads a column of numbers: numbers, bigints, and texts of decimals.
 * @param form of the labels
 * @throws Error for another value, and for a column that no row has
 */
export function numbersOf(rows: readonly object[], column: string, form: NumberFormat = {}): Drawable[] {
  requireColumn(rows, column);
  return rows.map((row) => {
    const value = valueOf(row, column) ?? null;
    if (value === null) return { number: null, text: forPeople(null) };
    const number = toNumber(value);
    if (number === null) {
      throw new Error(`chart: expected a number in column ${column}, got ${formatValue(value)}`);
    }
    const text =
      typeof value === "string" ? forPeople(value, form) : formatNumber(value as number | bigint, form);
    return { number: Number.isFinite(number) ? number + 0 : null, text };
  });
}

/** Names the values of a column: equal values have one name, different values different names. */
export function namesOf(rows: readonly object[], column: string): string[] {
  requireColumn(rows, column);
  const values = rows.map((row) => valueOf(row, column) ?? null);
  const names = new Map(values.map((value) => [keyOf(value), { value, name: toLabel(value) }]));
  for (let turn = 0; turn < 3; turn++) {
    const counts = Map.groupBy(names.values(), ({ name }) => name);
    for (const one of names.values()) {
      if (counts.get(one.name)!.length > 1 && typeof one.value === "string") {
        one.name = JSON.stringify(turn === 0 ? one.value : one.name);
      }
    }
  }
  return values.map((value) => names.get(keyOf(value))!.name);
}

/**
 * Reads a column as an axis of times, numbers or names. A text of digits is a name: a ZIP "00501"
 * is not 501. The texts of decimals are numbers.
 */
export function axisOf(rows: readonly object[], column: string): Axis {
  requireColumn(rows, column);
  const values = rows.map((row) => valueOf(row, column) ?? null);
  const given = values.filter((value) => value !== null);
  if (given.length > 0 && given.every((value) => toTime(value) !== null)) {
    const places = values.map((value) => finite(value === null ? null : toTime(value)));
    const isDays = places.every((time) => time === null || time % DAY_MS === 0);
    return { kind: "time", places, isDays, isWhole: false };
  }
  if (given.length === 0 || isNumeric(rows, column)) {
    const places = values.map((value) => finite(toNumber(value)));
    return { kind: "number", places, isDays: false, isWhole: places.every(isWholeOrNull) };
  }
  const names = namesOf(rows, column);
  return { kind: "text", places: names, isDays: false, isWhole: false };
}

/** The name of a value in a chart or a sentence. */
export function toLabel(value: unknown): string {
  if (value === null || value === undefined) return NONE;
  if (value === "") return '""';
  return forTerminal(value instanceof Date ? formatTime(value) : formatValue(value));
}

/** A place on an axis as text. */
export function placeText(place: number | string, { kind }: Axis): string {
  if (typeof place === "string") return place;
  return kind === "time" ? formatTime(new Date(place)) : formatNumber(place);
}

/** A sentence on rows without a place in the chart: "2 rows without day"; "" for 0. */
export function withoutText(count: number, column: string): string {
  return count === 0
    ? ""
    : `not drawn: ${formatNumber(count)} ${count === 1 ? "row" : "rows"} without ${column}`;
}

/** Smallest and largest of some numbers; of none: 0 and 0. */
export function extent(numbers: readonly number[]): [smallest: number, largest: number] {
  let smallest = numbers[0] ?? 0;
  let largest = smallest;
  for (const number of numbers) {
    if (number < smallest) smallest = number;
    if (number > largest) largest = number;
  }
  return [smallest, largest];
}

const DAY_MS = 86_400_000;
const NUMBER = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i;
const TIME = /^(\d{4}-\d\d)(-\d\d)?(?:[ T](\d\d:\d\d(?::\d\d(?:\.\d+)?)?) ?(UTC|Z|[+-]\d\d:\d\d)?)?$/;

/** NaN and infinite numbers stay; null for a value that is no number. */
function toNumber(value: unknown): number | null {
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  return typeof value === "string" && NUMBER.test(value) ? Number(value) : null;
}

/** Milliseconds of a Date, a day, a month, or a time as Trino writes it; null for others. */
export function toTime(value: unknown): number | null {
  if (value instanceof Date) return value.getTime();
  const [match, month, day = "-01", clock = "00:00", zone = "Z"] =
    typeof value === "string" ? (TIME.exec(value) ?? []) : [];
  if (match === undefined) return null;
  const time = Date.parse(
    `${month}${day}T${clock.replace(/(\.\d{3})\d+/, "$1")}${zone === "UTC" ? "Z" : zone}`,
  );
  return Number.isNaN(time) ? null : time;
}

function finite(number: number | null): number | null {
  return number !== null && Number.isFinite(number) ? number : null;
}

function isWholeOrNull(number: number | null): boolean {
  return number === null || Number.isInteger(number);
}

function keyOf(value: unknown): string {
  const type = typeof value === "bigint" ? "number" : value instanceof Date ? "Date" : typeof value;
  const same = value instanceof Date ? value.getTime() : value === 0 ? 0 : value; // -0 is 0
  return `${type} ${formatValue(same)}`;
}

function requireColumn(rows: readonly object[], column: string): void {
  if (rows.length === 0 || rows.some((row) => valueOf(row, column) !== undefined)) return;
  const columns = columnsOf(rows.slice(0, 100)).join(", ");
  throw new Error(`chart: expected a column ${column}, got rows with ${columns}`);
}
