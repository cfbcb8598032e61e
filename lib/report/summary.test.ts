import assert from "node:assert/strict";
import { runOf } from "../testbed/notebook.fixture.ts";
import type { Claim, ClaimValues } from "./claims.ts";
import type { Output } from "./notebook.ts";
import { summarize, summaryLines } from "./summary.ts";

describe("summarize(run)", () => {
  it("counts cells and claims, and the time", () => {
    assert.equal(
      summarize(runOf([[], []])).text,
      "All 2 cells ran, 2 claims held, in 1\u00a0min\u00a015\u00a0s.",
    );
  });

  it("has right English for one cell and for no claims", () => {
    const run = runOf([[]]);
    assert.match(summarize(run).text, /^The cell ran, 1 claim held, in /);
    run.steps[0]!.cells[0]!.claims = [];
    assert.match(summarize(run).text, /^The cell ran, no claims, in /);
    const two = runOf([[], []]);
    for (const cell of two.steps[0]!.cells) cell.claims = [];
    assert.match(summarize(two).text, /^All 2 cells ran, no claims, in /);
  });

  it("says which cell failed, why, and how many did not run", () => {
    const error: Output = {
      output_type: "error",
      ename: "RangeError",
      evalue: "110 expected\nmore",
      traceback: [],
    };
    const run = runOf([[], [error], []]);
    run.status = "failed";
    run.steps[0]!.cells[1]!.status = "failed";
    run.steps[0]!.cells[2]!.status = "not run";
    const { text, failed } = summarize(run);
    assert.equal(
      text,
      "Failed in 1-first, cell 2, in 1\u00a0min\u00a015\u00a0s: RangeError: 110 expected. 1 cell did not run.",
    );
    assert.equal(failed?.cell.number, 2);
  });

  it("says that the run was interrupted", () => {
    const run = runOf([[]]);
    run.status = "interrupted";
    run.steps[0]!.cells[0]!.status = "failed";
    assert.match(summarize(run).text, /^Interrupted in 1-first, cell 1, in /);
  });
});

describe("summaryLines(run)", () => {
  function failing(text: string, values: Partial<ClaimValues>) {
    const run = runOf([[], [], []]);
    run.status = "failed";
    const failed = { held: false, actual: "59", expected: "60", cause: null, ...values };
    const claim: Claim = { text, cell: null, held: 0, failed: 1, pending: 0, values: [failed] };
    Object.assign(run.steps[0]!.cells[1]!, { status: "failed", claims: [claim] });
    run.steps[0]!.cells[2]!.status = "not run";
    return run;
  }

  it("have the values and the cause of a failed claim", () => {
    assert.deepEqual(
      summaryLines(failing("assert.equal(swords, 60)", { cause: "one is lost\n\n59 !== 60\n" })),
      [
        "Failed in 1-first, cell 2, after 1 min 15 s; 1 cell did not run",
        "  assert.equal(swords, 60)",
        "  expected  60",
        "  got       59",
        "  one is lost",
      ],
    );
  });

  it("have at most 80 columns, and no control characters", () => {
    const long = "x".repeat(500);
    const cause = Array.from({ length: 20 }, (_, i) => `${i}\u001b[2J${long}`).join("\n");
    const lines = summaryLines(failing(`assert.equal(${long}, y)`, { actual: long, expected: long, cause }));
    assert.equal(lines.length, 13);
    assert.equal(lines.at(-1), "  … (12 lines more)");
    for (const line of lines) assert.ok(line.length <= 80 && !line.includes("\u001b"), line);
  });

  it("have the lines of another error", () => {
    const run = failing("", {});
    const error: Output = { output_type: "error", ename: "RangeError", evalue: "a\n\nb", traceback: [] };
    Object.assign(run.steps[0]!.cells[1]!, { claims: [] });
    run.steps[0]!.cells[1]!.cell.outputs = [error];
    assert.deepEqual(summaryLines(run).slice(1), ["  RangeError: a", "  b"]);
  });
});
