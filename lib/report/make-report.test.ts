// The command, as its user starts it, on notebooks that need no services; ports and folders of its
// own.
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { $ } from "zx";
import { DEFAULT_PORTS, portVariable, settings } from "../settings.ts";
import { textToNotebook } from "../testbed/notebook-text.ts";
import { formatNotebook } from "./notebook.ts";
import { canMakePdf } from "./pdf.ts";

const FIRST_PORT = 23_400; // nothing listens there: the notebooks need no service

describe("npm run report", function () {
  this.timeout(180_000);
  let folder: string;
  let out: string;
  let env: NodeJS.ProcessEnv;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "questlog-make-"));
    out = join(folder, "out");
    env = { ...process.env, QUESTLOG_HOME: folder, QUESTLOG_OUT: out, INIT_CWD: folder };
    env.QUESTLOG_HISTORY = join(folder, "history.jsonl");
    for (const [i, name] of Object.keys(DEFAULT_PORTS).entries())
      env[portVariable(name)] = String(FIRST_PORT + i);
  });
  after(() => rmSync(folder, { recursive: true }));

  const save = (lost: number, code = ""): void => {
    const text = `// %% [markdown]\n// # Shop\n// %%\nimport { say } from "questlog";\nconst lost = ${lost};\n// %%\nsay\`**\${lost}** lost\`;\n${code}`;
    writeFileSync(join(folder, "shop.ipynb"), formatNotebook(textToNotebook(text, "shop")));
  };
  const report = (...args: string[]) => reportOf(join(folder, "shop.ipynb"), ...args);
  const reportOf = async (...args: string[]) => {
    const node = $({ cwd: settings.root, env, quiet: true, nothrow: true });
    const { exitCode, stdout, stderr } = await node`${process.execPath} scripts/report.ts ${args}`;
    return { exitCode, text: stdout + stderr };
  };
  const results = (path: string) =>
    (
      JSON.parse(readFileSync(join(path, "results.json"), "utf8")) as {
        results: { name: string; value: number }[];
      }
    ).results;

  it("writes results.json beside the report", async () => {
    save(0);
    const { exitCode, text } = await report();
    assert.equal(exitCode, 0, text);
    assert.deepEqual(
      results(out).map(({ name, value }) => [name, value]),
      [["lost", 0]],
    );
    for (const name of ["report.html", "report.json", "shop.ipynb"])
      assert.ok(existsSync(join(out, name)), name);
    assert.equal(existsSync(join(out, "failed")), false);
  });

  it("--pdf is named beside the page; the next run without it leaves no old PDF", async function () {
    if (!(await canMakePdf())) this.skip();
    const { exitCode, text } = await report("--pdf");
    assert.equal(exitCode, 0, text);
    assert.match(text, /out\/report\.html\n.*out\/report\.pdf\n$/);
    assert.ok(existsSync(join(out, "report.pdf")));
    assert.equal((await report()).exitCode, 0);
    assert.equal(existsSync(join(out, "report.pdf")), false);
  });

  it("a failed run leaves the last good report as it is, and says so", async () => {
    const good = readFileSync(join(out, "report.html"), "utf8");
    save(0, 'throw new RangeError("too many");\n');
    const { exitCode, text } = await report();
    assert.equal(exitCode, 1);
    assert.match(text, /out\/failed\/report\.html\nthe last good report stays: .*out\/report\.html\n$/);
    assert.equal(readFileSync(join(out, "report.html"), "utf8"), good);
    assert.match(readFileSync(join(out, "failed", "report.html"), "utf8"), /RangeError: too many/);
  });

  it("--fail-if fails the run by a number of its results, and by a name that no result has", async () => {
    save(3);
    const { exitCode, text } = await report("--fail-if", "lost > 0", "--fail-if", "lots > 0");
    assert.equal(exitCode, 1);
    assert.match(text, /Failed in shop, cell 2.*\n.*--fail-if "lost > 0": lost is 3/);
    assert.match(text, /^--fail-if "lots > 0" names no result with a number; the nearest name is "lost"$/m);
    assert.match(readFileSync(join(out, "failed", "report.html"), "utf8"), /nearest name is .{1,6}lost/);
    assert.deepEqual(await report("--fail-if", "lost").then(({ exitCode: code }) => code), 2);
  });

  it("--junit and GitHub's annotations name the claim that failed; --only-failed runs its notebook", async () => {
    save(3, 'import assert from "node:assert/strict";\nassert.equal(lost, 4);\n');
    env.GITHUB_ACTIONS = "true";
    const { exitCode, text } = await report("--junit", "claims.xml");
    delete env.GITHUB_ACTIONS;
    assert.equal(exitCode, 1);
    assert.match(text, /^::error file=.*shop\.ipynb,title=cell 2%3A assert\.equal.*::expected 4, got 3$/m);
    assert.match(readFileSync(join(folder, "claims.xml"), "utf8"), /<failure message="expected 4, got 3">/);
    save(4, 'import assert from "node:assert/strict";\nassert.equal(lost, 4);\n');
    writeFileSync(join(folder, "other.md"), "# Other\n\n```ts\n1;\n```\n");
    const other = await reportOf(join(folder, "other.md"), "--only-failed");
    assert.match(
      other.text,
      /^report: expected shop, which failed, among the notebooks, got other; without names, npm run report -- --only-failed takes the notebooks of the failed run$/m,
    );
    const unnamed = await reportOf("--only-failed"); // of the failed run, not the project's own
    assert.equal(unnamed.exitCode, 0, unnamed.text);
    const again = await report("--resume");
    assert.equal(again.exitCode, 1);
    assert.match(again.text, /^report: the last run did not fail: there is no .*failed\/results\.json$/m);
  });

  it("--junit tells of a run that is refused before its first cell, instead of the run before", async () => {
    save(4, "say`All 220 rows`;\n");
    assert.equal((await report("--junit", "claims.xml")).exitCode, 0);
    const xml = () => readFileSync(join(folder, "claims.xml"), "utf8");
    assert.match(xml(), /tests="2" failures="0"/);
    for (const [args, reason] of [
      [
        ["--strict"],
        /tests="1" failures="1"[^]*<failure message="notebook shop: expected numbers from results[^]*cell 2: 4 [^]*220/,
      ],
      [["--set", "n=1"], /<failure message="--set: expected the name of a parameter/],
      [["--fail-if", "lost"], /<failure message="--fail-if: /],
      [["nothing-there"], /<failure message="[^"]*nothing-there/],
    ] as const) {
      assert.notEqual((await report("--junit", "claims.xml", ...args)).exitCode, 0);
      assert.match(xml(), reason);
    }
  });

  it("--out makes a folder for the run, and an index page of all runs", async () => {
    save(2);
    assert.equal((await report()).exitCode, 0);
    save(3);
    const { exitCode, text } = await report("--out", "archive/{day}/{time}");
    assert.equal(exitCode, 0, text);
    const [day] = readdirSync(join(folder, "archive")).filter((name) => name !== "index.html");
    const [time] = readdirSync(join(folder, "archive", day!));
    assert.deepEqual(
      [results(join(folder, "archive", day!, time!))[0]!.value, results(out)[0]!.value],
      [3, 2],
    );
    assert.match(
      readFileSync(join(folder, "archive", "index.html"), "utf8"),
      new RegExp(`${day}/${time}/report.html`),
    );
    save(5);
    assert.equal((await report("--out", "archive/{day}/{time}")).exitCode, 0);
    const newest = readdirSync(join(folder, "archive", day!))
      .sort()
      .at(-1)!;
    assert.match(
      readFileSync(join(folder, "archive", day!, newest, "report.html"), "utf8"),
      /<dt>lost<\/dt><dd>3 → 5: \+2 \(\+67%\)<\/dd>/,
    );
  });
});
