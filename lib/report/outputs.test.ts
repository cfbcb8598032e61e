// Messages as tslab 1.0.22 sent them.
import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { type CodeCell, newCell } from "./notebook.ts";
import { type CellOutputs, collectOutputs, isError } from "./outputs.ts";

describe("collectOutputs(cell)", () => {
  let cell: CodeCell;
  let outputs: CellOutputs;
  const file = join(tmpdir(), `questlog-outputs-${process.pid}.txt`);

  beforeEach(() => {
    cell = newCell("code", "", "a") as CodeCell;
    outputs = collectOutputs(cell, file);
  });

  afterEach(() => rm(file, { force: true }));

  const stdout = (text: string) => outputs.onOutput({ type: "stream", content: { name: "stdout", text } });
  const stderr = (text: string) => outputs.onOutput({ type: "stream", content: { name: "stderr", text } });

  it("joins the texts of a stream, and keeps colours, but no other control sequence", () => {
    stdout("a");
    stdout("\u001b[31mb\u001b[0m\u001b[2K\u001b]0;title\u0007c\n");
    assert.deepEqual(cell.outputs, [
      { output_type: "stream", name: "stdout", text: "a\u001b[31mb\u001b[0mc\n" },
    ]);
  });

  it("replaces a display that the cell updates", () => {
    const display = (type: string, text: string) =>
      outputs.onOutput({
        type,
        content: { data: { "text/plain": text }, metadata: {}, transient: { display_id: "a" } },
      });
    display("display_data", "1 of 2");
    stdout("a\n");
    display("update_display_data", "2 of 2");
    assert.deepEqual(
      cell.outputs.map(({ data, text }) => (data as { "text/plain": string })?.["text/plain"] ?? text),
      ["2 of 2", "a\n"],
    );
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

  it("shows the causes of an error without any line of a stack, also without Node's count of lines", () => {
    // More lines of both stacks are equal than Node prints.
    const deep = (n: number): Error => (n > 0 ? deep(n - 1) : new Error("refused"));
    const wrap = (n: number): Error => (n > 0 ? wrap(n - 1) : new Error("no answer", { cause: deep(0) }));
    const printed = inspect(wrap(0));
    assert.match(printed, /lines matching cause stack trace/);
    stderr(printed);
    outputs.fail();
    const { evalue } = cell.outputs.find(isError)!;
    assert.match(evalue, /^no answer[^]*refused/);
    assert.doesNotMatch(evalue, /lines matching|^ +at /m);
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
    const { onFault, fail } = collectOutputs(other, file);
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
