/** Make the README's picture: the top of the last report in Chromium. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { command } from "../lib/command.ts";
import { settings } from "../lib/settings.ts";
import { openBrowser } from "../lib/testbed/browser.ts";

const usage = `npm run picture
  Needs Chromium, and out/report.html from npm run report.`;

await command("picture", { usage, isRecorded: false }, async () => {
  const browser = await openBrowser();
  if (!browser) throw new Error("expected Chromium on PATH, or its path in QUESTLOG_CHROMIUM, found none");
  const page = await browser.newPage({ viewport: { width: 1280, height: 1000 } });
  await page.goto(pathToFileURL(join(settings.out, "report.html")).href);
  await page.screenshot({ path: join(settings.root, "notebooks", "report.png") });
  await browser.close();
});
