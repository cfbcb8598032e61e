// A real JupyterLab, in Chromium, opens a notebook and runs it to its end with Run All Cells. The
// test works on copies, because JupyterLab saves outputs into the notebook.
import assert from "node:assert/strict";
import { access, copyFile, mkdir, mkdtemp, readFile, rm, stat, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { stopServices } from "../services/stop.ts";
import { settings } from "../settings.ts";
import { freePort } from "../testbed/free-port.ts";
import { openBrowser } from "../testbed/browser.ts";
import { runAllCells } from "../testbed/lab-page.ts";
import { query } from "../trino.ts";
import { type Lab, startLab } from "./lab.ts";
import { isCode, readNotebook, writeNotebook } from "../report/notebook.ts";
import { until } from "../until.ts";
import { textToNotebook } from "../testbed/notebook-text.ts";

const FIXTURE = `
// %% [markdown]
// # A notebook
// %%
import assert from "node:assert/strict";
// %%
const sum: number = [1, 2, 3].reduce((total, n) => total + n);
sum;
// %%
import { display } from "tslab";
display.svg('<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><rect width="10" height="10"/></svg>');
// %%
assert.equal(sum, 6);
// %%
let total = 0;
function add(n: number) { total += n; return total; }
add(7);
// %%
total = 100;
add(1);
`;

describe("startLab(options)", function () {
  this.timeout(10 * 60_000); // the first start installs JupyterLab
  let folder: string;
  let lab: Lab;
  let browser: Browser | null;

  before(async function () {
    browser = await openBrowser();
    if (!browser) return this.skip();
    folder = await mkdtemp(join(tmpdir(), "questlog-lab-"));
    await mkdir(join(folder, "notebooks"));
    for (const name of ["dist", "node_modules"]) await symlink(join(settings.root, name), join(folder, name));
    await writeNotebook(join(folder, "notebooks", "fixture.ipynb"), textToNotebook(FIXTURE, "fixture"));
    lab = await startLab({ folder: join(folder, "notebooks"), port: await freePort() });
  });

  after(async () => {
    await lab?.stop();
    await browser?.close();
    await stopServices({ names: ["api", "stream"] }); // the notebooks start them
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  it("refuses a request without the token", async () => {
    const answer = await fetch(new URL("/api/kernels", lab.url));
    assert.equal(answer.status, 403);
  });

  it("runs a notebook's cells to the end, and shows their outputs", async () => {
    const { outputs } = await runAll("fixture");
    assert.deepEqual(
      outputs.filter((text) => text !== ""),
      ["6", "7", "101"],
    );
  });

  for (const [name, phrase] of [
    ["1-services", "servers answer"],
    ["2-requests", "accepted events is in the topic, once"],
    ["3-stream", "no gap"],
    ["4-tables", "as many as the files hold"],
    ["5-report", "Nothing was lost"],
  ] as const) {
    it(`runs ${name} to the end`, async () => {
      const path = join(settings.root, "notebooks", `${name}.ipynb`);
      await copyFile(path, join(folder, "notebooks", basename(path)));
      const { outputs, charts } = await runAll(name);
      assert.ok(
        outputs.some((text) => text.includes(phrase)),
        outputs.join("\n"),
      );
      const source = (await readNotebook(path)).cells.filter(isCode).map((cell) => cell.source);
      assert.equal(charts, source.join("\n").match(/\bshow\(/g)?.length ?? 0);
    });
  }

  it("saves a notebook without outputs, in its tracked form, and shows them still", async () => {
    const path = await copyFixture("saved");
    const [before, { mtimeMs }] = [await readFile(path, "utf8"), await stat(path)];
    const { page } = await runAllCells(browser as Browser, lab, "saved");
    try {
      await page.locator(".jp-Notebook").press("Control+s");
      const saved = async () => (await stat(path)).mtimeMs > mtimeMs || undefined;
      await until("the notebook is saved", saved, { limitMs: 30_000, everyMs: 200 });
      assert.equal(await readFile(path, "utf8"), before);
      assert.equal(await page.locator(".jp-OutputArea-output", { hasText: "6" }).count(), 1);
      assert.equal(await page.getByText("Jupyter news").count(), 0);
    } finally {
      await page.close();
    }
  });

  it("builds an edited lib/ before a kernel starts", async () => {
    const built = join(settings.root, "dist", "until.js");
    for (const file of [built, join(settings.root, "dist", ".tsbuildinfo")]) await rm(file);
    await copyFixture("edited");
    await runAll("edited");
    await access(built);
  });

  it("interrupts a cell by the Kernel menu, and cancels its statement", async () => {
    const name = "endless";
    const mark = `mark_${Date.now()}`;
    const numbers = ["a(x)", "b(y)", "c(z)"].map((table) => `UNNEST(sequence(1, 10000)) ${table}`).join();
    const statement = `SELECT count(*) AS ${mark} FROM ${numbers} WHERE x * y + z = -1`;
    const cells =
      '// %%\nimport { query } from "questlog";\n' +
      `const begin = () => console.log("begun");\nsetTimeout(begin, 3_000);\nawait query("${statement}");\n` +
      "// %%\n1 + 1;\n";
    await writeNotebook(join(folder, "notebooks", `${name}.ipynb`), textToNotebook(cells, name));
    const prepare = (page: Page) => {
      void interruptOnce(page, "begun");
    };
    const { page } = await runAllCells(browser as Browser, lab, name, { prepare });
    try {
      assert.match((await errorsOf(page)).join("\n"), /[Ii]nterrupted/);
      const [row] = await query<{ code: string }>(
        "SELECT error_code AS code FROM system.runtime.queries WHERE query LIKE ? AND query NOT LIKE '%runtime.queries%'",
        { parameters: [`%${mark}%`] },
      );
      assert.equal(row?.code, "USER_CANCELED");
    } finally {
      await page.close();
    }
  });

  /** A notebook of its own has a kernel of its own. */
  async function copyFixture(name: string): Promise<string> {
    const path = join(folder, "notebooks", `${name}.ipynb`);
    await writeNotebook(path, textToNotebook(FIXTURE, name));
    return path;
  }

  /** Runs all cells of a notebook; asserts that each has its number and none has an error. */
  async function runAll(name: string): Promise<{ outputs: string[]; charts: number }> {
    const path = join(folder, "notebooks", `${name}.ipynb`);
    const expected = (await readNotebook(path)).cells.filter(isCode).map((_, i) => `[${i + 1}]:`);
    const { page, prompts } = await runAllCells(browser as Browser, lab, name, { height: 20_000 });
    try {
      assert.deepEqual(await errorsOf(page), []);
      assert.deepEqual(prompts, expected);
      const outputs = await page.locator(".jp-CodeCell .jp-OutputArea-output").allInnerTexts();
      const charts = await page.locator(".jp-OutputArea-output .vega-embed").count();
      return { outputs: outputs.map((text) => text.trim()), charts };
    } finally {
      await page.close();
    }
  }
});

/** Interrupts the kernel by the page's menu, as soon as an output has the text. */
async function interruptOnce(page: Page, text: string): Promise<void> {
  await page.locator(".jp-OutputArea-output", { hasText: text }).waitFor({ timeout: 120_000 });
  await page.getByRole("menuitem", { name: "Kernel", exact: true }).click();
  await page.getByRole("menuitem", { name: /^Interrupt Kernel/ }).click();
}

function errorsOf(page: Page): Promise<string[]> {
  return page
    .locator('.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.stderr"]')
    .allInnerTexts();
}
