// Edits of notebooks in the real kernel: after each edit the outputs equal those of a whole run.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isMarkdown, newCell, type Notebook } from "./notebook.ts";
import { planRerun } from "./rerun.ts";
import { WatchedNotebook } from "./watched.ts";

const notebookOf = (sources: readonly string[]): Notebook => ({
  name: "n",
  metadata: {},
  cells: sources.map((source, i) => newCell("code", source, `c${i}`)),
});

// Cells before the edit → cells after it, and the cells that run; "all": in a fresh kernel.
const EDITS: [what: string, before: string[], after: string[], ran: number[] | "all"][] = [
  ["nothing changes", ["const a = 1;", "console.log(a);"], ["const a = 1;", "console.log(a);"], []],
  [
    "a cell changes that no other cell uses",
    ["const a = 1;", "console.log(a);", "console.log('x');"],
    ["const a = 1;", "console.log(a + 1);", "console.log('x');"],
    [1],
  ],
  [
    "a value changes, and a chain of names uses it",
    ["const a = 1;", "const b = a + 1;", "const c = 5;", "console.log(b + c);"],
    ["const a = 2;", "const b = a + 1;", "const c = 5;", "console.log(b + c);"],
    [0, 1, 3],
  ],
  [
    "a function changes",
    ["function f(x: number) { return x + 1; }", "console.log(f(1));", "console.log('x');"],
    ["function f(x: number) { return x + 2; }", "console.log(f(1));", "console.log('x');"],
    [0, 1],
  ],
  [
    "a cell is added",
    ["const a = 1;", "console.log(a);"],
    ["const a = 1;", "console.log('new');", "console.log(a);"],
    [1],
  ],
  ["a cell without names is removed", ["console.log('x');", "console.log('y');"], ["console.log('y');"], []],
  ["a name is removed", ["const a = 1;", "console.log('y');"], ["console.log('y');"], "all"],
  [
    "a changed cell had changed a list of an earlier cell",
    ["const list: number[] = [];", "list.push(1);", "console.log(list.length);"],
    ["const list: number[] = [];", "list.push(2, 3);", "console.log(list.length);"],
    "all",
  ],
  [
    "a new cell changes a list of an earlier cell",
    ["const list: number[] = [];", "console.log('x');", "console.log(list.length);"],
    ["const list: number[] = [];", "list.push(2, 3);", "console.log(list.length);"],
    [1, 2],
  ],
  [
    "a cell that changed a list is removed",
    ["const list: number[] = [];", "list.push(1);", "console.log(list.length);"],
    ["const list: number[] = [];", "console.log(list.length);"],
    "all",
  ],
  [
    "a changed cell calls a function that changes a variable",
    ["let n = 0;\nfunction add(x: number) { n += x; return n; }", "console.log(add(1));", "console.log(n);"],
    ["let n = 0;\nfunction add(x: number) { n += x; return n; }", "console.log(add(5));", "console.log(n);"],
    "all",
  ],
  [
    "an object is changed through another name",
    ["const o = { n: 1 };", "const other = o;\nother.n += 1;", "console.log(o.n);"],
    ["const o = { n: 1 };", "const other = o;\nother.n += 2;", "console.log(o.n);"],
    "all",
  ],
  [
    "two cells define a name",
    ["const a = 1;", "console.log(a);", "const b = 2;"],
    ["const a = 1;", "console.log(a);", "const a = 2;"],
    "all",
  ],
  [
    "something outside the notebook can change",
    ['import { x } from "./own.js";', "const a = 1;"],
    ['import { x } from "./own.js";', "x(); const a = 1;", "console.log(a);"],
    [1, 2],
  ],
];

describe("planRerun(old, sources)", () => {
  for (const [what, before, after, ran] of EDITS)
    it(`runs ${ran === "all" ? "all cells in a fresh kernel" : `cells ${JSON.stringify(ran)}`} if ${what}`, () => {
      const { fresh, cells } = planRerun(
        before.map((source) => ({ source, status: "ok" })),
        after,
      );
      assert.deepEqual(fresh === null ? cells : "all", ran, fresh ?? "");
    });

  it("runs a failed cell again, and the cells that did not run", () => {
    const sources = ["const a = 1;", "const b = 2;", "const c = 3;"];
    const statuses = ["ok", "failed", "not run"] as const;
    const old = sources.map((source, i) => ({ source, status: statuses[i]! }));
    assert.deepEqual(planRerun(old, sources).cells, [1, 2]);
  });
});

describe("WatchedNotebook", function () {
  this.timeout(120_000);
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "questlog-watched-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const outputsOf = ({ step }: WatchedNotebook) =>
    step.cells.map(({ cell, status }) => [status, cell.outputs.map((output) => output.text)]);

  it("has the outputs of a whole run after each edit", async () => {
    const options = { outFolder: folder };
    const path = join(folder, "n.ipynb");
    const watched = new WatchedNotebook(path, notebookOf([]));
    const whole = new WatchedNotebook(path, notebookOf([]));
    const edits = EDITS.filter(([, before]) => !before.join().includes("own.js"));
    for (const [what, before, after, ran] of edits) {
      await watched.update(notebookOf(before), options);
      const { ran: count, fresh } = await watched.update(notebookOf(after), options);
      assert.deepEqual(fresh === null ? count : "all", ran === "all" ? ran : ran.length, what);
      await whole.restart();
      await whole.update(notebookOf(after), options);
      assert.deepEqual(outputsOf(watched), outputsOf(whole), what);
    }
    await Promise.all([watched.close(), whole.close()]);
  });

  it("fills the texts in again, with the values at their places", async () => {
    const options = { outFolder: folder };
    const watched = new WatchedNotebook(join(folder, "n.ipynb"), notebookOf([]));
    const textsAfter = async (sources: string[], text: string): Promise<string[]> => {
      const notebook = notebookOf(sources);
      notebook.cells.splice(1, 0, newCell("markdown", text, "m"));
      await watched.update(notebook, options);
      return watched.step.notebook.cells.filter(isMarkdown).map(({ source }) => source);
    };
    assert.deepEqual(await textsAfter(["let n = 1;", "const b = 1;"], "n {{ n }}"), ["n 1"]);
    assert.deepEqual(await textsAfter(["let n = 1;", "const b = 2;"], "n {{ n }}"), ["n 1"]);
    assert.deepEqual(await textsAfter(["let n = 2;", "const b = 2;"], "n {{ n }}"), ["n 2"]);
    assert.deepEqual(await textsAfter(["let n = 2;", "const b = 2;"], "more {{ n + 1 }}"), ["more 3"]);
    assert.deepEqual(await textsAfter(["let n = 2;", "n = 5;"], "more {{ n + 1 }}"), ["more 3"]);
    assert.deepEqual(await textsAfter(["let n = 2;", "n = 6;"], "less {{ n - 1 }}"), ["less 1"]);
    await watched.close();
  });
});
