// Folders on the disk, as make-report.ts uses them.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hasGood, keepGood, openPlace } from "./place.ts";

describe("openPlace(out) and keepGood(out)", () => {
  let out: string;
  beforeEach(() => {
    out = mkdtempSync(join(tmpdir(), "questlog-place-"));
  });
  afterEach(() => rmSync(out, { recursive: true }));

  const write = (folder: string, name: string, text: string): void => writeFileSync(join(folder, name), text);
  const read = (name: string): string => readFileSync(join(out, name), "utf8");

  it("keep the last good report as long as the next run has not ended well", async () => {
    write(await openPlace(out), "report.html", "good");
    assert.equal(hasGood(out), false);
    await keepGood(out);
    assert.equal(hasGood(out), true);
    write(await openPlace(out), "report.html", "failed");
    assert.deepEqual([read("report.html"), read("failed/report.html")], ["good", "failed"]);
  });

  it("replace files and folders of the last good run, and leave other files alone", async () => {
    write(out, "mine.txt", "mine");
    for (const text of ["old", "new"]) {
      const folder = await openPlace(out);
      write(folder, "report.html", text);
      mkdirSync(join(folder, "outputs"));
      write(join(folder, "outputs"), `${text}.txt`, text);
      await keepGood(out);
    }
    assert.deepEqual(readdirSync(out).sort(), ["mine.txt", "outputs", "report.html"]);
    assert.deepEqual([read("report.html"), readdirSync(join(out, "outputs"))], ["new", ["new.txt"]]);
  });
});
