// Runs of notebooks without a kernel, for tests of pages and progress.
import type { Claim } from "../report/claims.ts";
import { type CodeCell, isCode, newCell, type Output } from "../report/notebook.ts";
import { textToNotebook } from "./notebook-text.ts";
import type { Run, StepRun } from "../report/run.ts";

export const HELD: Claim = {
  text: "assert.ok(true)",
  cell: null,
  held: 1,
  failed: 0,
  pending: 0,
  values: [{ held: true, actual: "true", expected: null, cause: null }],
};

/** A run of one notebook whose cells have these outputs and took a second each. */
export function runOf(
  outputs: Output[][],
  { markdown = "# A title\n\n## A question?", source = "assert.ok(true);" } = {},
): Run {
  const notebook = { name: "1-first", cells: [newCell("markdown", markdown, "m")] };
  for (const [i, some] of outputs.entries()) {
    notebook.cells.push({ ...(newCell("code", source, `c${i}`) as CodeCell), outputs: some });
  }
  const cells = notebook.cells
    .filter(isCode)
    .map((cell, i) => ({ number: i + 1, cell, status: "ok" as const, seconds: 1.26, claims: [HELD] }));
  const step: StepRun = { notebook, title: "A title", status: "ok", seconds: 75.2, cells, typed: [] };
  return { status: "ok", startedAt: new Date("2026-11-24T03:21:00Z"), seconds: 75.2, steps: [step] };
}

export const FAILING = textToNotebook(
  `// %% [markdown]
// # Fails
// %%
console.log("before");
// %%
throw new RangeError("expected 110 swords, got 109");
// %%
console.log("after");
`,
  "2-fails",
);
