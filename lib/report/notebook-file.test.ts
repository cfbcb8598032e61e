import assert from "node:assert/strict";
import fc from "fast-check";
import { type Cell, formatNotebook, newCell, type Notebook, NotebookError } from "./notebook.ts";
import { formatNotebookFile, parseNotebookFile } from "./notebook-file.ts";

/** Lines that mean something to one of the forms. */
const LINES = [
  ...["", " ", "text", "  indented", "# Heading", "---", "title: x", "const a = `x`;", "\\", "//", "// note"],
  ...["```", "```ts", "```typescript", "````typescript", "```sql", "~~~", "``", "   ```ts", "```ts .noeval"],
  ...["// %%", "// %% [markdown]", "// \\%%", "//%%", "// %%time", "%%", "\\%% x", " %% x", "// ---", "//x"],
  ...[
    "<!-- #region -->",
    "<!-- #endregion -->",
    "<!-- #raw -->",
    "<!-- #endraw -->",
    '<!-- #region a="b" -->',
  ],
  ...["jupyter:", "  a: 1", "{{ total }}", "[x](a.md)  ", "\ttab", "é 結果 🎲", "-->"],
];

const sources = fc.array(fc.constantFrom(...LINES), { maxLength: 7 }).map((lines) => lines.join("\n"));
const metadata = fc.oneof(
  fc.constant({}),
  fc.constant({ tags: ["parameters"] }),
  fc.dictionary(fc.oneof(fc.constantFrom("tags", "a.b", "x y", "-->", "`"), fc.string()), fc.jsonValue(), {
    maxKeys: 3,
  }),
);
const cells = fc
  .tuple(fc.constantFrom("code", "markdown", "raw"), sources, metadata)
  .map(([type, source, about]) => ({ ...newCell(type, source, ""), metadata: about as Cell["metadata"] }));
const notebooks = fc
  .record({
    name: fc.constant("shop"),
    cells: fc.array(cells, { maxLength: 5 }),
    metadata: fc.option(
      fc.dictionary(fc.constantFrom("title", "questlog", "a b", "1"), fc.jsonValue(), { minKeys: 1 }),
      { nil: undefined },
    ),
  })
  .map((notebook) => JSON.parse(JSON.stringify(notebook)) as Notebook); // a file holds no -0

/** A notebook without the ids of its cells, which text does not keep. */
function contentOf(notebook: Notebook): unknown {
  const text = formatNotebook({ ...notebook, cells: notebook.cells.map((cell) => ({ ...cell, id: "" })) });
  return JSON.parse(text) as unknown;
}

describe("formatNotebookFile(notebook, path) and parseNotebookFile(text, path)", function () {
  this.timeout(60_000);

  for (const path of ["shop.md", "shop.ts"]) {
    it(`keep every notebook in ${path}, with any lines, metadata and front matter`, () => {
      let refused = 0;
      const keeps = fc.property(notebooks, fc.constantFrom("\n", "\r\n"), (notebook: Notebook, end) => {
        let text: string;
        try {
          text = formatNotebookFile(notebook, path);
        } catch (error) {
          // Only Markdown refuses: a cell with an unbalanced frame of its own.
          if (!(error instanceof NotebookError) || path !== "shop.md") throw error;
          assert.match(JSON.stringify(notebook), /<!-- #/);
          refused++;
          return;
        }
        const again = parseNotebookFile(`\uFEFF${text.replaceAll("\n", end)}`, path);
        assert.deepEqual(contentOf(again), contentOf(notebook), text);
        assert.equal(formatNotebookFile(again, path), text);
      });
      fc.assert(keeps, { numRuns: 500, examples: EXAMPLES.map((one) => [one, "\n"]) });
      assert.ok(refused < 250, `refused ${refused}`);
    });
  }

  it("keep front matter as the first raw cell, with its comments", () => {
    const text = "---\ntitle: Shop # the name\nauthor: me\n---\n\n# One\n\n\nTwo\n";
    const { cells: read } = parseNotebookFile(text, "shop.md");
    assert.deepEqual(
      read.map(({ cell_type, source }) => [cell_type, source]),
      [
        ["raw", "---\ntitle: Shop # the name\nauthor: me\n---"],
        ["markdown", "# One"],
        ["markdown", "Two"],
      ],
    );
    assert.equal(formatNotebookFile(parseNotebookFile(text, "shop.md"), "shop.md"), text);
  });

  it("refuse attachments, and name the remedy", () => {
    const cell = { ...newCell("markdown", "![p](attachment:p.png)", "a"), attachments: { "p.png": {} } };
    const notebook = { name: "shop", cells: [cell as Cell] };
    for (const path of ["shop.md", "shop.ts"])
      assert.throws(() => formatNotebookFile(notebook, path), {
        message:
          "notebook shop: cell 1 of all cells: a text notebook holds no attachments; save p.png as a file, " +
          "and write ![](p.png) instead of attachment:p.png",
      });
  });
});

const EXAMPLES: Notebook[] = [
  {
    name: "shop",
    cells: [newCell("raw", "---\ntitle: x\n---", ""), newCell("markdown", "---\na: 1\n---", "")],
  },
  {
    name: "shop",
    cells: [newCell("markdown", "---\na: 1\n---", "")],
    metadata: { jupyter: { a: "x\n\ny" } },
  },
  {
    name: "shop",
    cells: [newCell("markdown", "a", ""), newCell("markdown", "b", ""), newCell("code", "", "")],
  },
];

describe("parseNotebookFile(text, path)", () => {
  const typesOf = (text: string, path: string) =>
    parseNotebookFile(text, path).cells.map(({ cell_type, source, metadata }) => [
      cell_type,
      source,
      metadata,
    ]);

  it("reads Markdown with blocks of TypeScript", () => {
    const text =
      'Why?\n\n```ts tags=["parameters"]\nconst a = 1;\n```\nBecause:\n\n```sql\nSELECT 1\n\n\nFROM t\n```\n' +
      "```ts .noeval\nshown();\n```\n\n<!-- #raw -->\nraw\n<!-- #endraw -->\n";
    assert.deepEqual(typesOf(text, "a.md"), [
      ["markdown", "Why?", {}],
      ["code", "const a = 1;", { tags: ["parameters"] }],
      ["markdown", "Because:\n\n```sql\nSELECT 1\n\n\nFROM t\n```\n```ts .noeval\nshown();\n```", {}],
      ["raw", "raw", {}],
    ]);
  });

  it("reads TypeScript in percent format, also as other editors write it", () => {
    const text =
      '// ---\n// title: Shop\n// ---\n\nimport "x";\n//%%\na;\n// %% [md] tags=["t"]\n//Text\n//\n// more\n\n// %% Sum [markdown]\n';
    assert.deepEqual(typesOf(text, "a.ts"), [
      ["raw", "---\ntitle: Shop\n---", {}],
      ["code", 'import "x";', {}],
      ["code", "a;", {}],
      ["markdown", "Text\n\nmore", { tags: ["t"] }],
      ["markdown", "", { title: "Sum" }],
    ]);
  });

  for (const [path, text, problem] of [
    ["a.md", "x\n\n```ts\na;\n", "line 3: expected an end of ```ts, got none"],
    ["a.md", "<!-- #region -->\n", "line 1: expected <!-- #endregion --> after <!-- #region -->, got none"],
    ["a.md", "x\n```ts foo\na;\n```\n", 'line 2: expected options key=value, got "foo"'],
    ["a.md", "```ts tags=[a]\n```\n", "line 1: expected a value in JSON for tags, got [a]"],
    [
      "a.ts",
      "// ---\n// a: 1\n// ---\n// %% [markdown] b\n",
      'line 4: expected // %% [markdown] key=value, got "[markdown] b"',
    ],
    ["a.md", "---\na: [1\n---\n", /^front matter: Flow sequence .* at line \d+, column \d+$/],
    [
      "a.md",
      "---\njupyter:\n  kernelspec: {language: python, name: p}\n---\n",
      /expected TypeScript, got a notebook in python/,
    ],
  ] as const) {
    it(`names the fault of ${JSON.stringify(text)}`, () =>
      assert.throws(
        () => parseNotebookFile(text, path),
        (error: NotebookError) => {
          if (typeof problem === "string") assert.equal(error.problem, problem);
          else assert.match(error.problem, problem);
          return true;
        },
      ));
  }
});
