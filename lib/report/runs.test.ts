import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser } from "playwright-core";
import { openBrowser } from "../testbed/browser.ts";
import { folderOfRun, folderOfRuns } from "./run-folder.ts";
import { runBefore, runsIn, writeIndex } from "./runs.ts";

describe("folderOfRun(pattern, now) and folderOfRuns(pattern)", () => {
  const now = new Date("2026-11-27T23:59:58.500Z");
  for (const [pattern, folder, runs] of [
    ["archive/{day}", "archive/2026-11-27", "archive"],
    ["archive/{day}/{time}", "archive/2026-11-27/23-59-58", "archive"],
    ["/a/run-{day}-{time}", "/a/run-2026-11-27-23-59-58", "/a"],
    ["{day}", "2026-11-27", "."],
    ["archive", "archive", null],
  ] as const)
    it(`${pattern} is ${folder}, in ${runs}`, () => {
      assert.deepEqual([folderOfRun(pattern, now), folderOfRuns(pattern)], [folder, runs]);
    });

  for (const [pattern, wrong] of [
    ["a/{week}", "{week}"],
    ["a/{day", "{day"],
  ] as const)
    it(`refuses ${pattern}`, () => {
      const message = `--out: expected {day} or {time}, got ${wrong}`;
      assert.throws(() => folderOfRun(pattern, now), { name: "UsageError", message });
    });
});

describe("the index page in Chromium", function () {
  this.timeout(60_000);
  let folder: string;
  let browser: Browser | null;
  before(async function () {
    browser = await openBrowser();
    if (!browser) return this.skip();
    folder = mkdtempSync(join(tmpdir(), "questlog-index-"));
    for (const day of ["2026-11-25", "2026-11-26"]) {
      mkdirSync(join(folder, day));
      const names = ["1-services", "2-requests", "3-stream", "4-tables", "5-report", "x".repeat(60)];
      const results = {
        ...{ version: 1, status: "ok", started_at: `${day}T10:00:00.000Z`, seconds: 754.2, claims: [] },
        title: `Swords that players of the northern kingdom bought ${"y".repeat(60)}`,
        notebooks: names.map((name) => ({ name, title: name, status: "ok", seconds: 2 })),
        results: [{ name: "lost", kind: "number", notebook: "1-services", cell: 1, value: 1 }],
      };
      writeFileSync(join(folder, day, "results.json"), JSON.stringify(results));
    }
    await writeIndex(folder);
  });
  after(async () => {
    await browser?.close();
    if (folder) rmSync(folder, { recursive: true });
  });

  for (const [media, width] of [
    ["screen", 1280],
    ["screen", 1000],
    ["screen", 768],
    ["screen", 390],
    ["print", 658], // A4 without its margins
    ["print", 794],
  ] as const) {
    it(`has its last column whole at ${width} px, on ${media}`, async () => {
      const page = await browser!.newPage({ viewport: { width, height: 900 } });
      await page.emulateMedia({ media });
      await page.goto(pathToFileURL(join(folder, "index.html")).href);
      const ends = await page.evaluate<[number, number, number]>(`(() => {
        const box = document.querySelector(".scroll");
        const cells = [...document.querySelectorAll("td:last-child")].map((td) => td.getBoundingClientRect().right);
        return [Math.max(...cells), box.getBoundingClientRect().right, box.scrollWidth - box.clientWidth];
      })()`);
      assert.ok(ends[0] <= ends[1] + 1 && ends[2] <= 0, ends.join());
      await page.close();
    });
  }
});

describe("runsIn(folder)", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "questlog-runs-"));
    const save = (name: string, started_at: string, status: string, notebook: string, lost: number): void => {
      mkdirSync(join(folder, name), { recursive: true });
      const results = {
        ...{ version: 1, title: `<b>${name}`, status, started_at, seconds: 2, claims: [] },
        notebooks: [{ name: notebook, title: notebook, status, seconds: 2 }],
        parameters: { [notebook]: { town: '"<York>"', top: String(lost) } },
        results: [{ name: "lost", kind: "number", notebook, cell: 1, value: lost }],
        ...(status === "failed" ? { fail_if: ['--fail-if "lost > 5": lost is 9'] } : {}),
      };
      writeFileSync(join(folder, name, "results.json"), JSON.stringify(results));
    };
    save("2026-11-25", "2026-11-25T10:00:00.000Z", "ok", "shop", 1);
    save("2026-11-26", "2026-11-26T10:00:00.000Z", "ok", "shop", 2);
    save("2026-11-26/failed", "2026-11-26T11:00:00.000Z", "failed", "shop", 9);
    save("2026-11-27 x", "2026-11-27T10:00:00.000Z", "ok", "other", 3);
    mkdirSync(join(folder, "broken"));
    writeFileSync(join(folder, "broken", "results.json"), "{");
  });
  after(() => rmSync(folder, { recursive: true }));

  it("finds all runs, the newest first, and leaves other files out", async () => {
    const runs = await runsIn(folder);
    assert.deepEqual(
      runs.map((run) => run.folder.slice(folder.length + 1)),
      ["2026-11-27 x", "2026-11-26/failed", "2026-11-26", "2026-11-25"],
    );
    assert.deepEqual(await runsIn(join(folder, "nothing")), []);
  });

  it("a run is compared with the newest good run of the same notebooks", async () => {
    const runs = await runsIn(folder);
    const beforeOf = (i: number) => runBefore(runs, runs[i]!.results)?.results.started_at.slice(0, 10);
    assert.deepEqual([0, 1, 2, 3].map(beforeOf), [undefined, "2026-11-26", "2026-11-25", undefined]);
  });

  it("replaces no index page of the user's", async () => {
    const own = join(folder, "own");
    mkdirSync(own);
    writeFileSync(join(own, "index.html"), "<title>My site</title>");
    await assert.rejects(writeIndex(own), /index\.html: a run would replace this page.*move it/);
    rmSync(own, { recursive: true });
    await writeIndex(folder);
    await writeIndex(folder);
  });

  it("has an index page that links each report, with texts escaped", async () => {
    const html = readFileSync(await writeIndex(folder), "utf8");
    for (const href of [
      "2026-11-27%20x/report.html",
      "2026-11-26/failed/report.html",
      "2026-11-26/report.html",
    ])
      assert.ok(html.includes(`href="${href}"`), href);
    assert.ok(html.includes(">2026-11-26 10:00:00 UTC</time>"));
    assert.ok(html.includes(">town = &#34;&#60;York&#62;&#34;, top = 2</td>"));
    assert.ok(html.includes("<br>--fail-if &#34;lost &#62; 5&#34;: lost is 9</span>"));
    assert.ok(html.includes("&#60;b") && !html.includes("<b>"));
  });
});
