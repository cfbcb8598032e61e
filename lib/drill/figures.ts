/**
 * What drills measured → the table that stands in the README, in Markdown.
 *
 * The unit of a figure is the end of its name (drill.ts). The account (oracle.ts) has a column of its own;
 * what it holds besides is 0, or the drill had failed, or follows from the rest.
 */
import type { Drill, Figures } from "./drill.ts";
import type { Account } from "../testbed/account.ts";

/** A drill that was run to its end. */
export interface Passed extends Pick<Drill, "name" | "what"> {
  figures: Figures;
  seconds: number; // that it took
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

/** A row for each drill: its name, what happens and must hold, what was measured, the account of its events. */
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
    return [`\`${name}\``, what, all.join(", "), account.join(", ")];
  });
  const head = ["drill", "what happens, and what must hold", "measured", "events"];
  const lines = [head, head.map(() => "---"), ...rows];
  return lines.map((cells) => `| ${cells.map(escape).join(" | ")} |\n`).join("");
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
