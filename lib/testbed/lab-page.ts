/** Runs a notebook in JupyterLab's page by Run All Cells, as a person does. */
import type { Browser, Page } from "playwright-core";
import type { Lab } from "../lab/lab.ts";
import { until } from "../until.ts";

const OPEN_TIMEOUT_MS = 60_000;
const KERNEL_TIMEOUT_MS = 60_000;
const CELLS_TIMEOUT_MS = 120_000;
const POLL_MS = 250;
const SETTLED_POLLS = 12; // 3 s, for cells that do not run after a failed one
const VIEWPORT = { width: 1280, height: 4000 }; // JupyterLab renders only cells in view

/**
 * Opens the notebook `name` of the folder that `lab` shows, runs all cells, and resolves when all
 * have run. The caller closes the page.
 * @param options.prepare is called with the page before the page opens the notebook
 * @throws Error if a cell still runs after 2 minutes
 */
export async function runAllCells(
  browser: Browser,
  lab: Pick<Lab, "url">,
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

/** Resolves when the page of notebook `name` has an idle kernel. Before that, no cell can run. */
async function kernelConnected(lab: Pick<Lab, "url">, name: string): Promise<void> {
  const ask = async () => {
    const answer = await fetch(new URL(`/api/sessions${new URL(lab.url).search}`, lab.url));
    const sessions = (await answer.json()) as {
      path: string;
      kernel: { execution_state: string; connections: number };
    }[];
    const kernel = sessions.find(({ path }) => path === `${name}.ipynb`)?.kernel;
    if (kernel?.execution_state === "idle" && kernel.connections > 0) return true;
    throw new Error(JSON.stringify(sessions));
  };
  await until(`an idle kernel for ${name}`, ask, { limitMs: KERNEL_TIMEOUT_MS, everyMs: POLL_MS });
}

/** Resolves with the prompts of all cells when no cell waits any longer. */
function settledPrompts(page: Page): Promise<string[]> {
  let former = "";
  let same = 0; // polls without a change: the page can show a cell's end before the next cell waits
  const ask = async () => {
    const texts = await page.locator(".jp-CodeCell .jp-InputPrompt").allInnerTexts();
    const prompts = texts.map((text) => text.trim());
    const settled = prompts.some((text) => /\d/.test(text)) && !prompts.includes("[*]:");
    const all = prompts.join(" ");
    same = all === former ? same + 1 : 0;
    former = all;
    if (settled && (prompts.every((text) => /\d/.test(text)) || same >= SETTLED_POLLS)) return prompts;
    throw new Error(all);
  };
  return until("every cell has run", ask, { limitMs: CELLS_TIMEOUT_MS, everyMs: POLL_MS });
}
