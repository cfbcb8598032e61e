/**
 * A run → the numbers of its prose: bound and typed ones, for the page and for the terminal.
 */
import { forTerminal } from "../untrusted.ts";
import type { RunFacts } from "./html.ts";
import { ADVICE } from "./numbers.ts";
import type { Run } from "./run.ts";
import { cut } from "./summary.ts";

const MAX_WARNINGS = 20; // lines on the terminal

/** How many numbers of the prose look like results and come from none; nothing if all are bound. */
export function proseFacts(run: Run): RunFacts[] {
  const lines = typedLines(run);
  return lines.length === 0
    ? []
    : [{ title: "Numbers that were typed into prose", rows: [["Count", String(countTyped(run))], ...lines] }];
}

/** The same as lines of at most 80 columns, each cell with its numbers. */
export function proseWarnings(run: Run): string[] {
  const lines = typedLines(run);
  if (lines.length === 0) return [];
  const count = countTyped(run);
  const many =
    count === 1 ? "1 number looks like a result but is" : `${count} numbers look like results but are`;
  const left = lines.length - MAX_WARNINGS;
  return [
    `warning: ${many} typed (--strict: an error)`,
    ...lines.slice(0, MAX_WARNINGS).map(([place, numbers]) => cut(forTerminal(`  ${place}: ${numbers}`))),
    ...(left > 0 ? [`  … and ${left} more; the report has all`] : []),
    `  ${ADVICE}`,
  ];
}

function countTyped({ steps }: Run): number {
  return steps.flatMap(({ typed }) => typed.flatMap(({ numbers }) => numbers)).length;
}

/** Place and numbers of each cell with typed numbers. */
function typedLines({ steps }: Run): [place: string, numbers: string][] {
  return steps.flatMap(({ notebook, typed }) =>
    typed.map(({ place, numbers }): [string, string] => [`${notebook.name}, ${place}`, numbers.join(", ")]),
  );
}
