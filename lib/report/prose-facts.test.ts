import assert from "node:assert/strict";
import { runOf } from "../testbed/notebook.fixture.ts";
import { proseFacts, proseWarnings } from "./prose-facts.ts";

describe("proseFacts(run) and proseWarnings(run)", () => {
  it("are empty for a run whose numbers are all bound", () => {
    assert.deepEqual([proseFacts(runOf([[]])), proseWarnings(runOf([[]]))], [[], []]);
  });

  it("count the typed numbers, and tell the cell of each", () => {
    const run = runOf([[]]);
    run.steps[0]!.typed = [
      { place: "cell 4", numbers: ["220", "15"] },
      { place: "text above cell 5", numbers: ["half"] },
    ];
    assert.deepEqual(proseWarnings(run), [
      "warning: 3 numbers look like results but are typed (--strict: an error)",
      "  1-first, cell 4: 220, 15",
      "  1-first, text above cell 5: half",
      "  bind them by ${…} or {{ … }}; a missing value: coalesce(…, 0) in the query",
    ]);
    assert.deepEqual(proseFacts(run)[0]?.rows, [
      ["Count", "3"],
      ["1-first, cell 4", "220, 15"],
      ["1-first, text above cell 5", "half"],
    ]);
  });

  it("list 20 cells on the terminal, in lines of 80 columns", () => {
    const run = runOf([[]]);
    const numbers = Array.from({ length: 40 }, (_, i) => String(i));
    run.steps[0]!.typed = Array.from({ length: 22 }, (_, i) => ({ place: `cell ${i + 1}`, numbers }));
    const [, first = "", ...others] = proseWarnings(run);
    assert.equal(first.length, 80);
    assert.equal(others.at(-2), "  … and 2 more; the report has all");
    assert.equal(others.length, 21);
  });
});
