import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runOf } from "../testbed/notebook.fixture.ts";
import { renderReport } from "./html.ts";
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
});
