/**
 * Numbers and times → text for people, the same in charts, tables and sentences.
 *
 * | value | text | rule |
 * |---|---|---|
 * | 1234567, 1e15, a bigint | 1,234,567 | whole numbers keep each digit |
 * | 1234.5678 | 1,234.57 | from 1: at most 2 decimals |
 * | 0.00045678 | 0.000457 | below 1: 3 significant digits |
 * | 99.9996 | 99.9996 | rounding makes no whole number of another |
 * | 1e-9, 1.5e24 | 1e-9, 1.5e24 | very small and very large numbers |
 * | "1234.50" (a decimal) | 1,234.50 | Trino's decimals keep each digit |
 * | null | (none) | |
 * | Date | 2026-11-25 10:00 UTC | UTC; seconds and milliseconds unless 0 |
 *
 * `formatValue` is the exact text of a value.
 */
import { keysOf } from "../row-keys.ts";
import type { Row } from "../trino-values.ts";

export interface NumberFormat {
  digits?: number; // exactly this number of decimals
  unit?: string; // "ms", "%", "°C", or a currency sign such as "€", which stands before the number
}

const DECIMALS = 2; // of numbers from 1
const SIGNIFICANT = 3; // digits of numbers below 1
const MAX_DECIMALS = 6; // that keep a number from looking whole
const SMALLEST = 1e-6; // smaller numbers have an exponent
const LARGEST = 1e21; // larger numbers have an exponent, as in JavaScript
const LARGEST_SHORT = 1e15; // larger numbers have no letter
/** Letters of short numbers, as on the axes of charts. */
const LETTERS = [
  [1e12, "T"],
  [1e9, "B"],
  [1e6, "M"],
  [1e3, "K"],
] as const;
const DECIMAL = /^-?\d+(\.\d+)?$/; // the text of Trino's decimals

/**
 * Formats a number: 1234.5 → "1,234.5", 0.0005 → "0.0005", with a unit "1,234.5 ms".
 * @param more digits of a fraction than the rules above have
 */
export function formatNumber(
  number: number | bigint,
  { digits, unit = "" }: NumberFormat = {},
  more = 0,
): string {
  const text =
    typeof number === "number" && !Number.isInteger(number) && digits === undefined
      ? fractionText(number, more)
      : wholeText(number, digits ?? 0);
  return withUnit(text, unit);
}

/**
 * Formats a percentage: 5.83 → "5.8%". It gets more decimals if it would look like 0% or 100%, and
 * is neither: 1 of 10,000 is "0.01%".
 */
export function formatPercent(percent: number, digits = 1): string {
  for (let decimals = digits; decimals <= MAX_DECIMALS; decimals++) {
    const rounded = Number(percent.toFixed(decimals));
    const isEnd = rounded === 0 || Math.abs(rounded) === 100;
    if (!isEnd || rounded === percent) return formatNumber(percent, { digits: decimals, unit: "%" });
  }
  return formatNumber(percent, { unit: "%" });
}

/** Formats a number for a place without room: 219,640 → "220K", 43,928 → "44K", 1,250 → "1.3K". */
export function formatShort(number: number, { unit = "" }: NumberFormat = {}): string {
  const [least, letter] = LETTERS.find(([one]) => Math.abs(rounded(number)) >= one) ?? [1, ""];
  if (Math.abs(number) >= LARGEST_SHORT) return formatNumber(rounded(number), { unit });
  return withUnit(formatNumber(rounded(number) / least) + letter, unit);
}

/** The number with 2 digits, or with 3 before a comma or a point. */
function rounded(number: number): number {
  const isThree = Math.floor(Math.log10(Math.abs(number) || 1) + 1e-9) % 3 === 2;
  return Number(number.toPrecision(isThree ? 3 : 2));
}

/** Whether a unit belongs to each number: a currency sign, "%", or "°C"; others can stand once. */
export function isSign(unit: string): boolean {
  return isCurrency(unit) || /^[%°]/.test(unit);
}

/** Whether a unit stands before its number. */
export function isCurrency(unit: string): boolean {
  return /^\p{Sc}$/u.test(unit);
}

/**
 * Formats a time in UTC: "2026-11-25 10:00 UTC"; midnight is "2026-11-25".
 * @param options.zone whether " UTC" follows a time of day; a chart's axis says UTC once
 */
export function formatTime(time: Date, { zone = true }: { zone?: boolean } = {}): string {
  if (Number.isNaN(time.getTime())) return "Invalid Date";
  const [day, clock] = time.toISOString().replace("Z", "").split("T") as [string, string];
  const short = clock.replace(/\.000$/, "").replace(/^(..:..):00$/, "$1");
  return short === "00:00" ? day : `${day} ${short}${zone ? " UTC" : ""}`;
}

/** The text of null in charts, tables and terminals; JSON and CSV have their own forms. */
export const NONE = "(none)";

/** Formats a value of any type: numbers and times as above, null as "(none)", text as it is. */
export function forPeople(value: unknown, format: NumberFormat = {}, more = 0): string {
  if (value === null || value === undefined) return NONE;
  if (typeof value === "number" || typeof value === "bigint") return formatNumber(value, format, more);
  if (value instanceof Date) return formatTime(value);
  if (typeof value === "string" && /\.\d+$/.test(value) && DECIMAL.test(value)) {
    return withUnit(
      format.digits === undefined ? withCommas(value) : wholeText(value, format.digits),
      format.unit ?? "",
    );
  }
  return formatValue(value);
}

/** The exact text of a value: a Date in ISO 8601, null as "null", arrays and objects as JSON. */
export function formatValue(value: unknown): string {
  if (value instanceof Date) return dateText(value);
  if (typeof value === "object" && value !== null) return jsonOf(value);
  return Object.is(value, -0) ? "-0" : String(value);
}

/**
 * A value as JSON in one line. JSON has no NaN, no infinity and no -0, so these are the strings
 * "NaN", "Infinity", "-Infinity" and "-0", as in Trino's own protocol. Null stays null.
 */
export function jsonOf(value: unknown): string {
  if (value === null || value === undefined) return "null";
  if (typeof value === "number") return isJsonNumber(value) ? String(value) : `"${formatValue(value)}"`;
  if (typeof value === "bigint") return `"${value}"`;
  if (typeof value !== "object") return JSON.stringify(value);
  if (value instanceof Date) return JSON.stringify(dateText(value));
  if (Array.isArray(value)) return `[${value.map(jsonOf).join(",")}]`;
  const fields = keysOf(value).filter((name) => (value as Row)[name] !== undefined);
  return `{${fields.map((name) => `${JSON.stringify(name)}:${jsonOf((value as Row)[name])}`).join(",")}}`;
}

function isJsonNumber(value: number): boolean {
  return Number.isFinite(value) && !Object.is(value, -0);
}

function dateText(date: Date): string {
  return Number.isNaN(date.getTime()) ? "Invalid Date" : date.toISOString();
}

/** "1234567.80" → "1,234,567.80"; any other text stays. */
export function withCommas(decimal: string): string {
  return DECIMAL.test(decimal) ? decimal.replace(/(?<!\.\d*)\B(?=(\d{3})+(?!\d))/g, ",") : decimal;
}

/** Rounds half away from zero; of a decimal's text, each digit counts. */
function wholeText(number: number | bigint | string, digits: number): string {
  if (typeof number === "number" && Math.abs(number) >= LARGEST) return exponentText(number);
  const format = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  const text = new Intl.NumberFormat("en-US", format).format(number as number | bigint | `${number}`);
  return /^-[0.]+$/.test(text) ? text.slice(1) : text.replace("∞", "Infinity");
}

function fractionText(number: number, more: number): string {
  const size = Math.abs(number);
  if (size === Infinity || Number.isNaN(number)) return String(number);
  if (size < SMALLEST) return exponentText(number, more);
  const fewest = DECIMALS + more;
  for (let decimals = fewest; decimals <= Math.max(fewest, MAX_DECIMALS) && size >= 0.1; decimals++) {
    const rounded = size < 1 ? Number(number.toPrecision(decimals + 1)) : Number(number.toFixed(decimals));
    if (!Number.isInteger(rounded)) return decimalText(rounded);
  }
  return decimalText(size < 0.1 ? Number(number.toPrecision(SIGNIFICANT + more)) : Math.round(number));
}

function decimalText(number: number): string {
  return number.toLocaleString("en-US", { maximumFractionDigits: 20 });
}

function exponentText(number: number, more = 0): string {
  if (!Number.isFinite(number)) return String(number);
  return String(Number(number.toPrecision(SIGNIFICANT + more)))
    .replace("e+", "e")
    .replace(/^(-?[\d.]+)$/, (text) => Number(text).toExponential().replace("e+", "e"));
}

function withUnit(text: string, unit: string): string {
  if (unit === "") return text;
  if (isCurrency(unit)) return text.replace(/^-?/, (sign) => sign + unit);
  return isSign(unit) ? text + unit : `${text}\u00a0${unit}`;
}
