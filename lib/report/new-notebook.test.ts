import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineEvents } from "../catalog.ts";
import { settings } from "../settings.ts";
import { game as bookshop } from "../testbed/bookshop.fixture.ts";
import { buildLib } from "./build.ts";
import { checkNotebooks, tidyNotebook } from "./check.ts";
import { newNotebook, writeNew } from "./new-notebook.ts";
import { textOfCode, titleOf, writeNotebook } from "./notebook.ts";
import { readNotebookFile } from "./notebook-file.ts";
import { unsteadyPart } from "./steady.ts";

describe("writeNew(word, folder)", function () {
  this.timeout(60_000);
  let folder: string;
  before(async () => {
    await buildLib();
    mkdirSync(settings.home, { recursive: true });
    folder = mkdtempSync(join(settings.home, "new-"));
  });
  after(() => rmSync(folder, { recursive: true }));

  it("writes a notebook without findings, about this game and about another", async () => {
    const ours = await writeNew("shop", folder);
    assert.equal(ours, join(folder, "shop.ipynb"));
    const other = join(folder, "other.ipynb");
    await writeNotebook(other, await tidyNotebook(newNotebook("other", defineEvents(bookshop)), other));
    assert.match(textOfCode(await readNotebookFile(other)), /"genre" AS value.*FROM "unique_books_bought"/s);
    const text = await writeNew("shop.md", folder);
    assert.match(
      readFileSync(text, "utf8"),
      /^# Shop\n[^]*\n```(?:ts|typescript) tags=\["parameters"\]\nconst days: number = 7;\n```/,
    );
    assert.deepEqual(await checkNotebooks([ours, other, text, await writeNew("shop.ts", folder)]), []);
  });

  it("writes a notebook whose report can come from the cache: its days end with the data", () => {
    assert.equal(unsteadyPart([newNotebook("shop"), newNotebook("b", defineEvents(bookshop))]), null);
  });

  const NAMES: [word: string, file: string, title: string][] = [
    ["7-weekly_shop", "7-weekly_shop.ipynb", "Weekly shop"],
    ["my shop.ipynb", "my shop.ipynb", "My shop"],
    ["größe", "größe.ipynb", "Größe"],
    ["2026", "2026.ipynb", "2026"],
    ["a*<b>", "a*<b>.ipynb", "A*<b>"],
  ];
  for (const [word, file, title] of NAMES) {
    it(`"${word}" is the file ${file} with the title ${title}`, async () => {
      const path = await writeNew(word, folder);
      assert.deepEqual([path, titleOf(await readNotebookFile(path))], [join(folder, file), title]);
    });
  }

  it("takes a path, and makes its folder", async () => {
    const path = join(mkdtempSync(join(tmpdir(), "questlog-new-")), "a b", "shop");
    assert.equal(await writeNew(path, folder), `${path}.ipynb`);
  });

  it("never writes over a file", async () => {
    const path = join(folder, "mine.ipynb");
    writeFileSync(path, "mine");
    await assert.rejects(writeNew("mine", folder), /expected a new name, got .*mine\.ipynb, which is there/);
    assert.equal(readFileSync(path, "utf8"), "mine");
  });

  for (const word of ["", ".", "..", "-", "a/", ".ipynb", "/"]) {
    it(`refuses the name "${word}"`, async () => {
      await assert.rejects(writeNew(word, folder), { name: "UsageError" });
    });
  }
});
