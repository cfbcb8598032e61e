/**
 * `--fail-if "lost > 0"` → a condition on the numbers of a run, which fails the run.
 *
 * A name means all results of the name: "lost" and "lost (2)". A name without a number fails the
 * run too: a misspelt condition must not pass.
 */
import { join } from "node:path";
import { formatNumber } from "../ask/format.ts";
import { UsageError } from "../command.ts";
import { nearest } from "../nearest.ts";
import { numbersOf } from "./compare.ts";
import { writeNotebook } from "./notebook.ts";
import { type Result, resultsOf } from "./results.ts";
import type { Run } from "./run.ts";

export interface Condition {
  text: string;
  name: string;
  operator: keyof typeof OPERATORS;
  number: number;
}

const OPERATORS = {
  "<=": (a: number, b: number) => a <= b,
  ">=": (a: number, b: number) => a >= b,
  "==": (a: number, b: number) => a === b,
  "!=": (a: number, b: number) => a !== b,
  "<": (a: number, b: number) => a < b,
  ">": (a: number, b: number) => a > b,
};
const CONDITION = /^\s*(\S.*?(?<![\s<>=!]))\s*(<=|>=|==|!=|<|>)\s*(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)\s*$/i;

/** Reads `NAME OPERATOR NUMBER`. @throws UsageError */
export function parseCondition(text: string): Condition {
  const [, name, operator, number] = CONDITION.exec(text) ?? [];
  if (name === undefined) {
    const operators = Object.keys(OPERATORS).join(" ");
    throw new UsageError(`--fail-if: expected NAME ${operators} NUMBER, e.g. "lost > 0", got "${text}"`);
  }
  return { text, name, operator: operator as Condition["operator"], number: Number(number) };
}

/**
 * Fails `run` if a number meets one of the conditions: the cell that shows the number fails. Its
 * notebook is saved in `outFolder` again. A condition without a number is a fault of the run alone.
 */
export async function failIf(run: Run, conditions: readonly Condition[], outFolder: string): Promise<void> {
  const met = metConditions(conditions, resultsOf(run, "").results);
  if (met.length > 0) run.metConditions = met.map(({ reason }) => reason);
  for (const { reason, result } of met) {
    run.status = "failed";
    if (result === null) {
      run.faults = [...(run.faults ?? []), reason];
      continue;
    }
    const step = run.steps.find(({ notebook }) => notebook.name === result.notebook)!;
    const cell = step.cells.find(({ number }) => number === result.cell)!;
    cell.cell.outputs.push({ output_type: "error", ename: "Error", evalue: reason, traceback: [] });
    cell.status = step.status = "failed";
    await writeNotebook(join(outFolder, `${step.notebook.name}.ipynb`), step.notebook);
  }
}

/** A result that meets a condition, or a condition without a result. */
export interface Met {
  reason: string;
  result: Result | null;
}

/** The conditions that fail the run. */
export function metConditions(conditions: readonly Condition[], results: readonly Result[]): Met[] {
  return conditions.flatMap(({ text, name, operator, number }): Met[] => {
    const all = results.flatMap((result) =>
      [...numbersOf([result])].map(([own, value]) => ({ result, own, value })),
    );
    const found = all.filter(({ own }) => own === name || baseName(own) === name);
    if (found.length === 0) {
      const [similar] = nearest(name, [...new Set(all.map(({ own }) => own))]);
      const hint = similar === undefined ? "" : `; the nearest name is "${similar}"`;
      return [{ reason: `--fail-if "${text}" names no result with a number${hint}`, result: null }];
    }
    return found
      .filter(({ value }) => OPERATORS[operator](value, number))
      .map(({ result, own, value }) => {
        return { reason: `--fail-if "${text}": ${own} is ${formatNumber(value)}`, result };
      });
  });
}

/** "lost (2)" → "lost", "sold (2).gold" → "sold.gold" */
function baseName(name: string): string {
  return name.replace(/ \(\d+\)(?=\.|$)/, "");
}
