// Cells in the real kernel; they need no services.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { countHeld } from "./claims.ts";
import { renderReport } from "./html.ts";
import { isError } from "./outputs.ts";
import { summarize, summaryLines } from "./summary.ts";
import { writeNotebook } from "./notebook.ts";
import { textToNotebook } from "../testbed/notebook-text.ts";
import { runNotebooks, type StepRun } from "./run.ts";

const IMPORT = 'import assert from "node:assert/strict";';

describe("claims of a notebook", function () {
  this.timeout(60_000);
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "questlog-claims-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function run(...cells: string[]) {
    const path = join(folder, "1-claims.ipynb");
    const text = cells.map((cell) => `// %%\n${cell}\n`).join("");
    await writeNotebook(path, textToNotebook(text, "1-claims"));
    const run = await runNotebooks([path], { outFolder: folder });
    return { run, step: run.steps[0]!, html: await renderReport(run, { title: "T", facts: [] }) };
  }

  const textsOf = ({ cells }: StepRun) => cells.map(({ claims }) => claims.map(({ text }) => text));
  const heldIn = ({ cells }: StepRun) => cells.map(({ claims }) => countHeld(claims));

  it("counts assertions that ran, and no text that looks like one", async () => {
    const { run: whole, step } = await run(
      IMPORT,
      '"assert.ok(true)"; // assert.ok(true)',
      "for (const n of [] as number[]) assert.equal(n, 1);",
      "if (1 > 2) assert.ok(true);",
      "for (const n of [1, 1, 1]) assert.equal(n, 1);",
      "for (let i = 0; i < 2_000; i++) assert.ok(i >= 0);",
    );
    assert.equal(step.status, "ok");
    assert.deepEqual(heldIn(step), [0, 0, 0, 0, 3, 2_000]);
    assert.match(summarize(whole).text, /^All 6 cells ran, 2003 claims held/);
  });

  it("finds the text of each call in the cell, for every form of call", async () => {
    const { step } = await run(
      `${IMPORT}\nassert(1 < 2);`,
      'import { ok, strict } from "node:assert";\nok("x" as string);\nstrict.deepEqual({ a: 1 }, {\n  a: 1,\n});',
      "interface Row { n: number }\n// assert.ok(false)\nconst rows = [{ n: 1 }] as Row[];\n" +
        "rows.forEach(({ n }): void => assert.ok(n > 0));\nassert.ok(rows.length satisfies number);",
      'await assert.rejects(Promise.reject(new Error("away")), /away/);\nassert.throws(() => assert.equal(1, 2));',
    );
    assert.equal(step.status, "ok");
    assert.deepEqual(textsOf(step), [
      ["assert(1 < 2)"],
      ['ok("x" as string)', "strict.deepEqual({ a: 1 }, { a: 1, })"],
      ["assert.ok(n > 0)", "assert.ok(rows.length satisfies number)"],
      [
        'assert.rejects(Promise.reject(new Error("away")), /away/)',
        "assert.throws(() => assert.equal(1, 2))",
      ],
    ]);
  });

  it("shows a claim of another cell's function with its text, and names that cell", async () => {
    const { step, html } = await run(
      `${IMPORT}\n// a cell without code follows`,
      "// no code",
      "function check(x: number) { assert.equal(x, 7); }",
      "const total = 220;\ncheck(7);\nassert.equal(total, 220);",
      "try { check(8); } catch {}",
    );
    assert.deepEqual(textsOf(step).slice(3), [
      ["assert.equal(x, 7)", "assert.equal(total, 220)"],
      ["assert.equal(x, 7)"],
    ]);
    assert.match(html, /<code>assert\.equal\(x, 7\)<\/code> <span class="times">of cell 3<\/span>.*both 7</);
    assert.match(html, /<code>assert\.equal\(total, 220\)<\/code> <span class="values">both 220</);
    const error = step.cells.at(-1)!.cell.outputs.at(-1)!;
    assert.equal(error.evalue, "a claim does not hold: assert.equal(x, 7) of cell 3: expected 7, got 8");
  });

  it("shows each claim with its values", async () => {
    const { html } = await run(IMPORT, "const swords = 60;", "assert.equal(swords, 60);");
    assert.match(html, /<code>assert\.equal\(swords, 60\)<\/code> <span class="values">both 60<\/span>/);
  });

  it("shows equal objects as equal, in any order of their fields", async () => {
    const { html } = await run(IMPORT, "assert.deepEqual({ ny: 60, cali: 50 }, { cali: 50, ny: 60 });");
    assert.match(html, /<span class="values">both \{ cali: 50, ny: 60 \}<\/span>/);
  });

  it("fails with the text, the values and the cause of a claim that does not hold", async () => {
    const { run: whole, html } = await run(
      IMPORT,
      'const swords = 59;\nassert.equal(swords, 60, "one is lost");',
    );
    assert.match(
      summarize(whole).text,
      /: assert\.equal\(swords, 60, "one is lost"\): expected 60, got 59; one is lost\.$/,
    );
    assert.match(html, /<li class="unheld">.*expected 60, got 59; one is lost/);
  });

  const rows = "Array.from({ length: 12 }, (_, i) => ({ region: `<r${i}>`, n: i }))";
  for (const [what, call] of [
    ["strict", `assert.deepEqual(rows, others)`],
    ["with a message", `assert.deepEqual(rows, others, "rows differ")`],
    ["loose", `require("node:assert").deepEqual(rows, others)`],
  ] as const)
    it(`shows the lines by which large values differ: ${what}`, async () => {
      const { run: whole, html } = await run(
        IMPORT,
        `const rows = ${rows};\nconst others = rows.map((row) => (row.n === 7 ? { ...row, n: 0 } : row));\n${call};`,
      );
      const [difference] = /<pre class="difference"[^>]*>([^<]*)<\/pre>/s.exec(html)?.slice(1) ?? [];
      assert.match(difference!, /^\+ +n: 7,$\n^- +n: 0,$/m);
      assert.match(difference!, /&#60;r7&#62;/);
      const error = whole.steps[0]!.cells.at(-1)!.cell.outputs.find(isError)!;
      if (what === "strict") assert.match(error.evalue, /^\+ +n: 7,$/m);
      const lines = summaryLines(whole).map((line) => line.trim());
      assert.ok(
        lines.some((line) => /^\+ +n: 7,$/.test(line)),
        lines.join("\n"),
      );
      assert.equal(lines.includes("rows differ"), what === "with a message");
    });

  it("shows small values that differ in one line", async () => {
    const { html } = await run(IMPORT, "assert.deepEqual([1], [2]);");
    assert.match(html, /expected \[2\], got \[1\]|expected \[ 2 \], got \[ 1 \]/);
    assert.doesNotMatch(html, /<pre class="difference"/);
  });

  it("fails a cell that does not await a claim, also the last one", async () => {
    const { step, html } = await run(
      `${IMPORT}\nconst later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));`,
      "assert.rejects(later(1_500));\n1;",
    );
    assert.equal(step.status, "failed");
    assert.match(
      step.cells[1]!.cell.outputs.at(-1)!.evalue as string,
      /^a claim is not awaited: assert\.rejects/,
    );
    assert.match(html, /<li class="unheld"><code>assert\.rejects.*not awaited/);
  });

  it("fails the last cell by a claim in a function that nothing awaits", async () => {
    const { step } = await run(
      IMPORT,
      "void (async () => {\n  await new Promise((resolve) => setTimeout(resolve, 20));\n  assert.equal(219, 220);\n})();",
    );
    assert.equal(step.status, "failed");
    assert.deepEqual(step.cells[1]!.claims[0]?.failed, 1);
  });

  it("shows values that cannot be shown as such, and the claim holds", async () => {
    const { step, html } = await run(
      IMPORT,
      'const inspect = Symbol.for("nodejs.util.inspect.custom");\n' +
        'const odd = { [inspect]() { throw new Error("no view"); } };\nassert.ok(odd);',
      "let views = 0;\nconst seen = { [inspect]: () => String(++views) };\n" +
        "for (let i = 0; i < 100; i++) assert.ok(seen);\nconsole.log(views);",
    );
    assert.equal(step.status, "ok");
    assert.match(html, /<code>assert\.ok\(odd\)<\/code> <span class="values">\(cannot be shown\)/);
    assert.deepEqual(step.cells[2]!.cell.outputs[0]?.text, "4\n");
  });

  it("fails a cell that catches the error of its claim", async () => {
    const { step, run: whole } = await run(IMPORT, "try { assert.ok([1, 2].length > 2); } catch {}");
    assert.equal(step.status, "failed");
    assert.match(summarize(whole).text, /assert\.ok\(\[1, 2\]\.length > 2\): expected true, got false\.$/);
  });

  it("escapes the values of a claim, which may come from players", async () => {
    const { html } = await run(IMPORT, 'const sent = "<img src=x>\\u202e";\nassert.equal(sent, sent);');
    assert.doesNotMatch(html, /<img|\u202e/);
    assert.match(html, /&#60;img src=x&#62;\\u\{202e\}/);
  });
});
