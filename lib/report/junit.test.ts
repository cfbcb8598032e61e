// Runs without a kernel; Chromium-free: the XML is read by a strict parser of Python's library.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { runOf } from "../testbed/notebook.fixture.ts";
import { annotationsOf, junitOf } from "./junit.ts";
import type { Run } from "./run.ts";

const HOSTILE = `a < b && "c" 'd' ]]> \u0000\u001b[31m \ud800 %0A, x: y\nsecond`;

function failedRun(): Run {
  const run = runOf([
    [],
    [{ output_type: "error", ename: "RangeError", evalue: HOSTILE, traceback: [] }],
    [],
    [],
  ]);
  const [first, second, third, fourth] = run.steps[0]!.cells;
  const values = [{ held: false, actual: "219", expected: "220", cause: null }];
  first!.claims = [
    { text: "assert.equal(rows, 220)", cell: null, held: 1, failed: 0, pending: 0, values: [] },
  ];
  Object.assign(second!, { status: "failed", claims: [] });
  Object.assign(third!, { status: "failed" });
  third!.claims = [
    { text: `assert.equal("${HOSTILE}", 220)`, cell: null, held: 0, failed: 1, pending: 0, values },
  ];
  Object.assign(fourth!, { status: "not run", claims: [] });
  run.status = "failed";
  return run;
}

describe("junitOf(run)", () => {
  it("is well-formed XML, with a case for each cell and each claim", () => {
    const code =
      "import sys, json, xml.etree.ElementTree as t\n" +
      "r = t.fromstring(sys.stdin.buffer.read())\n" +
      "print(json.dumps([r.attrib, [[c.get('name'), [[k.tag, k.get('message')] for k in c]] for c in r.iter('testcase')]]))";
    const text = execFileSync("python3", ["-c", code], { input: junitOf(failedRun()), encoding: "utf8" });
    const [attributes, cases] = JSON.parse(text) as [Record<string, string>, [string, string[][]][]];
    assert.deepEqual([attributes.tests, attributes.failures, attributes.skipped], ["6", "2", "1"]);
    assert.deepEqual(
      cases.map(([name, inner]) => [name.slice(0, 30), ...inner.map(([tag]) => tag)]),
      [
        ["cell 1"],
        ["cell 1: assert.equal(rows, 220)".slice(0, 30)],
        ["cell 2", "failure"],
        ["cell 3"],
        [`cell 3: assert.equal("a < b && `.slice(0, 30), "failure"],
        ["cell 4", "skipped"],
      ],
    );
    assert.equal(cases[4]![1][0]![1], "expected 220, got 219");
    assert.match(
      cases[2]![1][0]![1]!,
      /^RangeError: a < b && "c" 'd' \]\]> \ufffd\ufffd\[31m \ufffd %0A, x: y$/,
    );
  });
});

describe("junitOf(run), for two large values", () => {
  it("has the lines by which they differ, as the terminal does", () => {
    const run = runOf([[]]);
    const [cell] = run.steps[0]!.cells;
    const difference = "  [\n+   219,\n-   220,\n  ]";
    const values = [{ held: false, actual: "[219, …]", expected: "[220, …]", cause: null, difference }];
    cell!.claims = [
      { text: "assert.deepEqual(rows, all)", cell: null, held: 0, failed: 1, pending: 0, values },
    ];
    cell!.status = "failed";
    assert.ok(junitOf(run).includes('<failure message="expected [220, …], got [219, …]">'));
    assert.ok(junitOf(run).includes("got [219, …]&#10;  [&#10;+   219,&#10;-   220,&#10;  ]</failure>"));
    assert.match(annotationsOf(run, ["shop.md"])[0]!, /got \[219, …\]%0A {2}\[%0A\+ {3}219,/);
  });
});

describe("annotationsOf(run, paths)", () => {
  it("has a line for each failed claim and cell, which no text can end", () => {
    const lines = annotationsOf(failedRun(), ["notebooks/a,b.ipynb"]);
    assert.equal(lines.length, 2);
    for (const line of lines)
      assert.match(line, /^::error file=notebooks\/a%2Cb\.ipynb,title=[^\n:]+::[^\n]+$/);
    assert.match(lines[1]!, /::expected 220, got 219$/);
    assert.deepEqual(annotationsOf(runOf([[]]), ["a.ipynb"]), []);
  });
});
