import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runOf } from "../testbed/notebook.fixture.ts";
import { bars } from "../ask/chart.ts";
import { CHART_TYPE, TABLE_TYPE } from "../ask/show.ts";
import { tableData } from "../ask/table.ts";
import { openBrowser } from "../testbed/browser.ts";
import { renderReport } from "./html.ts";
import type { Output } from "./notebook.ts";
import { canMakePdf, makePdf } from "./pdf.ts";

describe("makePdf(htmlPath)", function () {
  this.timeout(60_000);

  it("writes a PDF with an outline of the headings beside the page", async function () {
    if (!(await canMakePdf())) return this.skip();
    const folder = await mkdtemp(join(tmpdir(), "questlog-pdf-"));
    const file = join(folder, "report.html");
    await writeFile(file, await renderReport(runOf([[], []]), { title: "Shop", facts: [] }));
    const pdf = (await readFile(await makePdf(file))).toString("latin1");
    await rm(folder, { recursive: true });
    assert.match(pdf, /^%PDF-/);
    assert.match(pdf, /\/Outlines/);
    assert.match(pdf, /\/MarkInfo/); // readers for the blind need the tags
  });

  const shown = (data: Record<string, unknown>): Output =>
    ({ output_type: "display_data", data, metadata: {} }) as Output;

  it("has each chart whole on one page, below its heading, also a chart taller than a page", async function () {
    const browser = await openBrowser();
    if (browser === null) return this.skip();
    const rows = Array.from({ length: 120 }, (_, i) => ({ k: `k${i % 12}`, panel: `p${i % 10}`, n: i }));
    const tall = bars(rows, { title: "Tall", category: "k", value: "n", facet: "panel" });
    const markdown = "# A title\n\n## Small multiples";
    const run = runOf([[shown({ [CHART_TYPE]: tall })]], { markdown });
    const page = await browser.newPage({ viewport: { width: 658, height: 971 } }); // A4 without its margins
    await page.emulateMedia({ media: "print" });
    await page.setContent(await renderReport(run, { title: "Shop", facts: [] }));
    const [height, ratio, own] = await page.evaluate(() => {
      const svg = document.querySelector("figure.chart svg")!;
      const { width, height } = svg.getBoundingClientRect();
      const { viewBox } = svg as SVGSVGElement;
      return [height, height / width, viewBox.baseVal.height / viewBox.baseVal.width];
    });
    await browser.close();
    assert.ok(height > 700 && height < 850, String(height)); // room for a heading and notes
    assert.ok(Math.abs(ratio - own) < 0.01, `${ratio}, ${own}`);
  });

  it("prints the first 100 rows of a table, and tells the number of the others", async function () {
    const browser = await openBrowser();
    if (browser === null) return this.skip();
    const data = tableData(Array.from({ length: 3_000 }, (_, i) => ({ n: i })));
    const html = await renderReport(runOf([[shown({ [TABLE_TYPE]: data })]]), { title: "Shop", facts: [] });
    const page = await browser.newPage();
    const read = () =>
      page.evaluate(() => [
        Array.from(document.querySelectorAll("figure.table tbody tr")).filter((row) => row.checkVisibility())
          .length,
        document.querySelector(".note.printed")!.checkVisibility(),
      ]);
    await page.setContent(html);
    assert.deepEqual(await read(), [3_000, false]);
    await page.emulateMedia({ media: "print" });
    assert.deepEqual(await read(), [100, true]);
    const note = await page.locator(".note.printed").textContent();
    await browser.close();
    assert.equal(note, "the first 100 rows; report.html has 2,900 more");
  });
});
