/**
 * Figures of drills → history/drills.md, with a table of all figures. This page → the README's
 * table.
 *
 * The unit of a figure is the end of its name. The account of the events has a column of its own.
 * Its other values are left out: each of them is 0 in every drill that passes, or follows from the
 * rest.
 */
import { arch, availableParallelism, totalmem, type } from "node:os";
import { join } from "node:path";
import { settings } from "../settings.ts";
import type { Drill, Figures } from "./drill.ts";
import type { Account } from "../testbed/account.ts";

/** A drill that was run to its end. */
export interface Passed extends Pick<Drill, "name" | "what"> {
  figures: Figures;
  seconds: number; // from its start to its end
}

const UNITS: readonly [ending: string, unit: string][] = [
  ["_mb_per_minute", " MB/min"],
  ["_per_second", "/s"],
  ["_ms", " ms"],
  ["_mb", " MB"],
  ["_percent", " %"],
];
const ACCOUNT: readonly (keyof Account)[] = ["accepted", "lost", "double", "doubles_removed"];
const LEFT_OUT: readonly (keyof Account)[] = ["messages", "rows", "given_up", "unlanded", "twice_landed"];

/** The drills in the README, each with the figure that the README shows. */
const SHORT: readonly [drill: string, number: string][] = [
  ["kill-stream", "resumed longest"],
  ["zombie", "taken over longest"],
  ["kill-api", "lost"],
  ["slow-net", "landed after half open"],
  ["kafka-down", "accepted again"],
  ["hdfs-down", "resumed longest"],
];

/** The tracked page that a run of all drills writes. */
export const DRILLS_FILE = join(settings.root, "history", "drills.md");

/** The page of a run of all drills that ended at `date`. */
export function drillsPage(passed: readonly Passed[], date: Date): string {
  const gib = Math.round(totalmem() / 2 ** 30);
  const machine = `${availableParallelism()} cores (${arch()}), ${gib} GiB of memory, ${type()}, Node ${process.versions.node}`;
  return `# Drills

All drills in one run of \`npm run drill\`, on ${date.toISOString().slice(0, 10)}: ${machine}.
Load and services share the machine. Lost: accepted by the API, but not in the tables. Double: more than once
in the view \`events\`. Doubles removed: sent again by clients or the spool, and counted once by the view.

${figuresTable(passed)}`;
}

/** A row for each drill: name, fault and promise, figures, account of the events. */
export function figuresTable(passed: readonly Passed[]): string {
  const rows = passed.map(({ name, what, figures, seconds }) => {
    const measured = Object.entries(figures)
      .filter(([figure]) => !isOfAccount(figure))
      .map(describe);
    const account = ACCOUNT.flatMap((figure) => {
      const value = figures[figure];
      return value === undefined ? [] : `${format(value)} ${figure.replaceAll("_", " ")}`;
    });
    const all = [...measured, `${Math.round(seconds)} s in all`];
    return [`\`${name}\``, what, all.join(", "), account.join(", ")].map(escape);
  });
  return tableOf(["drill", "fault: promise", "measured", "events"], rows);
}

/**
 * Six rows of a page, in three columns: fault, promise, one figure.
 * @throws Error if the page lacks a row or its figure
 */
export function shortTable(page: string): string {
  const rows = SHORT.map(([drill, number]) => {
    const line = page.split("\n").find((line) => line.startsWith(`| \`${drill}\` `));
    const [, what = "", measured = "", account = ""] = cellsOf(line ?? "");
    const [, fault = "", promise = ""] = /^(.*?): (.*)$/.exec(what) ?? [];
    const value = `${measured}, ${account}`.split(", ").find((one) => one.includes(number));
    if (!value || !promise)
      throw new Error(`drills page: expected a row of ${drill} with "${number}", got ${line ?? "none"}`);
    return [`\`${drill}\`: ${fault}`, promise, value];
  });
  return tableOf(["fault", "promise", "measured"], rows);
}

/** The cells of a line of a Markdown table. */
export function cellsOf(line: string): string[] {
  const cells = line.split(/(?<!\\)\|/).slice(1, -1);
  return cells.map((cell) => cell.trim());
}

function tableOf(head: string[], rows: string[][]): string {
  const lines = [head, head.map(() => "---"), ...rows];
  return lines.map((cells) => `| ${cells.join(" | ")} |\n`).join("");
}

function isOfAccount(figure: string): boolean {
  return [...ACCOUNT, ...LEFT_OUT].some((name) => name === figure);
}

/** "resumed longest 8,712 ms" */
function describe([figure, value]: [string, number | string]): string {
  const [ending, unit] = UNITS.find(([ending]) => figure.endsWith(ending)) ?? ["", ""];
  const words = figure.slice(0, figure.length - ending.length).replaceAll("_", " ");
  return `${words} ${format(value)}${unit}`;
}

function format(value: number | string): string {
  return typeof value === "number" ? value.toLocaleString("en-US") : value;
}

function escape(cell: string): string {
  return cell.replaceAll("|", "\\|").replaceAll("\n", " ");
}
