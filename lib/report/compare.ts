/**
 * Two results.json → the numbers that changed, by name.
 *
 * A chart or table has a number for each row and column: "Swords.gold.number". Its row is named by
 * its texts; rows that texts do not tell apart have no names, and are left out.
 */
import { formatNumber } from "../ask/format.ts";
import { textTable } from "../ask/text-table.ts";
import type { RunFacts } from "./html.ts";
import type { Result, Results } from "./results.ts";

export const COMPARISON_VERSION = 1;
const MAX_FACTS = 24; // changes in the report; `npm run compare` shows all of them

export interface Comparison {
  version: typeof COMPARISON_VERSION;
  before: string; // start of the run, ISO 8601
  after: string;
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
  const old = numbersOf(before.results);
  const now = numbersOf(after.results);
  const common = [...now].filter(([name]) => old.has(name));
  const changes = common
    .filter(([name, number]) => old.get(name) !== number)
    .map(([name, number]) => changeOf(name, old.get(name)!, number));
  return {
    version: COMPARISON_VERSION,
    before: before.started_at,
    after: after.started_at,
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
  return [summaryOf(comparison), textTable(rows)].filter((text) => text !== "").join("\n");
}

/** The comparison as a group of facts of a report; no group without any number. */
export function comparisonFacts(comparison: Comparison): RunFacts[] {
  const { before, changes, added, removed, equal } = comparison;
  if (changes.length + added.length + removed.length + equal === 0) return [];
  const rows = changes.slice(0, MAX_FACTS).map((one): [string, string] => {
    return [one.name, `${formatNumber(one.before)} → ${formatNumber(one.after)} (${changeText(one)})`];
  });
  const left = changes.length - rows.length;
  const more: [string, string][] = left > 0 ? [["And", `${left} more: npm run compare`]] : [];
  const title = `Changes since the run of ${before.slice(0, 16).replace("T", " ")} UTC`;
  return [{ title, rows: [["Numbers", summaryOf(comparison)], ...rows, ...more] }];
}

/** All numbers of results by their names. */
export function numbersOf(results: readonly Result[]): Map<string, number> {
  return new Map(results.flatMap(numbersIn));
}

type Named = [name: string, number: number];

function numbersIn({ name, value }: Result): Named[] {
  if (Array.isArray(value)) return numbersInRows(name, value as unknown[]);
  if (typeof value === "object" && value !== null) {
    return Object.entries(value).flatMap(([key, one]) => named(`${name}.${key}`, one));
  }
  return named(name, value);
}

function numbersInRows(name: string, values: readonly unknown[]): Named[] {
  const rows = values.filter((row): row is object => typeof row === "object" && row !== null);
  const keys = rows.map((row) =>
    Object.entries(row)
      .filter(([column, one]) => toNumber(one) === null && column !== "text" && typeof one !== "object")
      .map(([, one]) => String(one))
      .join(" / "),
  );
  return rows.flatMap((row, i): Named[] => {
    const key = keys[i]!;
    const isAlone = rows.length === 1;
    if (!isAlone && (key === "" || keys.indexOf(key) !== i || keys.lastIndexOf(key) !== i)) return [];
    const place = key === "" ? name : `${name}.${key}`;
    return Object.entries(row)
      .filter(([column]) => column !== "text")
      .flatMap(([column, one]) => named(`${place}.${column}`, one));
  });
}

function named(name: string, value: unknown): Named[] {
  const number = toNumber(value);
  return number === null ? [] : [[name, number]];
}

function toNumber(value: unknown): number | null {
  if (typeof value === "number") return value;
  return typeof value === "string" && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : null;
}

function changeOf(name: string, before: number, after: number): Change {
  const change = Number((after - before).toPrecision(12)); // 0.3 - 0.1 is 0.2
  return { name, before, after, change, ratio: before === 0 ? null : change / Math.abs(before) };
}

/** "+10, +16.7 %" */
function changeText({ change, ratio }: Change): string {
  const sign = change > 0 ? "+" : "";
  const percent = ratio === null ? "" : `, ${sign}${formatNumber(Number((ratio * 100).toFixed(1)))} %`;
  return `${sign}${formatNumber(change)}${percent}`;
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
