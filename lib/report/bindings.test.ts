import assert from "node:assert/strict";
import { bindingsOf, type BoundValue, planBindings, replaceBindings, writeBound } from "./bindings.ts";
import { isMarkdown, newCell, type Notebook } from "./notebook.ts";

/** A notebook of texts and cells: a text begins with "#". */
function notebookOf(...sources: string[]): Notebook {
  const cells = sources.map((source, i) =>
    newCell(source.startsWith("#") ? "markdown" : "code", source, `c${i}`),
  );
  return { name: "shop", cells };
}

describe("bindingsOf(source)", () => {
  it("finds expressions, also with braces", () => {
    const source = "**{{ total }}** of {{rows.at(-1)?.n}}, {{ ({ a: n }).a }}";
    assert.deepEqual(
      bindingsOf(source).map(({ expression }) => expression),
      ["total", "rows.at(-1)?.n", "({ a: n }).a"],
    );
  });

  for (const source of [
    ...["`{{ a }}`", "``{{ a ` }}``", "```\n{{ a }}\n```", "~~~js\n{{ a }}\n~~~\n", "```\n{{ a }}"],
    ...["$x^{{2}}$", "$$\n{{ a }}\n$$", "\\{{ a }}", "{ a }", "{{ a }"],
  ]) {
    it(`finds none in ${JSON.stringify(source)}`, () => assert.deepEqual(bindingsOf(source), []));
  }

  it("finds those between amounts of money", () => {
    assert.equal(bindingsOf("$5 and {{ a }} for $3").length, 1);
  });

  it("gives the places that replaceBindings fills", () => {
    assert.equal(
      replaceBindings("{{ a }} `{{ b }}` {{ c }}.", ({ expression }, i) => `${expression}${i}`),
      "a0 `{{ b }}` c1.",
    );
  });
});

describe("planBindings(notebook)", () => {
  const plan = (...sources: string[]) =>
    planBindings(notebookOf(...sources)).map(({ place, after }) => [place, after]);

  it("binds a text after the cell above, or after the last cell if a later cell has the name", () => {
    assert.deepEqual(
      plan("# {{ b }}", "let a = 1;", "# {{ a }}, {{ b }}", "const b = 2; a = 3;", "# {{ a }}"),
      [
        ["text above cell 1", 2],
        ["text above cell 2", 1],
        ["text above cell 2", 2],
        ["text after the last cell", 2],
      ],
    );
  });

  it("knows names of every kind of declaration", () => {
    const code =
      'import d, { x as e } from "m";\nimport * as f from "m";\nconst [g, { h: [i] }, ...j] = [];\n' +
      "function k() {}\nclass L {}\nenum M { A }\nlet n;";
    assert.equal(plan(code, "# {{ d + e + f + g + i + j + k() + L + M.A + n }}").length, 1);
  });

  it("knows parameters, members, globals and types", () => {
    const expression = "rows.filter(({ n }) => n > 1).map((r) => ({ a: r.x }))[0]!.a as Row + Math.PI";
    assert.equal(plan("const rows = [];", `# {{ ${expression} }}`).length, 1);
  });

  for (const [text, problem] of [
    ["{{ totl }}", "expected names that cells declare, got totl; the nearest name is total"],
    ["{{ total.x + zzzzzzzz }}", "expected names that cells declare, got zzzzzzzz"],
    ["{{ }}", "expected a name or an expression"],
    ["{{ total + }}", "expected a name or an expression"],
    ["{{ total); f( }}", "expected a name or an expression"],
    ["{{ total; total }}", "expected a name or an expression"],
    ["{{ total = 1 }}", "expected an expression without effects, got an assignment"],
    ["{{ total++ }}", "expected an expression without effects, got an assignment"],
    ["{{ await total }}", "expected an expression without effects, got await"],
  ] as const) {
    it(`refuses ${text}`, () => {
      const expression = text.slice(2, -2).trim();
      assert.throws(() => plan("const total = 1;", `# ${text}`), {
        name: "NotebookError",
        message: `notebook shop: text after the last cell: {{ ${expression} }}: ${problem}`,
      });
    });
  }
});

describe("writeBound(planned, values)", () => {
  function write(source: string, ...values: BoundValue[]) {
    const notebook = notebookOf("const a = 1;", source);
    const problem = writeBound(planBindings(notebook), values);
    const cell = notebook.cells.find(isMarkdown)!;
    return { problem, text: cell.source, metadata: cell.metadata.questlog };
  }

  it("writes values as say does, and keeps the text of the author", () => {
    const { problem, text, metadata } = write(
      "# {{ a }} and {{ a }}",
      { kind: "number", text: "1234567.5" },
      { kind: "boolean", text: "true" },
    );
    assert.equal(problem, null);
    assert.equal(text, "# 1,234,567.5 and true");
    assert.deepEqual(metadata, {
      source: "# {{ a }} and {{ a }}",
      bound: [
        { expression: "a", text: "1,234,567.5", from: 2, cell: 1, kind: "number", value: 1234567.5 },
        { expression: "a", text: "true", from: 14, cell: 1, kind: "boolean", value: true },
      ],
    });
  });

  for (const [value, text] of [
    ["new-york, 5.5", "new-york, 5.5"],
    ["[x](http://a)\n# <b> | $y$", "\\[x\\](http://a) # \\<b\\> \\| \\$y\\$"],
    ["- a--b", "\\- a\\--b"],
    ["1. b", "1\\. b"],
    ["`c` *d* _e_ &lt; ![f]", "\\`c\\` \\*d\\* \\_e\\_ \\&lt; \\!\\[f\\]"],
  ] as const) {
    it(`escapes the text ${JSON.stringify(value)}, which may come from a player`, () => {
      assert.equal(write("# {{ a }}", { kind: "string", text: value }).text, `# ${text}`);
    });
  }

  for (const [value, got] of [
    [{ kind: "error", text: "undefined" }, "undefined"],
    [{ kind: "number", text: "NaN" }, "NaN"],
  ] as const) {
    it(`tells the place of a value that is ${got}, and leaves the text`, () => {
      const { problem, text } = write("# {{ a }}", value);
      assert.equal(problem, `text after the last cell: {{ a }}: expected a value, got ${got}`);
      assert.equal(text, "# {{ a }}");
    });
  }
});
