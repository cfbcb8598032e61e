import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { settings } from "../settings.ts";
import { EDITOR_METADATA, formatNotebook, isCode, parseNotebook, stripOutputs, titleOf } from "./notebook.ts";
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

  const code = {
    cell_type: "code",
    source: "const x = 1;\r\nx;",
    metadata: {},
    outputs: [],
    execution_count: null,
  };
  const text = (cells: object[], rest: object = {}): string =>
    JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata: {}, cells, ...rest });
  const elsewhere: Record<string, string> = {
    "nbformat 4.0, without ids": text([code, code], { nbformat_minor: 0 }),
    "nbformat 4.4, with some ids": text([{ ...code, id: "cell-2" }, code], { nbformat_minor: 4 }),
    "the same id twice": text([
      { ...code, id: "a" },
      { ...code, id: "a" },
    ]),
    "a byte order mark": `\uFEFF${text([code, code])}`,
    "CRLF between its lines": text([code, code]).replaceAll(",", ",\r\n"),
    "a source as a list of lines": text([code, { ...code, source: ["const x = 1;\r\n", "x;"] }]),
    "a raw cell": text([code, { cell_type: "raw", source: "---", metadata: {} }, code]),
    "outputs of another kernel": text([
      code,
      { ...code, outputs: [{ output_type: "execute_result", data: {} }] },
    ]),
    "no metadata at all": text([code, { cell_type: "code", source: "const x = 1;\nx;" }], {
      metadata: undefined,
    }),
    JavaScript: text([code, code], { metadata: { kernelspec: { name: "jslab", language: "javascript" } } }),
    "unknown metadata": text([code, code], { metadata: { authors: [{ name: "A" }], widgets: {} }, more: 1 }),
  };
  for (const [kind, file] of Object.entries(elsewhere)) {
    it(`reads a notebook with ${kind}`, () => {
      const { cells } = parseNotebook(file, "n");
      assert.deepEqual(
        cells.filter(isCode).map(({ source }) => source),
        ["const x = 1;\nx;", "const x = 1;\nx;"],
      );
      assert.equal(new Set(cells.map(({ id }) => id)).size, cells.length);
      assert.ok(cells.every(({ id }) => /^[\w-]{1,64}$/.test(id)));
    });
  }

  const refused: Record<string, string> = {
    "{": "expected JSON, got ",
    "": "expected JSON, got ",
    null: "expected nbformat 4 with cells, got nbformat undefined",
    "[]": "expected nbformat 4 with cells, got nbformat undefined",
    '{"nbformat":3,"worksheets":[]}':
      "expected nbformat 4, got nbformat 3; convert it: jupyter nbconvert --to notebook --nbformat 4 1-x.ipynb",
    '{"nbformat":5,"cells":[]}': "expected nbformat 4 with cells, got nbformat 5",
    '{"nbformat":4}': "expected nbformat 4 with cells, got nbformat 4",
    [text([{ cell_type: "code" }])]: "cell 1: expected a source of text, got nothing",
    [text([{ cell_type: "code", source: [1] }])]: "cell 1: expected a source of text, got [1]",
    [text([code, { cell_type: "heading", source: "" }])]:
      'cell 2: expected a code, Markdown or raw cell, got "heading"',
    [text([7 as never])]: "cell 1: expected an object, got 7",
    [text([code], { metadata: { kernelspec: { name: "python3", language: "python" } } })]:
      "expected TypeScript, got a notebook in python, for the kernel python3",
    [text([code], { metadata: { language_info: { name: "R" } } })]:
      "expected TypeScript, got a notebook in R",
  };
  for (const [file, problem] of Object.entries(refused)) {
    it(`refuses a file: ${problem}`, () => {
      assert.throws(
        () => parseNotebook(file, "1-x"),
        ({ name, message }: Error) =>
          name === "NotebookError" && message.startsWith(`notebook 1-x: ${problem}`),
      );
    });
  }
});

describe("formatNotebook(notebook)", () => {
  it("keeps attachments, raw cells, tags and unknown metadata", () => {
    const attachments = { "p.png": { "image/png": "iVBORw0KGgo=" } };
    const cells = [
      {
        cell_type: "raw",
        id: "r",
        metadata: { format: "text/x-yaml" },
        source: ["---\n", "title: T\n", "---"],
      },
      { attachments, cell_type: "markdown", id: "m", metadata: {}, source: ["![p](attachment:p.png)"] },
      {
        cell_type: "code",
        execution_count: null,
        id: "c",
        metadata: { tags: ["a"], own: 1 },
        outputs: [],
        source: ["1;"],
      },
    ];
    const metadata = { authors: [{ name: "A" }] };
    const text = JSON.stringify({ cells, metadata, nbformat: 4, nbformat_minor: 5 });
    const written = JSON.parse(formatNotebook(stripOutputs(parseNotebook(text, "n")))) as {
      metadata: typeof metadata;
    };
    assert.deepEqual({ ...written, metadata: { authors: written.metadata.authors } }, JSON.parse(text));
  });
});

describe("stripOutputs(notebook)", () => {
  it("removes the metadata that JupyterLab's save removes", () => {
    const file = join(settings.root, "lib", "lab", "jupyter_server_config.py");
    const [, list] = /EDITOR_METADATA = \{([^}]*)\}/.exec(readFileSync(file, "utf8"))!;
    const names = [...list!.matchAll(/"(\w+)"/g)].map(([, name]) => name!);
    assert.deepEqual(names.toSorted(), EDITOR_METADATA.toSorted());
  });

  it("removes all traces of a run or of an editor", () => {
    const notebook = textToNotebook(TEXT, "n");
    const ran = structuredClone(notebook);
    for (const cell of ran.cells.filter(isCode)) {
      cell.execution_count = 7;
      cell.metadata = { collapsed: true, execution: { a: 1 }, vscode: {} };
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
