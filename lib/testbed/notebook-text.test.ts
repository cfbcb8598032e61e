import assert from "node:assert/strict";
import { textToNotebook } from "./notebook-text.ts";

describe("textToNotebook(text, name)", () => {
  it("reads code and Markdown cells, with the ids of the text", () => {
    const text = "// %% [markdown] id=a\n// # Title\n//\n// Prose.\n// %% id=b\n1;\n\n2;\n";
    const { cells } = textToNotebook(text, "n");
    assert.deepEqual(
      cells.map(({ cell_type, id, source }) => [cell_type, id, source]),
      [
        ["markdown", "a", "# Title\n\nProse."],
        ["code", "b", "1;\n\n2;"],
      ],
    );
  });

  it("gives a cell without an id the same id each time", () => {
    const text = "// %%\n1\n// %%\n1\n";
    const ids = textToNotebook(text, "n").cells.map(({ id }) => id);
    assert.deepEqual(
      ids,
      textToNotebook(text, "n").cells.map(({ id }) => id),
    );
    assert.equal(new Set(ids).size, 2);
  });

  it("refuses text before the first cell", () => {
    assert.throws(() => textToNotebook("x\n// %%\n", "n"), {
      message: 'notebook n: expected "// %%" first, got "x"',
    });
  });
});
