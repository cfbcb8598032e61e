/**
 * The machine's own Chromium, without a window, for tests and for pictures of the report.
 */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, chromium } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const ARGS = [
  "--no-sandbox", // it opens our own pages only, and root cannot have a sandbox
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];

/**
 * Opens the Chromium that QUESTLOG_CHROMIUM names, or the first one on PATH; null: there is no
 * Chromium.
 */
export async function openBrowser(): Promise<Browser | null> {
  const executablePath = findChromium();
  return executablePath === undefined ? null : chromium.launch({ executablePath, args: ARGS });
}

function findChromium(env = process.env): string | undefined {
  if (env.QUESTLOG_CHROMIUM !== undefined) return env.QUESTLOG_CHROMIUM;
  const folders = (env.PATH ?? "").split(delimiter);
  return folders.flatMap((folder) => NAMES.map((name) => join(folder, name))).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
