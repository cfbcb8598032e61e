// JupyterLab for real, in Chromium: a notebook is opened and run to its end with Run All Cells. It works on
// a copy, because JupyterLab saves what ran into the notebook.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { createServer } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { AddressInfo } from "node:net";
import type { Browser, Page } from "playwright-core";
import { settings } from "../settings.js";
import { openBrowser } from "./browser.js";
import { type Lab, startLab } from "./lab.js";
import { isCode, readNotebook, textToNotebook, writeNotebook } from "./notebook.js";

const KERNEL_TIMEOUT_MS = 60_000;
const CELLS_TIMEOUT_MS = 120_000;
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
`;

describe("startLab(options)", function () {
  this.timeout(10 * 60_000); // the first time it installs JupyterLab
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
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  it("asks for the token", async () => {
    const answer = await fetch(new URL("/api/kernels", lab.url));
    assert.equal(answer.status, 403);
  });

  it("runs a notebook's cells to the end, and shows their outputs", async () => {
    const { outputs } = await runAll("fixture");
    assert.deepEqual(
      outputs.filter((text) => text !== ""),
      ["6"],
    );
  });

  it("runs the first notebook to the end", async function () {
    const path = join(settings.root, "notebooks", "1-services.ipynb");
    if (!existsSync(path)) return this.skip();
    await copyFile(path, join(folder, "notebooks", basename(path)));
    const { outputs } = await runAll("1-services");
    assert.ok(outputs.some((text) => text.includes("trino")));
  });

  /** Resolves when the page of notebook `name` has a kernel that is idle: what is run before does not run. */
  async function kernelConnected(name: string): Promise<void> {
    const end = Date.now() + KERNEL_TIMEOUT_MS;
    for (;;) {
      const answer = await fetch(new URL(`/api/sessions${new URL(lab.url).search}`, lab.url));
      const sessions = (await answer.json()) as {
        path: string;
        kernel: { execution_state: string; connections: number };
      }[];
      const kernel = sessions.find(({ path }) => path === `${name}.ipynb`)?.kernel;
      if (kernel?.execution_state === "idle" && kernel.connections > 0) return;
      if (Date.now() > end)
        throw new Error(`expected an idle kernel for ${name}, got ${JSON.stringify(sessions)}`);
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }

  /** Runs all cells of the notebook `name` and demands that each got the prompt of its place and none an error. */
  async function runAll(name: string): Promise<{ outputs: string[] }> {
    const path = join(folder, "notebooks", `${name}.ipynb`);
    const expected = (await readNotebook(path)).cells.filter(isCode).map((_, i) => `[${i + 1}]:`);
    const { searchParams, origin } = new URL(lab.url);
    const page = await (browser as Browser).newPage({ viewport: { width: 1280, height: 4000 } });
    try {
      await page.goto(`${origin}/lab/tree/${name}.ipynb?reset&token=${searchParams.get("token")}`);
      await page.locator(".jp-Notebook .jp-CodeCell").first().waitFor({ timeout: 60_000 });
      await kernelConnected(name);
      await page.getByRole("menuitem", { name: "Run", exact: true }).click();
      await page.getByRole("menuitem", { name: "Run All Cells", exact: true }).click();
      assert.deepEqual(await settledPrompts(page), expected);
      assert.deepEqual(await errorsOf(page), []);
      const outputs = await page.locator(".jp-CodeCell .jp-OutputArea-output").allInnerTexts();
      return { outputs: outputs.map((text) => text.trim()) };
    } finally {
      await page.close();
    }
  }
});

/** The prompts of all cells, once none of them waits any more. */
async function settledPrompts(page: Page): Promise<string[]> {
  const end = Date.now() + CELLS_TIMEOUT_MS;
  for (;;) {
    const texts = await page.locator(".jp-CodeCell .jp-InputPrompt").allInnerTexts();
    const prompts = texts.map((text) => text.trim());
    const settled = prompts.some((text) => /\d/.test(text)) && !prompts.includes("[*]:");
    if (settled || Date.now() > end) return prompts;
    await page.waitForTimeout(250);
  }
}

function errorsOf(page: Page): Promise<string[]> {
  return page
    .locator('.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.stderr"]')
    .allInnerTexts();
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
