/**
 * What drills measured → the table that stands in the README, in Markdown.
 *
 * The unit of a figure is the end of its name (drill.ts).
 */
import type { Drill, Figures } from "./drill.js";

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

/** A row for each drill: its name, what happens and must hold, what was measured. */
export function figuresTable(passed: readonly Passed[]): string {
  const rows = passed.map(({ name, what, figures, seconds }) => {
    const measured = [...Object.entries(figures).map(describe), `${Math.round(seconds)} s in all`];
    return [`\`${name}\``, what, measured.join(", ")];
  });
  const lines = [["drill", "what happens, and what must hold", "measured"], ["---", "---", "---"], ...rows];
  return lines.map((cells) => `| ${cells.map(escape).join(" | ")} |\n`).join("");
}

/** "resumed longest 8,712 ms" */
function describe([figure, value]: [string, number | string]): string {
  const [ending, unit] = UNITS.find(([ending]) => figure.endsWith(ending)) ?? ["", ""];
  const words = figure.slice(0, figure.length - ending.length).replaceAll("_", " ");
  return `${words} ${typeof value === "number" ? value.toLocaleString("en-US") : value}${unit}`;
}

function escape(cell: string): string {
  return cell.replaceAll("|", "\\|").replaceAll("\n", " ");
}
