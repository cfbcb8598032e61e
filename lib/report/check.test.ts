import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { settings } from "../settings.ts";
import { checkNotebooks, formatFinding, isOwnNotebook, joinCells, tidyNotebook } from "./check.ts";
import { notebooksIn } from "./choose.ts";
import { type CodeCell, isCode, newCell, readNotebook, writeNotebook } from "./notebook.ts";
import { textToNotebook } from "../testbed/notebook-text.ts";

describe("checkNotebooks(paths)", function () {
  this.timeout(60_000);
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(settings.root, ".questlog-check-")); // inside the checkout, so that types are found
  });

  afterEach(() => rm(folder, { recursive: true }));

  async function findings(text: string): Promise<string[]> {
    const path = join(folder, "1-x.ipynb");
    await writeNotebook(path, textToNotebook(text, "1-x"));
    return (await checkNotebooks([path], () => true)).map((finding) =>
      formatFinding(finding).replace(/^.*1-x\.ipynb/, "1-x"),
    );
  }

  it("finds nothing in a good notebook", async () => {
    const text =
      '// %% [markdown]\n// # T\n// %%\nimport assert from "node:assert/strict";\n// %%\nassert.ok(await Promise.resolve(true));\n';
    assert.deepEqual(await findings(text), []);
  });

  it("finds nothing in code that an older kernel miscompiled", async () => {
    const loop =
      "for await (const x of (async function* () {\n  yield await Promise.resolve(word);\n})())\n  console.log(x);";
    const code = `const word = "a";\nconsole.log({ word });\n${loop}`;
    assert.deepEqual(
      await findings(`// %% [markdown]\n// # T\n// %%\n${code}\nawait Promise.resolve(1);\n`),
      [],
    );
  });

  it("finds a wrong type, with its cell and line", async () => {
    assert.deepEqual(
      await findings("// %%\nconst a = 1;\n// %%\nconsole.log(a);\nconst b: string = a;\nb;\n"),
      ["1-x, cell 2, line 2: Type 'number' is not assignable to type 'string'. (TS2322)"],
    );
  });

  it("finds a number in words, which cannot be compared with a result", async () => {
    const text = "// %% [markdown]\n// # T\n//\n// Eleven rounds, one by one.\n// %%\nconsole.log(11);\n";
    assert.deepEqual(await findings(text), [
      "1-x: text above cell 1: expected numbers that come from results, got Eleven",
    ]);
  });

  const wrong = {
    "[2, 1].toSorted();": /'toSorted' does not exist/, // the kernel's library is older
    "Promise.resolve(1);": /no-floating-promises/,
    "let a = 1;\na += 1;\na;": /let and var/,
    "const f = () => 1;\nf();": /definition of a function/,
    'try {\n  console.log("x");\n} catch {\n  console.log("y");\n}': /try: a failed cell ends the run/,
    "const a   = 1;\na;": /expected formatted code/,
    "const say = console.log;\nsay`There are 110.`;":
      /cell 1: expected numbers that come from results, got 110/,
    [`${"console.log(1);\n".repeat(11)}`]: /expected at most 10 lines, got 11/,
  };
  for (const [code, expected] of Object.entries(wrong)) {
    it(`finds ${String(expected).slice(1, -1)}`, async () => {
      assert.match((await findings(`// %%\n${code}\n`)).join("\n"), expected);
    });
  }

  it("does not demand the project's style of a user's notebook", async () => {
    const path = join(folder, "shop.ipynb");
    const lines = Array.from({ length: 12 }, (_, i) => `console.log(${i});\n`).join("");
    const code = `let a = 1;\na += 1;\nconst f = (n: number) => n + a;\ntry {\n  f(2);\n} catch {\n  f(3);\n}\n${lines}`;
    const text = `// %% [markdown]\n// # Shop\n//\n// There are 110 rows.\n// %%\n${code}// %%\n\n// %%\nPromise.resolve(1);\n`;
    await writeNotebook(path, textToNotebook(text, "shop"));
    const found = (await checkNotebooks([path])).map(({ cell, message }) => [
      cell,
      /\((.*)\)$/.exec(message)?.[1],
    ]);
    assert.deepEqual(found, [[3, "@typescript-eslint/no-floating-promises"]]);
  });

  it("has the style of each notebook of the project", () => {
    const own = notebooksIn(join(settings.root, "notebooks")).filter(isOwnNotebook);
    assert.equal(own.length, 7);
    assert.ok(!isOwnNotebook(join(settings.root, "notebooks", "shop.ipynb")));
    assert.ok(!isOwnNotebook(join(folder, "5-report.ipynb")));
  });

  it("finds the traces of a run or an editor, and tidyNotebook removes them", async () => {
    const path = join(folder, "1-x.ipynb");
    const notebook = textToNotebook("// %% id=a\nconst a   = 1;\na\n// %% id=a\n1;\n", "1-x");
    for (const cell of notebook.cells.filter(isCode)) cell.execution_count = 3;
    await writeNotebook(path, notebook);
    const found = (await checkNotebooks([path])).map(({ message }) => message);
    assert.ok(found.some((message) => message.startsWith("expected no outputs of a run")));
    await writeNotebook(path, await tidyNotebook(await readNotebook(path), path));
    assert.deepEqual(await checkNotebooks([path]), []);
    assert.equal((await readNotebook(path)).cells[0]?.source, "const a = 1;\na;");
  });

  it("checks text notebooks, and the bindings of a text", async () => {
    const path = join(folder, "2-text.md");
    const head = "# Text of {{ count }}, {{ count.lenght }}\n\n";
    const code = "```ts\nconst count = [1].length;\nString(count as string);\n```\n";
    await writeFile(path, head + code);
    const messages = (await checkNotebooks([path]))
      .map(formatFinding)
      .map((line) => line.slice(line.indexOf("2-text")));
    assert.match(
      messages.join("\n"),
      /^2-text\.md, cell 1, line 2: Conversion of type 'number' to type 'string'/,
    );
    assert.match(messages.join("\n"), /\n2-text\.md: text above cell 1: Property 'lenght' does not exist/);
  });

  it("finds a file that is not a notebook, and goes on with the others", async () => {
    const [broken, good] = ["1-broken", "2-x"].map((name) => join(folder, `${name}.ipynb`)) as [
      string,
      string,
    ];
    await writeFile(broken, "{");
    await writeNotebook(good, textToNotebook("// %%\nconst b: string = 1;\nb;\n", "2-x"));
    assert.deepEqual(
      (await checkNotebooks([broken, good])).map(({ notebook, message }) => [
        basename(notebook),
        message.slice(0, 13),
      ]),
      [
        ["1-broken.ipynb", "expected JSON"],
        ["2-x.ipynb", "Type 'number'"],
      ],
    );
  });

  it("finds nothing in the project's own notebooks", async function () {
    const paths = ["1-services", "5-report"].map((name) => join(settings.root, "notebooks", `${name}.ipynb`));
    if (!paths.every(existsSync) || !existsSync(join(settings.root, "dist", "ask"))) return this.skip();
    assert.deepEqual((await checkNotebooks(paths)).map(formatFinding), []);
  });
});

describe("joinCells(cells)", () => {
  it("maps each line to its cell and line", () => {
    const { text, places } = joinCells(
      ["a\nb", "c"].map((source) => newCell("code", source, "x") as CodeCell),
    );
    assert.equal(text, "a\nb\nc\n");
    assert.deepEqual(places, [
      { cell: 1, line: 1 },
      { cell: 1, line: 2 },
      { cell: 2, line: 1 },
    ]);
  });
});
