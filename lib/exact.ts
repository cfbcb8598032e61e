/**
 * The text of a number or time → its exact value; undefined for any other text.
 *
 * A number is read by its value: 100, 100.0 and 1e2 are equal. No digit is rounded away, so a text
 * with more digits than the type can hold does not fit. Only a time loses digits: it is cut to
 * milliseconds, because many clients write microseconds.
 */

const NUMBER = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,6}))?$/;
const MAX_DIGITS = 100; // more than any type holds; limits the work for 1e999999

/** A number times 10^scale, if that is an integer: `scaled("1.5", 2)` is 150n. */
export function scaled(text: string, scale: number): bigint | undefined {
  const [match, sign, whole = "", fraction = "", exponent = "0"] = NUMBER.exec(text) ?? [];
  if (match === undefined) return undefined;
  const digits = (whole + fraction).replace(/^0+/, "");
  if (digits === "") return 0n;
  const shift = scale + Number(exponent) - fraction.length;
  const kept = shift < 0 ? digits.slice(0, Math.max(0, digits.length + shift)) : digits;
  if (kept.length + Math.max(0, shift) > MAX_DIGITS) return undefined;
  if (shift < 0 && /[^0]/.test(digits.slice(kept.length))) return undefined;
  const value = BigInt((kept || "0") + "0".repeat(Math.max(0, shift)));
  return sign === "-" ? -value : value;
}

/** The number that `scaled` made an integer, as text: 150n with scale 2 is "1.50". */
export function scaledText(value: bigint, scale: number): string {
  const digits = String(value < 0n ? -value : value).padStart(scale + 1, "0");
  const sign = value < 0n ? "-" : "";
  return scale === 0 ? sign + digits : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

/** A finite number of 64 bits; a decimal fraction becomes the nearest one. */
export function double(text: string): number | undefined {
  const value = NUMBER.test(text) ? Number(text) : NaN;
  return Number.isFinite(value) ? value : undefined;
}

const DAY_MS = 86_400_000;
const FIRST_MS = Date.parse("0001-01-01T00:00:00Z");
const LAST_MS = Date.parse("9999-12-31T23:59:59.999Z");
const TIME = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?([Zz]|([+-])(\d\d):?(\d\d))$/;

/** Days since 1970-01-01 of a date YYYY-MM-DD from the year 1 to 9999. */
export function date(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return undefined;
  const time = Date.parse(`${text}T00:00:00Z`);
  // Date.parse accepts the 31st of February; writing the date again shows the difference.
  if (!(time >= FIRST_MS) || new Date(time).toISOString().slice(0, 10) !== text) return undefined;
  return time / DAY_MS;
}

/** The date of a number of days since 1970-01-01; `date` reads it back. */
export function dateText(days: number): string {
  return new Date(days * DAY_MS).toISOString().slice(0, 10);
}

/**
 * Milliseconds since 1970 of an ISO 8601 time with an offset or Z, or of a number of milliseconds,
 * from the year 1 to 9999. Of a second's fraction, at most 9 digits, the first 3 count.
 */
export function timestamp(text: string): number | undefined {
  const time = TIME.test(text) ? isoTime(text) : Number(scaled(text, 0) ?? NaN);
  return time !== undefined && time >= FIRST_MS && time <= LAST_MS ? time : undefined;
}

function isoTime(text: string): number | undefined {
  const [, day = "", hour, minute, second = "0", fraction = "", , sign, offsetHour = 0, offsetMinute = 0] =
    TIME.exec(text)!;
  const days = date(day);
  if (days === undefined) return undefined;
  const fields = [hour, minute, second, offsetHour, offsetMinute].map(Number) as [
    number,
    number,
    number,
    number,
    number,
  ];
  const [h, m, s, oh, om] = fields;
  if (h > 23 || m > 59 || s > 59 || oh > 23 || om > 59) return undefined;
  const offsetMs = (sign === "-" ? -1 : 1) * (oh * 60 + om) * 60_000;
  return (
    days * DAY_MS + ((h * 60 + m) * 60 + s) * 1000 + Number(fraction.slice(0, 3).padEnd(3, "0")) - offsetMs
  );
}

const MAX_DAYS = 1000; // kept in `days`; messages of one batch have few days
const days = new Map<string, number>(); // "2026-01-31" → its first millisecond; NaN: no such day

/**
 * Milliseconds since 1970 of a time in the form of Date's toISOString, 2026-01-31T12:00:00.000Z.
 *
 * It runs for every message, so it reads digits itself: Date.parse and toISOString are ten times
 * slower.
 */
export function utcTime(text: string): number | undefined {
  if (text.length !== 24 || !hasMarks(text)) return undefined;
  const day = text.slice(0, 10);
  let start = days.get(day);
  if (start === undefined) {
    start = (date(day) ?? NaN) * DAY_MS;
    if (days.size === MAX_DAYS) days.clear();
    days.set(day, start);
  }
  const [hour, minute, second] = [twoDigits(text, 11), twoDigits(text, 14), twoDigits(text, 17)];
  if (!(hour < 24 && minute < 60 && second < 60)) return undefined;
  const ms = twoDigits(text, 20) * 10 + (twoDigits(text, 21) % 10);
  const time = start + ((hour * 60 + minute) * 60 + second) * 1000 + ms;
  return Number.isNaN(time) ? undefined : time;
}

/** Whether a text of 24 characters has T, :, :, . and Z at their places. */
function hasMarks(text: string): boolean {
  const at = (i: number) => text.charCodeAt(i);
  return at(10) === 84 && at(13) === 58 && at(16) === 58 && at(19) === 46 && at(23) === 90;
}

/** The number of two digits; NaN: one of them is no digit. */
function twoDigits(text: string, at: number): number {
  const [tens, ones] = [text.charCodeAt(at) - 48, text.charCodeAt(at + 1) - 48];
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : NaN;
}
