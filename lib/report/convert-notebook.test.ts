import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { textToNotebook } from "../testbed/notebook-text.ts";
import { convertNotebook } from "./convert-notebook.ts";
import { isCode, readNotebook, writeNotebook } from "./notebook.ts";

describe("convertNotebook(from, to, isForced)", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "questlog-convert-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const at = (name: string): string => join(folder, name);

  it("converts to each form and back, and says that outputs are left out", async () => {
    const notebook = textToNotebook("// %% [markdown]\n// # Shop\n// %%\nconst a = 1;\n", "shop");
    notebook.cells[1]!.metadata.tags = ["parameters"];
    notebook.cells.filter(isCode)[0]!.outputs.push({ output_type: "stream", name: "stdout", text: "1" });
    await writeNotebook(at("shop.ipynb"), notebook);
    assert.deepEqual(await convertNotebook(at("shop.ipynb"), at("shop.md")), [
      `${at("shop.md")}: 2 cells`,
      "left out: the outputs of 1 cell",
    ]);
    const text = '# Shop\n\n```typescript tags=["parameters"]\nconst a = 1;\n```\n';
    assert.equal(await readFile(at("shop.md"), "utf8"), text);
    await convertNotebook(at("shop.md"), at("shop.ts"));
    assert.equal(
      await readFile(at("shop.ts"), "utf8"),
      '// %% [markdown]\n// # Shop\n\n// %% tags=["parameters"]\nconst a = 1;\n',
    );
    await convertNotebook(at("shop.ts"), at("again.ipynb"));
    const { cells } = await readNotebook(at("again.ipynb"));
    assert.deepEqual(
      cells.map(({ source, metadata }) => [source, metadata]),
      notebook.cells.map(({ source, metadata }) => [source, metadata]),
    );
  });

  it("replaces no file but with force, and names wrong files", async () => {
    await writeNotebook(at("a.ipynb"), textToNotebook("// %%\n1;\n", "a"));
    await convertNotebook(at("a.ipynb"), at("a.md"));
    await assert.rejects(
      convertNotebook(at("a.ipynb"), at("a.md")),
      /a\.md is there already; --force replaces it$/,
    );
    await convertNotebook(at("a.ipynb"), at("a.md"), true);
    await assert.rejects(convertNotebook(at("a.ipynb"), at("a.pdf")), {
      name: "UsageError",
      message: `expected a file that ends in .ipynb, .md, .ts, got "${at("a.pdf")}"`,
    });
    await assert.rejects(convertNotebook(at("b.md"), at("b.ipynb")), /which is not there$/);
  });
});
