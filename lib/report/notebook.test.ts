import assert from "node:assert/strict";
import { formatNotebook, isCode, parseNotebook, stripOutputs, titleOf } from "./notebook.ts";
import { textToNotebook } from "../testbed/notebook-text.ts";

const TEXT = `// %% [markdown] id=a
// # Title
//
// Some *prose*.

// %% id=b
const x = 1;

x;

// %% id=c
x + 1;
`;

describe("parseNotebook(text, name)", () => {
  it("reads the text of formatNotebook, and writes the same bytes again", () => {
    const text = formatNotebook(textToNotebook(TEXT, "n"));
    assert.equal(formatNotebook(parseNotebook(text, "n")), text);
  });

  it("refuses a file that is not a notebook, and names file and reason", () => {
    assert.throws(() => parseNotebook("{", "1-x"), {
      name: "NotebookError",
      message: /^notebook 1-x: expected JSON/,
    });
    assert.throws(() => parseNotebook('{"nbformat":3}', "1-x"), {
      message: "notebook 1-x: expected nbformat 4 with cells, got nbformat 3",
    });
    const raw = '{"nbformat":4,"cells":[{"cell_type":"raw","source":""}]}';
    assert.throws(() => parseNotebook(raw, "1-x"), {
      message: 'notebook 1-x: cell 1: expected a code or Markdown cell, got "raw"',
    });
    const none = '{"nbformat":4,"cells":[{"cell_type":"code"}]}';
    assert.throws(() => parseNotebook(none, "1-x"), {
      message: "notebook 1-x: cell 1: expected a source, got undefined",
    });
  });
});

describe("stripOutputs(notebook)", () => {
  it("removes all traces of a run or of an editor", () => {
    const notebook = textToNotebook(TEXT, "n");
    const ran = structuredClone(notebook);
    for (const cell of ran.cells.filter(isCode)) {
      cell.execution_count = 7;
      cell.metadata = { collapsed: true };
      cell.outputs.push({ output_type: "stream", name: "stdout", text: "1" });
    }
    assert.deepEqual(stripOutputs(ran), notebook);
  });
});

describe("titleOf(notebook)", () => {
  it("is the first heading, else the name", () => {
    assert.equal(titleOf(textToNotebook(TEXT, "n")), "Title");
    assert.equal(titleOf(textToNotebook("// %%\n1\n", "n")), "n");
  });
});
