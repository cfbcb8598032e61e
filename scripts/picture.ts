/** Make the README's picture of the last report: head, chart, conservation table, claims. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { command } from "../lib/command.ts";
import { settings } from "../lib/settings.ts";
import { openBrowser } from "../lib/testbed/browser.ts";

const usage = `npm run picture
  Makes the README's picture from out/report.html, which npm run report writes.
  Needs Chromium.`;
const SHOWN = ["Rows that Trino shows while players play", "Conservation of events", "Nothing was lost"];

await command("picture", { usage, isRecorded: false }, async () => {
  const browser = await openBrowser();
  if (!browser) throw new Error("expected Chromium on PATH, or its path in QUESTLOG_CHROMIUM, found none");
  const view = { viewport: { width: 900, height: 600 }, deviceScaleFactor: 1.5 };
  const page = await browser.newPage({ ...view, bypassCSP: true }); // the report allows no style but its own
  await page.goto(pathToFileURL(join(settings.out, "report.html")).href);
  for (const text of SHOWN)
    await page
      .locator(".cell", { hasText: text })
      .last()
      .evaluate((cell) => cell.classList.add("shown"));
  await page.addStyleTag({
    content: `nav, section > :not(.shown), section:not(:has(.shown)), footer { display: none !important }
      body { padding: 1rem 2rem !important } .top { padding-block: 1rem !important } section { margin: 0 !important }`,
  });
  const box = await page.locator("main").boundingBox();
  if (!box) throw new Error(`expected a report with ${SHOWN.join(", ")}, got an empty page`);
  const clip = { x: 0, y: 0, width: 900, height: box.y + box.height + 24 };
  await page.screenshot({ path: join(settings.root, "notebooks", "report.png"), clip, fullPage: true });
  await browser.close();
});
