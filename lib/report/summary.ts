/**
 * A run → its end in words: a sentence or two for the page, lines of 80 columns for the terminal.
 */
import { forTerminal } from "../untrusted.ts";
import { countHeld, failedClaim, failureOf } from "./claims.ts";
import { isError } from "./outputs.ts";
import { formatSeconds, plural } from "./progress.ts";
import type { CellRun, Run, StepRun } from "./run.ts";

const COLUMNS = 80;
const MAX_CAUSE_LINES = 8; // of an error's message on the terminal
const MAX_CAUSE_CHARS = 200; // of it on the page

export interface Summary {
  text: string; // one or two sentences
  failed: FailedCell | null; // the cell that ended the run
}

interface FailedCell {
  step: StepRun;
  cell: CellRun;
}

/**
 * Summarizes a run: "All 42 cells ran, 17 claims held, in 1 min 38 s."; or the failed cell and its
 * error.
 */
export function summarize(run: Run): Summary {
  const failed = failedCell(run);
  const took = `in ${formatSeconds(run.seconds).replaceAll(" ", "\u00a0")}`;
  const left = run.steps.flatMap(({ cells }) => cells).filter(({ status }) => status === "not run").length;
  const rest = left === 0 ? "" : ` ${plural(left, "cell")} did not run.`;
  if (run.status === "ok") return { text: `${countsOf(run)}, ${took}.`, failed: null };
  const faults = (run.faults ?? []).map((fault) => `${fault}.`).join(" ");
  if (failed === null && faults !== "") return { text: `Failed ${took}: ${faults}`, failed };
  if (failed === null) return { text: `Interrupted ${took}.${rest}`, failed: null };
  const place = placeOf(failed);
  if (run.status === "interrupted") return { text: `Interrupted in ${place}, ${took}.${rest}`, failed };
  const cause = failureOf(failed.cell.claims) ?? errorOf(failed.cell);
  const why = cause === "" ? "" : `: ${firstLine(cause)}`;
  const text = [`Failed in ${place}, ${took}${why}.${rest}`, faults].filter((part) => part !== "").join(" ");
  return { text, failed };
}

/**
 * The same for a terminal. A failed claim has a line for its text, for each value, for its cause,
 * and for each line by which large values differ. A fault of no cell is a whole line.
 */
export function summaryLines(run: Run): string[] {
  const failed = failedCell(run);
  const cells = run.steps.flatMap((step) => step.cells);
  const faults = (run.faults ?? []).map(forTerminal);
  if (failed === null && faults.length > 0) {
    const after = `Failed after ${formatSeconds(run.seconds)}`;
    return faults.map((fault) => `${after}: ${fault}`);
  }
  if (run.status === "ok" || failed === null) return [forTerminal(summarize(run).text)];
  const left = cells.filter(({ status }) => status === "not run").length;
  const rest = left === 0 ? "" : `; ${plural(left, "cell")} did not run`;
  const what = run.status === "interrupted" ? "Interrupted" : "Failed";
  const place = placeOf(failed);
  const first = `${what} in ${place}, after ${formatSeconds(run.seconds)}${rest}`;
  const causes = run.status === "interrupted" ? [] : causeLines(failed.cell);
  return [forTerminal(first), ...causes.map((line) => cut(`  ${forTerminal(line)}`)), ...faults];
}

/** "1-services, cell 2" */
export function placeOf({ step, cell }: FailedCell): string {
  return `${step.notebook.name}, cell ${cell.number}`;
}

/** "All 2 cells ran, no claims" */
function countsOf({ steps }: Run): string {
  const cells = steps.flatMap((step) => step.cells);
  const claims = countHeld(cells.flatMap((cell) => cell.claims));
  const ran = cells.length === 1 ? "The cell ran" : `All ${cells.length} cells ran`;
  return `${ran}, ${claims === 0 ? "no claims" : `${plural(claims, "claim")} held`}`;
}

function causeLines(cell: CellRun): string[] {
  const claim = failedClaim(cell.claims);
  if (claim === null) return someLines(errorOf(cell));
  const { text, actual, expected, cause, difference = "" } = claim;
  const values = actual === null ? [] : [`expected  ${expected ?? "true"}`, `got       ${actual}`];
  const own = cause?.replace(/^.* !== .*$/m, "") ?? ""; // Node adds the values to some messages
  const lines = difference.split("\n").filter((line) => /^[+-] /.test(line));
  return [text, ...values, ...someLines(lines.join("\n")), ...someLines(own)];
}

/** The first lines of a message, without empty ones. */
function someLines(text: string): string[] {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const left = lines.length - MAX_CAUSE_LINES;
  return [...lines.slice(0, MAX_CAUSE_LINES), ...(left > 0 ? [`… (${plural(left, "line")} more)`] : [])];
}

function failedCell({ steps }: Run): FailedCell | null {
  for (const step of steps) {
    const cell = step.cells.find(({ status }) => status === "failed");
    if (cell) return { step, cell };
  }
  return null;
}

function errorOf({ cell }: CellRun): string {
  const error = cell.outputs.find(isError);
  return error ? `${error.ename}: ${error.evalue}` : "";
}

function firstLine(text: string): string {
  const line = text.split("\n").find((one) => one.trim() !== "") ?? "";
  return line.length <= MAX_CAUSE_CHARS ? line.replace(/[.:]$/, "") : `${line.slice(0, MAX_CAUSE_CHARS)}…`;
}

/** A line of at most 80 columns. */
export function cut(line: string): string {
  return line.length <= COLUMNS ? line : `${line.slice(0, COLUMNS - 1)}…`;
}
