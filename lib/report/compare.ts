/**
 * Two results.json → the numbers that changed, by name.
 *
 * A chart or table has a number for each row and column: "Swords.gold.number". A row's key is its
 * first text, or as many texts as tell the rows of both runs apart. A time is part of the key only
 * where texts do not suffice: the time of the last sale is a value. Rows of one key are left out.
 * A number that each run shows several times under one name ("sold", "sold (2)") counts once.
 */
import { toTime } from "../ask/chart-columns.ts";
import { formatNumber } from "../ask/format.ts";
import { columnsOf, valueOf } from "../ask/row-text.ts";
import { textTable } from "../ask/text-table.ts";
import type { RunFacts } from "./html.ts";
import { type ParameterChange, parameterChanges, shortCode } from "./parameter-changes.ts";
import type { Result, Results } from "./results.ts";
import { ratioText } from "./tile-change.ts";

export const COMPARISON_VERSION = 1;
const MAX_FACTS = 24; // changes in the report; `npm run compare` shows all of them

export interface Comparison {
  version: typeof COMPARISON_VERSION;
  before: string; // start of the run, ISO 8601
  after: string;
  parameters: ParameterChange[]; // the runs have other parameters, so other numbers
  equal: number; // numbers without a change
  changes: Change[];
  added: { name: string; after: number }[];
  removed: { name: string; before: number }[];
}

export interface Change {
  name: string;
  before: number;
  after: number;
  change: number;
  ratio: number | null; // of the change to the number before; null if that is 0
}

/** Compares the numbers of two runs. */
export function compareResults(before: Results, after: Results): Comparison {
  const repeated = [repeatedIn(before.results), repeatedIn(after.results)];
  const isOwn = ({ name }: Result): boolean => !repeated.every((names) => names.has(name));
  const [earlier, later] = [before.results.filter(isOwn), after.results.filter(isOwn)];
  const old = numbersOf(earlier, later);
  const now = numbersOf(later, earlier);
  const common = [...now].filter(([name]) => old.has(name));
  const changes = common
    .filter(([name, number]) => old.get(name) !== number)
    .map(([name, number]) => changeOf(name, old.get(name)!, number));
  return {
    version: COMPARISON_VERSION,
    before: before.started_at,
    after: after.started_at,
    parameters: parameterChanges(before, after),
    equal: common.length - changes.length,
    changes,
    added: [...now].filter(([name]) => !old.has(name)).map(([name, number]) => ({ name, after: number })),
    removed: [...old].filter(([name]) => !now.has(name)).map(([name, number]) => ({ name, before: number })),
  };
}

/** The comparison as text: a sentence, and a table of the changes. */
export function describeComparison(comparison: Comparison): string {
  const { added, removed, changes } = comparison;
  const rows = [
    ...changes.map((one) => ({
      number: one.name,
      before: formatNumber(one.before),
      after: formatNumber(one.after),
      change: changeText(one),
    })),
    ...added.map(({ name, after }) => ({
      number: name,
      before: "",
      after: formatNumber(after),
      change: "new",
    })),
    ...removed.map(({ name, before }) => ({
      number: name,
      before: formatNumber(before),
      after: "",
      change: "gone",
    })),
  ];
  const others = parametersText(comparison);
  const lines = [summaryOf(comparison), others === "" ? "" : `other parameters: ${others}`, textTable(rows)];
  return lines.filter((text) => text !== "").join("\n");
}

/** The comparison as a group of facts of a report; no group without any number. */
export function comparisonFacts(comparison: Comparison): RunFacts[] {
  const { before, changes, added, removed, equal } = comparison;
  if (changes.length + added.length + removed.length + equal === 0) return [];
  const rows = changes.slice(0, MAX_FACTS).map((one): [string, string] => {
    return [one.name, `${formatNumber(one.before)} → ${formatNumber(one.after)}: ${changeText(one)}`];
  });
  const left = changes.length - rows.length;
  const more: [string, string][] = left > 0 ? [["And", `${left} more: npm run compare`]] : [];
  const title = `Changes since the run of ${before.slice(0, 16).replace("T", " ")} UTC`;
  const others = parametersText(comparison);
  const parameters: [string, string][] = others === "" ? [] : [["Other parameters", others]];
  return [{ title, rows: [["Numbers", summaryOf(comparison)], ...parameters, ...rows, ...more] }];
}

/**
 * All numbers of results by their names.
 * @param others of the run to compare with: the keys tell its rows apart too
 */
export function numbersOf(results: readonly Result[], others: readonly Result[] = []): Map<string, number> {
  const valuesOfOthers = new Map(others.map(({ name, value }) => [name, value]));
  return new Map(results.flatMap((result) => numbersIn(result, valuesOfOthers.get(result.name))));
}

/** The names such as "sold (2)" of results that have the value of an earlier "sold". */
function repeatedIn(results: readonly Result[]): Set<string> {
  const seen = new Set<string>();
  const repeated = new Set<string>();
  for (const { name, value } of results) {
    const key = JSON.stringify([name.replace(/ \(\d+\)$/, ""), value]);
    if (seen.has(key)) repeated.add(name);
    seen.add(key);
  }
  return repeated;
}

type Named = [name: string, number: number];

function numbersIn({ name, value }: Result, other: unknown): Named[] {
  if (Array.isArray(value)) return numbersInRows(name, rowsIn(value), rowsIn(other));
  if (typeof value === "object" && value !== null) {
    return Object.entries(value).flatMap(([key, one]) => named(`${name}.${key}`, one));
  }
  return named(name, value);
}

function numbersInRows(name: string, rows: readonly object[], others: readonly object[]): Named[] {
  const columns = keyColumns(rows, others);
  const keys = rows.map((row) => keyOf(row, columns));
  const counts = countsOf(keys);
  return rows.flatMap((row, i): Named[] => {
    const key = keys[i]!;
    const isAlone = rows.length === 1;
    if (!isAlone && (key === "" || counts.get(key)! > 1)) return [];
    const place = key === "" ? name : `${name}.${key}`;
    return Object.entries(row)
      .filter(([column]) => column !== "text" && !columns.includes(column))
      .flatMap(([column, one]) => named(`${place}.${column}`, one));
  });
}

function rowsIn(value: unknown): object[] {
  if (!Array.isArray(value)) return [];
  return value.filter((row): row is object => typeof row === "object" && row !== null);
}

/** The first columns that tell the rows of each run apart: texts, then times, then booleans. */
function keyColumns(rows: readonly object[], others: readonly object[]): string[] {
  const ranked = columnsOf([...rows, ...others])
    .filter((column) => column !== "text")
    .map((column) => ({ column, rank: rankOf([...rows, ...others], column) }))
    .filter(({ rank }) => rank < Infinity)
    .sort((a, b) => a.rank - b.rank)
    .map(({ column }) => column);
  for (let length = 1; length < ranked.length; length++) {
    const columns = ranked.slice(0, length);
    if ([rows, others].every((some) => areApart(some, columns))) return columns;
  }
  return ranked;
}

/** The place of a column in a key: 0 for texts, 1 for times, 2 for booleans; others have none. */
function rankOf(rows: readonly object[], column: string): number {
  const values = rows
    .map((row) => valueOf(row, column) ?? null)
    .filter((value) => value !== null && value !== "NaN" && value !== "Infinity" && value !== "-Infinity");
  if (values.length === 0 || values.every((value) => typeof value === "object")) return Infinity;
  if (values.every((value) => toNumber(value) !== null)) return Infinity;
  if (values.every((value) => typeof value === "boolean")) return 2;
  return values.every((value) => toTime(value) !== null) ? 1 : 0;
}

function areApart(rows: readonly object[], columns: readonly string[]): boolean {
  return countsOf(rows.map((row) => keyOf(row, columns))).size === rows.length;
}

function keyOf(row: object, columns: readonly string[]): string {
  return columns
    .map((column) => valueOf(row, column) ?? null)
    .filter((value) => value !== null && typeof value !== "object")
    .map(String)
    .join(" / ");
}

function countsOf(keys: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

function named(name: string, value: unknown): Named[] {
  const number = toNumber(value);
  return number === null ? [] : [[name, number]];
}

function toNumber(value: unknown): number | null {
  if (typeof value === "number") return value;
  return typeof value === "string" && /^-?(0|[1-9]\d*)(\.\d+)?$/.test(value) ? Number(value) : null;
}

function changeOf(name: string, before: number, after: number): Change {
  const change = Number((after - before).toPrecision(12)); // 0.3 - 0.1 is 0.2
  return { name, before, after, change, ratio: before === 0 ? null : change / Math.abs(before) };
}

/** 'town "York" → "Leeds" (shop)' */
function parametersText({ parameters }: Comparison): string {
  const code = (text: string | null): string => (text === null ? "(none)" : shortCode(text));
  return parameters
    .map(({ notebook, name, before, after }) => `${name} ${code(before)} → ${code(after)} (${notebook})`)
    .join(", ");
}

/** "+10 (+17%)", the form of a tile. */
function changeText({ change, ratio }: Change): string {
  const sign = change > 0 ? "+" : "-";
  return sign + formatNumber(Math.abs(change)) + ratioText(Math.abs(ratio ?? 0) * 100, sign);
}

/** "3 of 40 numbers changed, 1 is new, 2 are gone" */
function summaryOf({ changes, equal, added, removed }: Comparison): string {
  const all = changes.length + equal;
  const are = (count: number): string => `${count} ${count === 1 ? "is" : "are"}`;
  return [
    `${changes.length} of ${all} ${all === 1 ? "number" : "numbers"} changed`,
    ...(added.length > 0 ? [`${are(added.length)} new`] : []),
    ...(removed.length > 0 ? [`${are(removed.length)} gone`] : []),
  ].join(", ");
}
