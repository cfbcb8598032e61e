import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { TABLE_TYPE } from "../ask/show.ts";
import { tableData } from "../ask/table.ts";
import { openBrowser } from "../testbed/browser.ts";
import { runOf } from "../testbed/notebook.fixture.ts";
import { renderReport } from "./html.ts";
import type { Output } from "./notebook.ts";
import { makePdf } from "./pdf.ts";

describe("a table of many columns in a PDF", function () {
  this.timeout(60_000);

  it("gets a wide page with all columns; the other pages are upright", async function () {
    const browser = await openBrowser();
    if (!browser) return this.skip();
    const rows = Array.from({ length: 40 }, (_, r) =>
      Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`column_${i}`, r * 1000 + i * 123.456])),
    );
    const data = { [TABLE_TYPE]: tableData(rows, "Thirty columns") };
    const output = { output_type: "display_data", data, metadata: {} } as unknown as Output;
    const folder = await mkdtemp(join(tmpdir(), "questlog-wide-"));
    const file = join(folder, "report.html");
    await writeFile(file, await renderReport(runOf([[output], []]), { title: "Shop", facts: [] }));
    const pdf = (await readFile(await makePdf(file))).toString("latin1");
    const areWide = [...pdf.matchAll(/\/MediaBox \[0 0 (\d+)[\d.]* (\d+)/g)].map(
      ([, width, height]) => Number(width) > Number(height),
    );
    assert.deepEqual(new Set(areWide), new Set([false, true]));
    assert.equal(areWide[0], false);
    const page = await browser.newPage({ viewport: { width: 980, height: 600 } }); // A4 landscape
    await page.emulateMedia({ media: "print" });
    await page.goto(pathToFileURL(file).href);
    const right = await page.evaluate<number>(
      `document.querySelector("table").getBoundingClientRect().right`,
    );
    assert.ok(right <= 980, `the table ends at ${right} of 980 pixels`);
    await browser.close();
    await rm(folder, { recursive: true });
  });
});
