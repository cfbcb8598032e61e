/**
 * A run's results → JUnit XML, and GitHub's annotations of failed cells and claims.
 *
 * Each cell is a test case, and so is each claim. A failed claim's message has its values. Faults
 * of the run and of no cell are in a suite of their own.
 */
import { relative } from "node:path";
import { forTerminalLines } from "../untrusted.ts";
import { isError } from "./outputs.ts";
import type { CellRun, Run, StepRun } from "./run.ts";
import type { Claim } from "./claims.ts";

interface TestCase {
  name: string;
  seconds: number;
  failure: string | null;
  isSkipped: boolean;
}

/** The run as JUnit XML: a suite for each notebook. */
export function junitOf({ steps, seconds: total, faults = [] }: Run): string {
  const suites = steps.map((step) => {
    return { name: step.notebook.name, seconds: step.seconds, cases: casesOf(step) };
  });
  if (faults.length > 0) {
    const cases = faults.map((failure): TestCase => ({ name: "run", seconds: 0, failure, isSkipped: false }));
    suites.push({ name: "run", seconds: 0, cases });
  }
  const all = suites.flatMap(({ cases }) => cases);
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="questlog"${counts(all)} time="${total.toFixed(3)}">
${suites.map(({ name, seconds, cases }) => suiteText(name, seconds, cases)).join("\n")}
</testsuites>
`;
}

/**
 * Lines that GitHub Actions shows at the notebooks: one for each failed claim or cell, and for each
 * fault of the run.
 * @param paths of the notebooks, in the order of the run's steps
 */
export function annotationsOf({ steps, faults = [] }: Run, paths: readonly string[]): string[] {
  const ofCells = steps.flatMap((step, i) =>
    casesOf(step)
      .filter(({ failure }) => failure !== null)
      .map(({ name, failure }) => {
        const file = property(relative(process.cwd(), paths[i] ?? step.notebook.name));
        return `::error file=${file},title=${property(name)}::${message(forTerminalLines(failure!))}`;
      }),
  );
  return [...ofCells, ...faults.map((fault) => `::error title=run::${message(forTerminalLines(fault))}`)];
}

function suiteText(name: string, seconds: number, cases: readonly TestCase[]): string {
  const tests = cases.map((one) => {
    const head = `<testcase classname="${xml(name)}" name="${xml(one.name)}" time="${one.seconds.toFixed(3)}"`;
    if (one.isSkipped) return `${head}><skipped/></testcase>`;
    if (one.failure === null) return `${head}/>`;
    const [first = ""] = one.failure.split("\n");
    return `${head}><failure message="${xml(first)}">${xml(one.failure)}</failure></testcase>`;
  });
  const head = `<testsuite name="${xml(name)}"${counts(cases)} time="${seconds.toFixed(3)}">`;
  return `${head}\n${tests.join("\n")}\n</testsuite>`;
}

function casesOf({ cells }: StepRun): TestCase[] {
  return cells.flatMap((run): TestCase[] => {
    const claims = run.claims.map((claim) => claimCase(claim, run));
    const error = run.cell.outputs.find(isError);
    const isClaim = claims.some(({ failure }) => failure !== null); // the claim tells it
    const failure = run.status !== "failed" || isClaim ? null : errorText(error?.ename, error?.evalue);
    const name = `cell ${run.number}`;
    return [{ name, seconds: run.seconds, failure, isSkipped: run.status === "not run" }, ...claims];
  });
}

function claimCase({ text, failed, pending, values }: Claim, { number }: CellRun): TestCase {
  const wrong = values.find(({ held }) => !held);
  const got = wrong?.actual == null ? "" : `expected ${wrong.expected ?? "true"}, got ${wrong.actual}`;
  const reason = [got, wrong?.cause ?? ""].filter((part) => part !== "").join("; ");
  const why = wrong?.difference === undefined ? reason : `${reason}\n${wrong.difference}`;
  const failure = failed > 0 ? why || "failed" : pending > 0 ? "not awaited" : null;
  return { name: `cell ${number}: ${text}`, seconds: 0, failure, isSkipped: false };
}

function errorText(name = "Error", value = ""): string {
  return value === "" ? name : `${name}: ${value}`;
}

function counts(cases: readonly TestCase[]): string {
  const failures = cases.filter(({ failure }) => failure !== null).length;
  const skipped = cases.filter(({ isSkipped }) => isSkipped).length;
  return ` tests="${cases.length}" failures="${failures}" skipped="${skipped}"`;
}

// XML 1.0 has no control characters but tab and line ends.
function xml(text: string): string {
  return text
    .toWellFormed()
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd")
    .replace(/[&<>"'\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`);
}

function message(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function property(text: string): string {
  return message(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
