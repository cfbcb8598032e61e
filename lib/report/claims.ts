/**
 * Claims from the kernel → claims for a reader: text of the call in the cell, values, and counts.
 *
 * The kernel knows a call by its place in the compiled code. Compilation keeps the order of calls
 * and the last word of a callee. So the n-th call of a name in the compiled code is the n-th call
 * of that name in the cell. A cell can call a function of a former cell, whose claims then stand
 * in that cell's source.
 */
import ts from "typescript";
import { parseCode } from "./cell-syntax.ts";
import { shortened } from "../untrusted.ts";
import type { BoundValue } from "./bindings.ts";

const MAX_TEXT_CHARS = 160; // of a failed claim

/** One call of an assertion, at a place in the compiled code of a cell. */
export interface RanClaim {
  script: string;
  line: number; // from 1
  column: number; // from 1
  held: number; // how often it ran and held
  failed: number;
  pending: number; // runs whose promise has not settled at the cell's end
  values: ClaimValues[]; // of its first runs, and of its first failed run
}

export interface ClaimValues {
  held: boolean;
  actual: string | null; // null: the claim is about an action, not a value
  expected: string | null; // null: `actual` must be truthy
  cause: string | null; // the error's message, if the values do not contain it
  difference?: string | undefined; // of two large values: "+ " before a line of `actual`, "- " of `expected`
}

/** The answer of the kernel: claims, faults and bound values of a cell, and the claims' code. */
export interface RanCell {
  script: string | null; // of the cell itself; null: its source has no code
  claims: RanClaim[];
  faults: string[]; // errors that no code of a cell caught
  bound: BoundValue[]; // of the texts' expressions, if the cell is the runner's own
  codes: Record<string, string>;
}

export interface Claim {
  text: string; // of the call, in one line
  cell: number | null; // that contains the call; null: the cell that ran
  held: number;
  failed: number;
  pending: number; // runs that the cell did not await
  values: ClaimValues[];
}

/** A cell that ran: its number in the notebook, and its source. */
export interface CellSource {
  number: number;
  source: string;
}

/**
 * The claims of a cell, in the order of their first runs.
 * @param sources of the cells so far, by the names of their scripts
 */
export function readClaims(ran: RanCell, sources: ReadonlyMap<string, CellSource>): Claim[] {
  return ran.claims.map(({ script, line, column, held, failed, pending, values }) => {
    const code = ran.codes[script] ?? "";
    const cell = sources.get(script);
    const inCode = callsOf(code);
    const inSource = callsOf(cell?.source ?? "");
    const call = callAt(inCode, positionOf(code, line, column));
    const name = call?.name;
    const n = inCode.filter((other) => other.name === name).indexOf(call!);
    const original = inSource.filter((other) => other.name === name)[n];
    return {
      text: oneLine(original?.text ?? call?.text ?? "assert"),
      cell: script === ran.script ? null : (cell?.number ?? null),
      held,
      failed,
      pending,
      values,
    };
  });
}

/** The number of assertions that ran and held. */
export function countHeld(claims: Claim[]): number {
  return claims.reduce((sum, { held }) => sum + held, 0);
}

/** "assert.rejects(…)" for the first claim that the cell did not await, else null. */
export function unawaitedOf(claims: Claim[]): string | null {
  const claim = claims.find(({ pending }) => pending > 0);
  return claim ? textOf(claim) : null;
}

/** A claim that did not hold: its text, the values of its first failed run, and the cause. */
export interface FailedClaim extends ClaimValues {
  text: string;
}

/** The first claim that did not hold, or null. */
export function failedClaim(claims: Claim[]): FailedClaim | null {
  for (const claim of claims) {
    const failed = claim.values.find(({ held }) => !held);
    if (failed) return { ...failed, text: textOf(claim) };
  }
  return null;
}

/**
 * "assert.equal(rows, 220): expected 220, got 219" for the first failed claim, else null. Long
 * texts and values are cut, so that a line has all of them.
 */
export function failureOf(claims: Claim[]): string | null {
  const failed = failedClaim(claims);
  return failed && `${shortened(failed.text, MAX_TEXT_CHARS)}: ${explain(failed)}`;
}

function textOf({ text, cell }: Claim): string {
  return cell === null ? text : `${text} of cell ${cell}`;
}

function explain({ actual, expected, cause }: ClaimValues): string {
  if (actual === null) return cause ?? "failed";
  const values = `expected ${shortened(expected ?? "true")}, got ${shortened(actual)}`;
  return `${values}${cause === null ? "" : `; ${cause}`}`;
}

interface Call {
  name: string; // the last word of the callee
  text: string;
  from: number; // of the callee
  to: number;
}

/** All calls in `code`, in the order of their callees' ends. */
function callsOf(code: string): Call[] {
  const file = parseCode(code);
  const calls: Call[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) {
      const callee = node.expression;
      const name = /([\w$]+)\W*$/.exec(callee.getText(file))?.[1] ?? "";
      calls.push({ name, text: node.getText(file), from: callee.getStart(file), to: callee.getEnd() });
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return calls.sort((a, b) => a.to - b.to);
}

/** The innermost call whose callee includes `position`. */
function callAt(calls: Call[], position: number): Call | undefined {
  const around = calls.filter(({ from, to }) => from <= position && position <= to);
  return around.sort((a, b) => a.to - a.from - (b.to - b.from))[0];
}

function positionOf(code: string, line: number, column: number): number {
  const before = code.split("\n").slice(0, line - 1);
  return before.reduce((sum, { length }) => sum + length + 1, 0) + column - 1;
}

function oneLine(text: string): string {
  return text
    .replace(/\s+/g, " ")
    .replace(/([([]) /g, "$1")
    .replace(/,? ([)\]])/g, "$1")
    .replace(/^\(0, \w+\.default\)/, "assert"); // the compiler's form of an import in the same cell
}
