// The report as a reader has it: in Chromium, with a chart and a table as the notebooks show them.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { openBrowser } from "./browser.ts";
import { runOf } from "./notebook.fixture.ts";
import { renderReport } from "../report/html.ts";
import type { Output } from "../report/notebook.ts";

const WIDE = `<table><tr>${"<td>a_column_that_is_long</td>".repeat(12)}</tr></table>`;
const SVG =
  '<svg width="520" height="96" viewBox="0 0 520 96"><title>Swords by metal</title><desc>gold 60, copper 50</desc><rect width="380" height="20" fill="#3b82f6"/><text fill="currentColor" y="50">gold</text></svg>';

describe("the report in Chromium", function () {
  this.timeout(60_000);
  let browser: Browser | null;
  let folder: string;
  let address: string;

  before(async function () {
    browser = await openBrowser();
    if (!browser) return this.skip();
    folder = await mkdtemp(join(tmpdir(), "questlog-html-"));
    const outputs: Output[] = [
      { output_type: "display_data", data: { "image/svg+xml": SVG, "text/plain": "x" }, metadata: {} },
      { output_type: "display_data", data: { "text/html": WIDE, "text/plain": "x" }, metadata: {} },
      { output_type: "stream", name: "stdout", text: "x".repeat(300) },
    ];
    const html = renderReport(runOf([outputs, outputs]), { title: "What the players did", facts: [] });
    await writeFile(join(folder, "report.html"), html);
    address = pathToFileURL(join(folder, "report.html")).href;
  });

  after(async () => {
    await browser?.close();
    if (folder) await rm(folder, { recursive: true });
  });

  async function open(
    options: BrowserContextOptions = {},
  ): Promise<{ page: Page; requests: string[]; complaints: string[] }> {
    const page = await (browser as Browser).newPage({ viewport: { width: 1280, height: 900 }, ...options });
    const requests: string[] = [];
    const complaints: string[] = [];
    page.on("request", (request) => requests.push(request.url()));
    page.on("console", (message) => complaints.push(message.text()));
    await page.goto(address);
    return { page, requests, complaints };
  }

  it("asks nobody for anything, and nothing of it is blocked", async () => {
    const { page, requests, complaints } = await open();
    assert.deepEqual(requests, [address]);
    assert.deepEqual(complaints, []);
    await page.close();
  });

  it("names its charts for those who cannot see them", async () => {
    const { page } = await open();
    const charts = page.getByRole("img", { name: "Swords by metal gold 60, copper 50" });
    assert.equal(await charts.count(), 2);
    await page.close();
  });

  for (const width of [390, 768, 1280]) {
    it(`never scrolls sideways at ${width} px`, async () => {
      const { page } = await open({ viewport: { width, height: 844 } });
      assert.equal(await page.evaluate("document.documentElement.scrollWidth"), width);
      assert.ok(
        Number(await page.evaluate("document.querySelector('.chart svg').getBoundingClientRect().right")) <=
          width,
      );
      await page.close();
    });
  }

  it("is dark for who prefers dark", async () => {
    const background = async (colorScheme: "light" | "dark") => {
      const { page } = await open({ colorScheme });
      const colors = await page.evaluate<string[]>(
        "[getComputedStyle(document.body), getComputedStyle(document.querySelector('.chart text'))].map((s, i) => i ? s.fill : s.backgroundColor)",
      );
      await page.close();
      return colors;
    };
    assert.deepEqual(await background("light"), ["rgb(252, 251, 249)", "rgb(28, 30, 33)"]);
    assert.deepEqual(await background("dark"), ["rgb(21, 23, 26)", "rgb(228, 227, 223)"]);
  });

  it("shows the code of one cell at a click, and of all by the toggle", async () => {
    const { page } = await open();
    const code = page.locator("details.code pre");
    assert.deepEqual([await code.nth(0).isVisible(), await code.nth(1).isVisible()], [false, false]);
    await page.locator("summary").first().click();
    assert.deepEqual([await code.nth(0).isVisible(), await code.nth(1).isVisible()], [true, false]);
    await page.getByLabel("Show all code").check();
    assert.deepEqual([await code.nth(0).isVisible(), await code.nth(1).isVisible()], [true, true]);
    await page.close();
  });

  it("prints", async () => {
    const { page } = await open();
    const pdf = await page.pdf({ format: "A4" });
    assert.equal(pdf.subarray(0, 5).toString(), "%PDF-");
    await page.close();
  });
});
