/**
 * A notebook in JupyterLab's page → run to its end, as a person would by Run All Cells.
 */
import type { Browser, Page } from "playwright-core";
import type { Lab } from "../lab/lab.ts";

const OPEN_TIMEOUT_MS = 60_000;
const KERNEL_TIMEOUT_MS = 60_000;
const CELLS_TIMEOUT_MS = 120_000;
const POLL_MS = 250;
const VIEWPORT = { width: 1280, height: 4000 }; // JupyterLab renders what is in view

/**
 * Opens the notebook `name` of the folder that `lab` shows, runs all its cells, and resolves when none waits any
 * more, after 2 minutes at most. The page is the caller's to close.
 * @param options.prepare is called with the page before it goes anywhere
 */
export async function runAllCells(
  browser: Browser,
  lab: Lab,
  name: string,
  { prepare = () => {}, height = VIEWPORT.height }: { prepare?: (page: Page) => void; height?: number } = {},
): Promise<{ page: Page; prompts: string[] }> {
  const page = await browser.newPage({ viewport: { ...VIEWPORT, height } });
  try {
    prepare(page);
    const { searchParams, origin } = new URL(lab.url);
    await page.goto(`${origin}/lab/tree/${name}.ipynb?reset&token=${searchParams.get("token")}`);
    await page.locator(".jp-Notebook .jp-CodeCell").first().waitFor({ timeout: OPEN_TIMEOUT_MS });
    await kernelConnected(lab, name);
    await page.getByRole("menuitem", { name: "Run", exact: true }).click();
    await page.getByRole("menuitem", { name: "Run All Cells", exact: true }).click();
    return { page, prompts: await settledPrompts(page) };
  } catch (error) {
    await page.close();
    throw error;
  }
}

/** Resolves when the page of notebook `name` has a kernel that is idle: what is run before does not run. */
async function kernelConnected(lab: Lab, name: string): Promise<void> {
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
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** The prompts of all cells, once none of them waits any more. */
async function settledPrompts(page: Page): Promise<string[]> {
  const end = Date.now() + CELLS_TIMEOUT_MS;
  for (;;) {
    const texts = await page.locator(".jp-CodeCell .jp-InputPrompt").allInnerTexts();
    const prompts = texts.map((text) => text.trim());
    const settled = prompts.some((text) => /\d/.test(text)) && !prompts.includes("[*]:");
    if (settled || Date.now() > end) return prompts;
    await page.waitForTimeout(POLL_MS);
  }
}
