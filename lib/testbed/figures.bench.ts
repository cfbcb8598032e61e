/**
 * Values of several rounds → a figure in at most 80 columns: median, spread, goal, met or not.
 *
 * The machine is shared, so a single value says little. The sides of a comparison take turns, and
 * every second round has them in reverse order (A B B A). A ratio compares values of one round.
 */
import { readFileSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";

const TICKS = 100; // of the kernel's clock in a second
const MAX_COLUMNS = 80;
const INDENT = "    ";

/** A goal of issue 14, such as `p95 ≤ 5 ms`. */
export interface Goal {
  is: "at most" | "at least";
  value: number;
}

export interface Figure {
  id: string; // "M7"
  what: string;
  unit: string;
  values: readonly number[]; // one of each round
  goal?: Goal;
}

/** Rounds of a whole run, and of the short form that only shows that a bench works. */
export const rounds = (isShort: boolean): number => (isShort ? 1 : 5);

/** Measures each side once a round, in turns; returns the values of each side by its name. */
export async function inTurns<N extends string, V>(
  count: number,
  sides: Readonly<Record<N, () => Promise<V>>>,
): Promise<Record<N, V[]>> {
  const names = Object.keys(sides) as N[];
  const values = Object.fromEntries(names.map((name) => [name, [] as V[]])) as Record<N, V[]>;
  for (let round = 0; round < count; round++)
    for (const name of round % 2 === 0 ? names : names.toReversed()) values[name].push(await sides[name]());
  return values;
}

/** The ratio of two sides in each round. */
export function ratios(over: readonly number[], under: readonly number[]): number[] {
  return over.map((value, i) => value / under[i]!);
}

/** The value below which `share` of the values lie. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
}

/** Prints a figure. */
export function tell(figure: Figure): void {
  tellText(textOf(figure));
}

/** `M7 query() over Trino, p95: 4.1 ms (3.8 to 4.9, 5 rounds); goal ≤ 5 ms: met` */
export function textOf({ id, what, unit, values, goal }: Figure): string {
  const middle = median(values);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const rounds = values.length === 1 ? "1 round" : `${values.length} rounds`;
  const text = `${id} ${what}: ${short(middle)} ${unit} (${short(low)} to ${short(high)}, ${rounds})`;
  if (goal === undefined) return text;
  const isMet = goal.is === "at most" ? middle <= goal.value : middle >= goal.value;
  const sign = goal.is === "at most" ? "≤" : "≥";
  return `${text}; goal ${sign} ${short(goal.value)} ${unit}: ${isMet ? "met" : "missed"}`;
}

/** Prints that a figure cannot be measured here. */
export function tellMissing(id: string, what: string, reason: string): void {
  tellText(`${id} ${what}: not measured; ${reason}`);
}

/** Prints a text in lines of at most 80 columns. All but the first are indented. */
export function tellText(text: string): void {
  console.log(linesOf(text).join("\n"));
}

/** A text in lines of at most 80 columns, broken between words. */
export function linesOf(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const line = lines.at(-1);
    if (line === undefined) lines.push(word);
    else if (line.length + 1 + word.length <= MAX_COLUMNS) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(`${INDENT}${word}`);
  }
  return lines;
}

/** Prints the load of the machine: every figure depends on it. */
export function tellMachine(): void {
  const cores = availableParallelism();
  console.log(`machine: ${cores} cores, load ${loadavg()[0]!.toFixed(1)}, Node ${process.versions.node}`);
}

/** The CPU time of a process so far, all of its threads together (Linux). */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const [user, system] = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .slice(11, 13);
  return (Number(user) + Number(system)) / TICKS;
}

function short(value: number): string {
  return value >= 100 ? String(Math.round(value)) : value.toFixed(value >= 10 ? 1 : 2);
}
