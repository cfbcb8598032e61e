/**
 * Take the README's picture: the top of the last report, in Chromium.
 *
 *   npm run report && npm run picture
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { openBrowser } from "../lib/testbed/browser.ts";
import { settings } from "../lib/settings.ts";

const browser = await openBrowser();
if (!browser) throw new Error("picture: needs Chromium on PATH, or its path in QUESTLOG_CHROMIUM");
const page = await browser.newPage({ viewport: { width: 1280, height: 1000 } });
await page.goto(pathToFileURL(join(settings.out, "report.html")).href);
await page.screenshot({ path: join(settings.root, "notebooks", "report.png") });
await browser.close();
