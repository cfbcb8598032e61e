/**
 * The report's page → a PDF beside it, made by the machine's own Chromium.
 *
 * The page's style has the rules for print: page numbers, folded code, no heading alone at a page's
 * end. So the PDF is what a reader's own browser prints.
 */
import { pathToFileURL } from "node:url";
import { openBrowser } from "../testbed/browser.ts";

export const NO_CHROMIUM =
  "--pdf: expected Chromium on PATH, or its path in QUESTLOG_CHROMIUM, found none; " +
  "a browser prints report.html as well";

/** Whether this machine can make a PDF. */
export async function canMakePdf(): Promise<boolean> {
  const browser = await openBrowser();
  await browser?.close();
  return browser !== null;
}

/** Makes report.pdf of the page at `htmlPath`; returns its path. */
export async function makePdf(htmlPath: string): Promise<string> {
  const browser = await openBrowser();
  if (!browser) throw new Error(NO_CHROMIUM);
  const path = htmlPath.replace(/\.html$/, ".pdf");
  try {
    const page = await browser.newPage();
    await page.goto(pathToFileURL(htmlPath).href);
    const options = { format: "A4", printBackground: true, tagged: true, outline: true };
    await page.pdf({ path, preferCSSPageSize: true, ...options });
  } finally {
    await browser.close();
  }
  return path;
}
