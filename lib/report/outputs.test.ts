// Messages as tslab 1.0.22 sent them.
import assert from "node:assert/strict";
import { type CodeCell, newCell } from "./notebook.ts";
import { type CellOutputs, collectOutputs } from "./outputs.ts";

describe("collectOutputs(cell)", () => {
  let cell: CodeCell;
  let outputs: CellOutputs;

  beforeEach(() => {
    cell = newCell("code", "", "a") as CodeCell;
    outputs = collectOutputs(cell);
  });

  const stdout = (text: string) => outputs.onOutput({ type: "stream", content: { name: "stdout", text } });
  const stderr = (text: string) => outputs.onOutput({ type: "stream", content: { name: "stderr", text } });

  it("joins the texts of a stream and removes colours", () => {
    stdout("a");
    stdout("\u001b[31mb\u001b[0m\n");
    assert.deepEqual(cell.outputs, [{ output_type: "stream", name: "stdout", text: "ab\n" }]);
  });

  it("limits the text that a cell may keep", () => {
    for (let i = 0; i < 300; i++) {
      stdout("x".repeat(10_000));
      outputs.onOutput({ type: "display_data", content: { data: {}, metadata: {} } });
    }
    assert.equal(cell.outputs.length, 100);
    assert.equal(outputs.noteCuts(), "not kept: 300 outputs above 100, and 2000000 characters above 1000000");
    assert.match(cell.outputs.at(-1)?.text as string, /^not kept: /);
    assert.ok(JSON.stringify(cell.outputs).length < 1_100_000);
  });

  it("turns the error on stderr into an error output, without the kernel's stack", () => {
    stderr("careful\n");
    stderr(
      "node:assert:90\n  throw new AssertionError(obj);\n  ^\n\nAssertionError [ERR_ASSERTION]: one is two\n\n1 !== 2\n\n" +
        "    at evalmachine.<anonymous>:3:37\n    at async x (/y.js:1:1) {\n  generatedMessage: false,\n  actual: 1\n}\n",
    );
    outputs.fail();
    const [warning, error] = cell.outputs;
    assert.deepEqual(warning, { output_type: "stream", name: "stderr", text: "careful\n" });
    assert.deepEqual(
      [error?.output_type, error?.ename, error?.evalue],
      ["error", "AssertionError", "one is two\n\n1 !== 2"],
    );
  });

  it("shows every message of the compiler", () => {
    stderr("1:7 - Type 'number' is not assignable to type 'string'.\n");
    stderr("2:1 - Cannot find name 'foo'.\n");
    outputs.fail();
    assert.deepEqual(cell.outputs, [
      {
        output_type: "error",
        ename: "TypeScript",
        evalue:
          "line 1, column 7: Type 'number' is not assignable to type 'string'.\nline 2, column 1: Cannot find name 'foo'.",
        traceback: [],
      },
    ]);
  });

  it("shows a rejection that no code waited for, whether the kernel printed it or not", () => {
    stderr("UnhandledPromiseRejection: Error: lost\n    at x\n");
    stderr("later\n");
    outputs.onFault("Error: lost\n    at x");
    outputs.fail();
    assert.deepEqual(
      cell.outputs.map(({ text, evalue }) => text ?? evalue),
      ["later\n", "lost"],
    );
    const other = newCell("code", "", "b") as CodeCell;
    const { onFault, fail } = collectOutputs(other);
    onFault("RangeError: late\n    at x");
    fail();
    assert.deepEqual([other.outputs[0]?.ename, other.outputs[0]?.evalue], ["RangeError", "late"]);
  });

  it("shows the given reason in place of the interrupt's own words", () => {
    stderr("Error: Interrupted asynchronously\n    at x\n");
    outputs.fail("the cell did not end within 1 s");
    assert.deepEqual(cell.outputs, [
      { output_type: "error", ename: "Error", evalue: "the cell did not end within 1 s", traceback: [] },
    ]);
  });
});
