/** Make the README's picture of the last report: its first screen. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { command } from "../lib/command.ts";
import { settings } from "../lib/settings.ts";
import { openBrowser } from "../lib/testbed/browser.ts";

const usage = `npm run picture
  Makes the README's picture from out/report.html, which npm run report writes.
  Needs Chromium.`;
const MARGIN = 40; // pixels beside the head

await command("picture", { usage, isRecorded: false }, async () => {
  const browser = await openBrowser();
  if (!browser) throw new Error("expected Chromium on PATH, or its path in QUESTLOG_CHROMIUM, found none");
  const page = await browser.newPage({ viewport: { width: 900, height: 600 }, deviceScaleFactor: 1.5 });
  await page.goto(pathToFileURL(join(settings.out, "report.html")).href);
  const path = join(settings.root, "notebooks", "report.png");
  const box = await page.locator("header").first().boundingBox();
  if (!box) throw new Error("expected a report with a head in out/report.html, found none");
  const { x, y, width, height } = box;
  await page.screenshot({
    path,
    fullPage: true,
    clip: { x: x - MARGIN, y, width: width + 2 * MARGIN, height },
  });
  await browser.close();
});
