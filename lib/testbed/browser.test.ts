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
import { bars } from "../ask/chart.ts";
import { chartBundle, TABLE_TYPE } from "../ask/show.ts";
import { tableData } from "../ask/table.ts";
import type { Output } from "../report/notebook.ts";

const WIDE = tableData([
  Object.fromEntries([..."abcdefgh"].map((letter) => [`a_column_that_is_long_${letter}`, 1])),
]);
const CHART = bars(
  [
    { metal: "gold", swords: 60 },
    { metal: "copper", swords: 50 },
  ],
  { category: "metal", value: "swords", title: "Swords by metal" },
);
const PRINTED_WIDTH = 657; // px; A4 without its margins

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
      { output_type: "display_data", data: chartBundle(CHART) as never, metadata: {} },
      { output_type: "display_data", data: { [TABLE_TYPE]: WIDE as never }, metadata: {} },
      { output_type: "stream", name: "stdout", text: "x".repeat(300) },
    ];
    const html = await renderReport(runOf([outputs, outputs]), { title: "What the players did", facts: [] });
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

  it("sends no request, and the browser blocks no part of it", async () => {
    const { page, requests, complaints } = await open();
    assert.deepEqual(requests, [address]);
    assert.deepEqual(complaints, []);
    await page.close();
  });

  it("describes its charts to readers who cannot see them", async () => {
    const { page } = await open();
    const charts = page.getByRole("img", { name: "Swords by metal: gold 60, copper 50" });
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

  it("is dark for a reader who prefers dark pages", async () => {
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

  it("shows the code of one cell at a click, and of all cells by the toggle", async () => {
    const { page } = await open();
    const code = page.locator("details.code pre");
    assert.deepEqual([await code.nth(0).isVisible(), await code.nth(1).isVisible()], [false, false]);
    await page.locator("summary").first().click();
    assert.deepEqual([await code.nth(0).isVisible(), await code.nth(1).isVisible()], [true, false]);
    await page.getByLabel("Show all code").check();
    assert.deepEqual([await code.nth(0).isVisible(), await code.nth(1).isVisible()], [true, true]);
    await page.close();
  });

  it("prints on A4: each chapter and chart, nothing wider than the paper, no switch", async () => {
    const { page } = await open({ viewport: { width: PRINTED_WIDTH, height: 900 } });
    const pdf = (await page.pdf({ preferCSSPageSize: true, format: "A4" })).toString("latin1");
    assert.ok(pdf.match(/\/Type \/Page\b/g)!.length >= 1);
    await page.emulateMedia({ media: "print" });
    assert.equal(await page.evaluate("document.documentElement.scrollWidth"), PRINTED_WIDTH);
    assert.equal(await page.getByLabel("Show all code").isVisible(), false);
    assert.equal(await page.getByRole("img").count(), 2);
    for (const element of await page.locator("svg, table, pre.text").all()) {
      const box = (await element.boundingBox())!;
      assert.ok(box.width > 0 && box.x + box.width <= PRINTED_WIDTH, await element.innerHTML());
    }
    await page.close();
  });
});
