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
import { checkFile, checkPlace, hasGood, keepGood, openPlace } from "./place.ts";

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
  const run = async (names: string[]): Promise<void> => {
    const folder = await openPlace(out);
    for (const name of ["report.html", ...names]) write(folder, name, "of the run");
    await keepGood(out);
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

  it("delete and replace nothing after the list was damaged", async () => {
    await run(["a.ipynb"]);
    write(out, ".report-files.json", "[");
    await assert.rejects(run([]), /report\.html in .*move them/);
    assert.deepEqual(visible(), ["a.ipynb", "failed", "report.html"]);
  });

  it("delete no notebook of the user's, and no file of another folder", async () => {
    write(out, "shop.ipynb", "mine");
    await run([]);
    mkdirSync(join(out, "sub"));
    for (const name of ["mine.txt", "sub/mine.txt"]) write(out, name, "mine");
    write(
      out,
      ".report-files.json",
      JSON.stringify(["report.html", "sub/mine.txt", "../x", "..", ".", "sub", 5]),
    );
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
    assert.deepEqual(visible(), ["mine.txt", "outputs", "report.html"]);
    assert.deepEqual([read("report.html"), readdirSync(join(out, "outputs"))], ["new", ["new.txt"]]);
  });

  // The user's file below `out` and the notebook that is read → the words of the refusal.
  const make = (path: string): void => {
    mkdirSync(join(out, path, ".."), { recursive: true });
    writeFileSync(join(out, path), "mine");
  };
  const NAMES = ["report.html", "results.json", "a.ipynb", "report.pdf"];
  const REFUSED: [what: string, path: string, source: string, reason: RegExp][] = [
    ["a page", "report.html", "", /report\.html in .*no run wrote/],
    ["a file of results", "results.json", "", /results\.json in .*no run wrote/],
    ["a PDF", "report.pdf", "", /report\.pdf in .*no run wrote/],
    ["a notebook of the name", "a.ipynb", "", /a\.ipynb in .*no run wrote/],
    ["the notebook that is read", "a.ipynb", "a.ipynb", /a\.ipynb in .*another folder with --out/],
    ["a folder named failed", "failed/patients.csv", "", /failed has files that no run wrote/],
    ["a folder in place of a page", "report.html/x", "", /report\.html in .*no run wrote/],
  ];
  for (const [what, path, source, reason] of REFUSED)
    it(`refuse before the run to replace the user's files: ${what}`, async () => {
      make(path);
      const sources = source === "" ? [] : [join(out, source)];
      await assert.rejects(checkPlace(out, NAMES, sources), (error: Error) => {
        assert.equal(error.name, "UsageError");
        assert.match(error.message, reason);
        return true;
      });
      assert.equal(read(path), "mine");
    });

  it("refuse a notebook in the folder of a failed run, which the run would delete", async () => {
    write(await openPlace(out), "a.ipynb", "failed");
    await assert.rejects(checkPlace(out, NAMES, [join(out, "failed", "a.ipynb")]), /copy the notebook/);
  });

  it("refuse the executed notebook of an earlier run as source and target at once", async () => {
    await run(["a.ipynb"]);
    await assert.rejects(checkPlace(out, NAMES, [join(out, "a.ipynb")]), /a\.ipynb in/);
  });

  it("refuse a file as folder, also further up", async () => {
    write(out, "file", "mine");
    for (const path of ["file", "file/a/b"])
      await assert.rejects(checkPlace(join(out, path), NAMES, []), /expected a folder, got the file .*file$/);
  });

  it("refuse a folder as file, and a file as its folder", async () => {
    write(out, "file", "mine");
    await assert.rejects(checkFile("--junit", out), /--junit .*expected a file, got a folder/);
    await assert.rejects(checkFile("--junit", join(out, "file/x.xml")), /--junit .*expected a folder/);
    await checkFile("--junit", join(out, "new/x.xml"));
    await checkFile("--junit", join(out, "file"));
  });

  it("take a new folder, an empty one, and one with files of earlier runs or other names", async () => {
    await checkPlace(join(out, "new", "deep"), NAMES, []);
    await checkPlace(out, NAMES, []);
    await run(["results.json", "a.ipynb"]);
    make("mine.txt");
    write(await openPlace(out), "a.ipynb", "failed");
    await checkPlace(out, NAMES, [join(out, "..", "a.ipynb")]);
  });

  it("keep a good run's files beside a file of the user's of the same name, and say it", async () => {
    make("a-cell-1.txt");
    const folder = await openPlace(out);
    for (const name of ["report.html", "a-cell-1.txt"]) write(folder, name, "of the run");
    await assert.rejects(keepGood(out), /a-cell-1\.txt in .*the run's files stay in/);
    assert.deepEqual([read("a-cell-1.txt"), read("failed/report.html")], ["mine", "of the run"]);
  });
});
