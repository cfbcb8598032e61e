// Folders on the disk, as make-report.ts uses them.
import assert from "node:assert/strict";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
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

  const visible = (): string[] =>
    readdirSync(out)
      .filter((name) => !name.startsWith("."))
      .sort();
  const run = async (names: string[], sources: string[] = []): Promise<void> => {
    const folder = await openPlace(out);
    for (const name of ["report.html", ...names]) write(folder, name, "of the run");
    await keepGood(out, sources);
  };

  // Files of the first run, a change by the user, files of the second run → the files that stay.
  const CASES: [what: string, first: string[], change: () => void, second: string[], stay: string[]][] = [
    ["the PDF of a former run goes", ["report.pdf"], () => {}, [], []],
    ["a PDF of this run stays", ["report.pdf"], () => {}, ["report.pdf"], ["report.pdf"]],
    ["a PDF of the user stays", [], () => write(out, "report.pdf", "mine"), [], ["report.pdf"]],
    ["other notebooks and outputs go", ["a.ipynb", "a-cell-1.txt"], () => {}, ["b.ipynb"], ["b.ipynb"]],
    [
      "the user's notebooks stay",
      [],
      () => write(out, "a.ipynb", "mine"),
      ["b.ipynb"],
      ["a.ipynb", "b.ipynb"],
    ],
    ["a file that the user changed stays", ["a.ipynb"], () => change("a.ipynb"), [], ["a.ipynb"]],
    [
      "a damaged list deletes nothing",
      ["a.ipynb"],
      () => write(out, ".report-files.json", "["),
      [],
      ["a.ipynb"],
    ],
  ];
  const change = (name: string): void => {
    write(out, name, "changed");
    const later = new Date(Date.now() + 5000);
    utimesSync(join(out, name), later, later);
  };
  for (const [what, first, byUser, second, stay] of CASES)
    it(`delete files that the last good run wrote: ${what}`, async () => {
      await run(first);
      byUser();
      await run(second);
      assert.deepEqual(visible(), [...stay, "report.html"].sort());
    });

  it("delete no notebook that a run read, and no file of another folder", async () => {
    await run(["shop.ipynb"], [join(out, "shop.ipynb")]);
    await run([]);
    mkdirSync(join(out, "sub"));
    for (const name of ["mine.txt", "sub/mine.txt"]) write(out, name, "mine");
    write(out, ".report-files.json", JSON.stringify(["sub/mine.txt", "../x", "..", ".", "sub", 5]));
    await run([]);
    assert.deepEqual(visible(), ["mine.txt", "report.html", "shop.ipynb", "sub"]);
    assert.equal(read("sub/mine.txt"), "mine");
  });

  it("keep a failed run's hands off the files of the last good run", async () => {
    await run(["report.pdf"]);
    write(await openPlace(out), "report.html", "failed");
    assert.deepEqual(visible(), ["failed", "report.html", "report.pdf"]);
  });

  it("keep the last good report as long as the next run has not ended well", async () => {
    write(await openPlace(out), "report.html", "good");
    assert.equal(hasGood(out), false);
    await keepGood(out, []);
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
      await keepGood(out, []);
    }
    assert.deepEqual(visible(), ["mine.txt", "outputs", "report.html"]);
    assert.deepEqual([read("report.html"), readdirSync(join(out, "outputs"))], ["new", ["new.txt"]]);
  });
});
