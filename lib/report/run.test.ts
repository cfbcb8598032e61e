// Notebooks in the real kernel; they need no services.
import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FAILING } from "../testbed/notebook.fixture.ts";
import { countHeld } from "./claims.ts";
import { failIf, parseCondition } from "./fail-if.ts";
import { renderReport } from "./html.ts";
import { isCode, isMarkdown, readNotebook, writeNotebook } from "./notebook.ts";
import { textToNotebook } from "../testbed/notebook-text.ts";
import { isError } from "./outputs.ts";
import { formatSeconds, showProgress } from "./progress.ts";
import { resultsOf } from "./results.ts";
import { runNotebooks } from "./run.ts";
import { unshownLines } from "./unshown.ts";

const GOOD = `// %% [markdown]
// # Works
// %%
import assert from "node:assert/strict";
// %%
assert.equal(1, 1);
"done";
`;

describe("runNotebooks(paths, options)", function () {
  this.timeout(60_000);
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "questlog-run-"));
  });

  afterEach(() => rm(folder, { recursive: true }));

  async function save(name: string, text: string): Promise<string> {
    const path = join(folder, `${name}.ipynb`);
    await writeNotebook(path, textToNotebook(text, name));
    return path;
  }

  it("runs every cell, saves the executed notebooks and leaves the tracked ones alone", async () => {
    const paths = [await save("1-works", GOOD), await save("2-works", GOOD)];
    const before = await readFile(paths[0]!, "utf8");
    const run = await runNotebooks(paths, { outFolder: join(folder, "out") });
    assert.deepEqual([run.status, ...run.steps.map(({ status }) => status)], ["ok", "ok", "ok"]);
    assert.equal(countHeld(run.steps.flatMap(({ cells }) => cells.flatMap(({ claims }) => claims))), 2);
    const { cells } = await readNotebook(join(folder, "out", "2-works.ipynb"));
    assert.deepEqual(
      cells.filter(isCode).map(({ outputs }) => outputs),
      [[], [{ output_type: "stream", name: "stdout", text: "done\n" }]],
    );
    assert.equal(await readFile(paths[0]!, "utf8"), before);
  });

  it("saves the executed notebooks of two notebooks with one name under two names", async () => {
    await mkdir(join(folder, "b"));
    const paths = [await save("shop", GOOD), await save("b/shop", GOOD)];
    const run = await runNotebooks(paths, { outFolder: join(folder, "out") });
    assert.deepEqual(
      run.steps.map(({ notebook, status }) => [notebook.name, status]),
      [
        ["shop", "ok"],
        ["shop-2", "ok"],
      ],
    );
    assert.deepEqual((await readdir(join(folder, "out"))).sort(), ["shop-2.ipynb", "shop.ipynb"]);
  });

  it("refuses a notebook without cells, and notebooks without code", async () => {
    const empty = join(folder, "empty.ipynb");
    await writeNotebook(empty, { name: "empty", cells: [] });
    const run = (path: string) => runNotebooks([path], { outFolder: folder });
    await assert.rejects(run(empty), { message: "notebook empty: expected cells, got none" });
    const text = await save("text", "// %% [markdown]\n// # A text\n");
    await assert.rejects(run(text), { message: "notebook text: expected a cell with code, got none" });
  });

  it("stops at the first cell that fails; the report shows the error and the cells that did not run", async () => {
    const failing = join(folder, "2-fails.ipynb");
    await writeNotebook(failing, FAILING);
    const paths = [await save("1-works", GOOD), failing, await save("3-works", GOOD)];
    const events: string[] = [];
    const run = await runNotebooks(paths, {
      outFolder: join(folder, "out"),
      onProgress: ({ event, step, cell }) => {
        if (event === "end") events.push(`${step.notebook.name} ${cell.number} ${cell.status}`);
      },
    });
    assert.equal(run.status, "failed");
    assert.deepEqual(events, ["1-works 1 ok", "1-works 2 ok", "2-fails 1 ok", "2-fails 2 failed"]);
    assert.deepEqual(
      run.steps.map(({ status }) => status),
      ["ok", "failed", "not run"],
    );
    const html = await renderReport(run, { title: "T", facts: [] });
    assert.match(
      html,
      /Failed in <a href="#2-fails-cell-2">2-fails, cell 2<\/a>.*RangeError: expected 110 swords, got 109/,
    );
    assert.match(html, /<div class="cell not-run" id="2-fails-cell-3">/);
    const { cells } = await readNotebook(join(folder, "out", "2-fails.ipynb"));
    assert.equal(cells.filter(isCode)[1]?.outputs.filter(isError)[0]?.evalue, "expected 110 swords, got 109");
  });

  it("fills the text with values of the cells, each at its place", async () => {
    const text =
      '// %% [markdown]\n// # Shop of {{ city }}\n// %%\nlet total = 1_110;\nconst city = "[ny](x)";\n' +
      "// %% [markdown]\n// {{ total }} rows, {{ Math.round(total / 7) }}, {{ 10n ** 6n }}\n" +
      "// %%\ntotal = 2;\nconst ok = total > 1;\n// %% [markdown]\n// {{ total }} rows, {{ ok }}\n";
    const run = await runNotebooks([await save("1-bound", text)], { outFolder: join(folder, "out") });
    assert.equal(run.status, "ok");
    const texts = run.steps[0]!.notebook.cells.filter(isMarkdown).map(({ source }) => source);
    assert.deepEqual(texts, ["# Shop of \\[ny\\](x)", "1,110 rows, 159, 1,000,000", "2 rows, true"]);
    assert.equal(run.steps[0]!.title, "Shop of [ny](x)");
    assert.match(await renderReport(run, { title: "T", facts: [] }), /<p>2 rows, true<\/p>/);
  });

  it("writes a value that comes later at its place, before one that comes earlier", async () => {
    const text =
      "// %%\nconst early = 1;\n// %% [markdown]\n// {{ late }}, then {{ early }} and {{ early }}\n" +
      "// %%\nconst late = 2n ** 70n;\n";
    const run = await runNotebooks([await save("1-bound", text)], { outFolder: join(folder, "out") });
    const [cell] = run.steps[0]!.notebook.cells.filter(isMarkdown);
    assert.equal(cell!.source, "1,180,591,620,717,411,303,424, then 1 and 1");
    assert.deepEqual(resultsOf(run, "T").results, [
      { name: "early", kind: "number", notebook: "1-bound", cell: 1, value: 1 },
      { name: "late", kind: "number", notebook: "1-bound", cell: 2, value: "1180591620717411303424" },
    ]);
    await failIf(run, [parseCondition("early > 0")], join(folder, "out"));
    assert.deepEqual(
      run.steps[0]!.cells.map(({ status }) => status),
      ["failed", "ok"],
    );
  });

  it("marks a value as not known that a failed cell leaves out, also in the contents", async () => {
    const text =
      "// %% [markdown]\n// # Shop {{ late }}\n// %%\nconst early = 1;\n// %% [markdown]\n" +
      '// {{ late }}, then {{ early }}\n// %%\nconst late = 2;\nthrow new Error("no");\n';
    const run = await runNotebooks([await save("1-bound", text), await save("2-works", GOOD)], {
      outFolder: join(folder, "out"),
    });
    const html = await renderReport(run, { title: "T", facts: [] });
    assert.match(html, /<a href="#1-bound">Shop \(not known: cell 2 failed\)<\/a>/);
    assert.match(html, /<em>\(not known: cell 2 failed\)<\/em>, then/);
    assert.equal(resultsOf(run, "T").notebooks[0]!.title, "Shop (not known: cell 2 failed)");
    assert.doesNotMatch(html.replaceAll(/<style>.*?<\/style>/gs, ""), /\{\{ /);
  });

  it("an executed notebook runs again with the text of its author", async () => {
    const text = "// %%\nconst n = 7;\n// %% [markdown]\n// {{ n }} rows\n";
    const out = join(folder, "out");
    await runNotebooks([await save("1-again", text)], { outFolder: out });
    const executed = join(out, "1-again.ipynb");
    await writeFile(executed, (await readFile(executed, "utf8")).replace("const n = 7", "const n = 8"));
    const run = await runNotebooks([executed], { outFolder: join(folder, "out2") });
    assert.equal(run.steps[0]!.notebook.cells.filter(isMarkdown)[0]!.source, "8 rows");
    assert.deepEqual(
      resultsOf(run, "T").results.map(({ name, value }) => [name, value]),
      [["n", 8]],
    );
  });

  it("fails a notebook whose text has no value, and names the text", async () => {
    for (const [expression, got] of [
      ["row.n", "expected a value, got undefined"],
      ["row.a.b", "expected a value, got TypeError: Cannot read properties of undefined (reading 'b')"],
      ["Promise.resolve(1)", "expected a value, got Promise { 1 }"],
    ]) {
      const text = `// %%\nconst row = {} as any;\n// %% [markdown]\n// It has {{ ${expression} }}.\n// %%\n1;\n`;
      const { status, steps } = await runNotebooks([await save("1-bound", text)], { outFolder: folder });
      assert.equal(status, "failed");
      const error = steps[0]!.cells[0]!.cell.outputs.find(isError);
      assert.equal(error?.evalue, `text above cell 2: {{ ${expression} }}: ${got}`);
    }
  });

  it("refuses a text with an unknown name before anything runs", async () => {
    const path = await save("1-bound", "// %% [markdown]\n// {{ totl }}\n// %%\nconst total = 1;\n");
    await assert.rejects(runNotebooks([path], { outFolder: folder }), /the nearest name is total$/);
  });

  it("counts typed numbers by cell; a strict run refuses them before anything runs", async () => {
    const say = "const say = (parts: TemplateStringsArray, n: number) => console.log(parts.join(String(n)));";
    const cells = (text: string, sentence: string) =>
      `// %% [markdown]\n// ${text}\n// %%\nconst rows = "x".repeat(110).length;\n${say}\n` +
      `// %%\nsay\`${sentence}\`;\n// %%\n"innocent";\n`;
    const typed = async (text: string, sentence: string) => {
      const path = await save("1-typed", cells(text, sentence));
      const { status, steps } = await runNotebooks([path], { outFolder: folder });
      assert.equal(status, "ok");
      await assert.rejects(runNotebooks([path], { outFolder: folder, isStrict: true }), /in the query:\n/);
      return steps[0]!.typed.map(({ place, numbers }) => `${place}: ${numbers.join(", ")}`);
    };
    assert.deepEqual(await typed("111 rows.", "**120** of ${rows} rows"), [
      "text above cell 1: 111",
      "cell 2: 120",
    ]);
    assert.deepEqual(await typed("A hundred, 15 %.", "**${rows}** rows, twice as many"), [
      "text above cell 1: 15, hundred",
      "cell 2: twice",
    ]);
    const own = await save("2-own", cells("Top 10 items of 2026, goal 7,500.", "**${rows}** rows"));
    const run = await runNotebooks([own], { outFolder: folder, isStrict: true });
    assert.deepEqual([run.status, run.steps[0]!.typed], ["ok", []]);
  });

  it("a strict run fails for an output that the page does not show; another run counts it", async () => {
    const raw = (data: string) => `require("tslab").display.raw(${data});\n"shown too";\n`;
    const OUTPUTS: [data: string, problem: RegExp | null][] = [
      ['"application/vnd.plotly.v1+json", "{}"', /^an output is not shown, .* application\/vnd\.plotly/],
      ['"text/html", "<p>a</p><script>1</script>"', /^an output is not shown, or not whole: .*script/],
      ['"image/png", "no picture"', /^an output is not shown, or not whole: .*/],
      ['"text/html", "<p>a</p>"', null],
      ['"text/plain", "x"', null],
    ];
    for (const [data, problem] of OUTPUTS) {
      const path = await save("1-raw", `// %%\n${raw(data)}`);
      const run = await runNotebooks([path], { outFolder: folder });
      const line = "1 output is not shown, or not whole: 1-raw, cell 1";
      assert.deepEqual([run.status, unshownLines(run)], ["ok", problem === null ? [] : [line]], data);
      const strict = await runNotebooks([path], { outFolder: folder, isStrict: true });
      assert.equal(strict.status, problem === null ? "ok" : "failed", data);
      const error = strict.steps[0]!.cells[0]!.cell.outputs.find(isError);
      if (problem !== null) assert.match(error!.evalue, problem);
    }
  });

  it("a strict run keeps an output that a file has whole", async () => {
    const path = await save("1-long", "// %%\nfor (let i = 0; i < 100_000; i++) console.log(i);\n");
    const run = await runNotebooks([path], { outFolder: folder, isStrict: true });
    assert.equal(run.status, "ok");
  });

  it("fails a cell with a rejection that no code awaits", async () => {
    const path = await save(
      "1-lost",
      '// %%\nPromise.reject(new Error("lost"));\nawait new Promise((r) => setTimeout(r, 50));\n',
    );
    const run = await runNotebooks([path], { outFolder: folder });
    assert.equal(run.status, "failed");
  });

  it("fails the last cell by a rejection that comes after its end", async () => {
    const text = '// %%\nsetTimeout(() => void Promise.reject(new RangeError("late")), 50);\nconst a = 1;\n';
    const run = await runNotebooks([await save("1-late", text)], { outFolder: folder });
    assert.equal(run.status, "failed");
    const error = run.steps[0]!.cells[0]!.cell.outputs.at(-1)!;
    assert.deepEqual([error.ename, error.evalue], ["RangeError", "late"]);
  });

  it("keeps the first and the last part of a flood, says how much it leaves out, and runs the next cell", async () => {
    const loop = "for (let i = 0; i < 100_000; i++) console.log(`line ${i}`);\n";
    const late =
      'require("node:stream").Readable.from(["last words\\n"]).pipe(process.stdout);\nconst a = 1;\n';
    const path = await save("1-burst", `// %%\n${loop}// %%\n${late}`);
    const notes: string[] = [];
    const run = await runNotebooks([path], {
      outFolder: folder,
      cellTimeoutMs: 20_000,
      onProgress: ({ event, text }) => {
        if (event === "note") notes.push(text!);
      },
    });
    assert.equal(run.status, "ok");
    const [burst, next] = run.steps[0]!.cells.map(({ cell }) => cell.outputs);
    const all = await readFile(join(folder, "1-burst-cell-1.txt"), "utf8");
    assert.equal(all, Array.from({ length: 100_000 }, (_, i) => `line ${i}\n`).join(""));
    const [first, , last] = burst!.map(({ text }) => text as string);
    const chars = all.length - first!.length - last!.length;
    const left = `${(100_000 - (first! + last!).split("\n").length + 1).toLocaleString("en-US")} lines`;
    const note = `left out: ${left}, ${chars.toLocaleString("en-US")} characters; 1-burst-cell-1.txt has all of it`;
    assert.deepEqual(notes, [note]);
    assert.ok(all.startsWith(first!) && all.endsWith(last!));
    assert.equal(next![0]!.text, "last words\n");
    const html = await renderReport(run, { title: "T", facts: [] });
    assert.match(html, /left out: [^<]*<a href="1-burst-cell-1.txt">1-burst-cell-1.txt<\/a> has all of it/);
  });

  it("runs a notebook from elsewhere: byte order mark, CRLF, no ids, raw cell, attachment, old outputs", async () => {
    const attachments = { "p.png": { "image/png": "iVBORw0KGgo=" } };
    const content = {
      nbformat: 4,
      nbformat_minor: 2,
      metadata: { kernelspec: { name: "deno", language: "typescript" }, authors: [{ name: "A" }] },
      cells: [
        { cell_type: "raw", metadata: {}, source: "not code, {" },
        {
          cell_type: "markdown",
          metadata: {},
          source: ["# T\r\n", "\r\n", "![p](attachment:p.png)"],
          attachments,
        },
        {
          cell_type: "code",
          metadata: { collapsed: false },
          execution_count: 7,
          source: "const a = 1;\r\na + 1;",
          outputs: [
            {
              output_type: "execute_result",
              execution_count: 7,
              metadata: {},
              data: { "text/plain": "old" },
            },
          ],
        },
      ],
    };
    const path = join(folder, "elsewhere.ipynb");
    await writeFile(path, `\uFEFF${JSON.stringify(content, null, 1).replaceAll("\n", "\r\n")}`);
    const run = await runNotebooks([path], { outFolder: join(folder, "out") });
    assert.equal(run.status, "ok");
    assert.deepEqual(
      run.steps[0]!.cells.map(({ cell }) => cell.outputs),
      [[{ output_type: "stream", name: "stdout", text: "2\n" }]],
    );
    const executed = await readFile(join(folder, "out", "elsewhere.ipynb"), "utf8");
    assert.deepEqual((JSON.parse(executed) as typeof content).cells[1]!.attachments, attachments);
    const html = await renderReport(run, { title: "T", facts: [] });
    assert.match(html, /<img src="data:image\/png;base64,iVBORw0KGgo="/);
    assert.doesNotMatch(html, /not code/);
  });

  it("fails a cell by a lost rejection whose text comes after a burst of outputs", async () => {
    const text =
      '// %%\nvoid Promise.reject(new Error("lost"));\nfor (let i = 0; i < 3_000; i++) console.log(i);\n' +
      "await new Promise((resolve) => setTimeout(resolve, 50));\n";
    const run = await runNotebooks([await save("1-lost", text)], {
      outFolder: folder,
      cellTimeoutMs: 20_000,
    });
    assert.equal(run.steps[0]!.cells[0]!.cell.outputs.find(isError)?.evalue, "lost");
  });

  it("fails a cell by an output above the limit of a message", async () => {
    const show = 'require("tslab").display.html("x".repeat(17 * 1024 * 1024));';
    const text = `// %%\n${show}\nconsole.log("after");\n`;
    const run = await runNotebooks([await save("1-long", text)], {
      outFolder: folder,
      cellTimeoutMs: 20_000,
    });
    const { outputs } = run.steps[0]!.cells[0]!.cell;
    assert.equal(outputs[0]?.text, "after\n");
    assert.match(
      outputs.find(isError)!.evalue,
      /^output: expected at most 16777216 bytes at once, got 178258\d\d/,
    );
  });

  it("fails a cell that takes too long", async () => {
    const path = await save("1-slow", "// %%\nawait new Promise(() => {});\n");
    const run = await runNotebooks([path], { outFolder: folder, cellTimeoutMs: 300 });
    const [error] = run.steps[0]!.cells[0]!.cell.outputs;
    assert.equal(
      error?.evalue,
      "the cell did not end within 0.3 s; --cell-timeout SECONDS sets another limit",
    );
  });

  it("ends at an abort, and saves the notebooks so far", async () => {
    const path = await save(
      "1-slow",
      '// %%\nconsole.log("begun");\nawait new Promise(() => {});\n// %%\n1;\n',
    );
    const next = await save("2-works", GOOD);
    const abort = new AbortController();
    const run = await runNotebooks([path, next], {
      outFolder: join(folder, "out"),
      signal: abort.signal,
      onProgress: ({ event }) => (event === "output" ? abort.abort() : undefined),
    });
    assert.equal(run.status, "interrupted");
    assert.deepEqual(
      run.steps.flatMap(({ cells }) => cells.map(({ status }) => status)),
      ["failed", "not run", "not run", "not run"],
    );
    const { cells } = await readNotebook(join(folder, "out", "1-slow.ipynb"));
    assert.deepEqual(
      cells.filter(isCode)[0]?.outputs.map(({ text, evalue }) => text ?? evalue),
      ["begun\n", "interrupted"],
    );
  });

  it("refuses a file that is not a notebook before anything runs", async () => {
    await assert.rejects(runNotebooks([join(folder, "none.ipynb")], { outFolder: folder }), {
      code: "ENOENT",
    });
  });
});

describe("showProgress(terminal)", () => {
  it("writes a line for each cell; on a terminal it rewrites one line", () => {
    const step = {
      notebook: { name: "1-x", cells: [] },
      title: "",
      status: "ok" as const,
      seconds: 3,
      cells: [],
      typed: [],
    };
    const cell = { number: 1, cell: {} as never, status: "failed" as const, seconds: 1.25, claims: [] };
    const written = (isTTY: boolean): string => {
      let out = "";
      const { onProgress, stop } = showProgress({ isTTY, columns: 60, write: (text) => (out += text) });
      for (const event of ["cell", "output", "end"] as const)
        onProgress({ event, step, cell, text: "a\nlast\n" });
      stop();
      return out;
    };
    assert.equal(written(false), "1-x          cell 1 of 0  1.3 s  failed\n");
    const live = written(true).split("\r\u001b[2K");
    assert.match(live[1] ?? "", /^1-x +cell 1 of 0 {2}0\.0 s$/);
    assert.match(live[2] ?? "", /^1-x .* failed\n$/);
  });
});

describe("formatSeconds(seconds)", () => {
  it("changes to minutes without showing 60 seconds", () => {
    assert.deepEqual([0.04, 59.94, 59.96, 98.2, 119.6].map(formatSeconds), [
      "0.0 s",
      "59.9 s",
      "1 min 0 s",
      "1 min 38 s",
      "2 min 0 s",
    ]);
  });
});
