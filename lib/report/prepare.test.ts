import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { textToNotebook } from "../testbed/notebook-text.ts";
import { frontOf } from "./front.ts";
import { formatNotebookFile } from "./notebook-file.ts";
import { prepareNotebooks } from "./prepare.ts";

describe("prepareNotebooks(paths)", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "questlog-prepare-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  for (const name of ["shop.ipynb", "shop.md", "shop.ts"])
    it(`finds the pictures and the logo beside ${name}, from any working folder`, async () => {
      const path = join(folder, name);
      const text = "---\nlogo: sign.svg\n---\n\n![sign](sign.svg)";
      const notebook = textToNotebook(
        `// %% [markdown]\n${text.replace(/^/gm, "// ").replace(/ +$/gm, "")}\n// %%\n1 + 1;\n`,
        "shop",
      );
      writeFileSync(path, formatNotebookFile(notebook, path));
      writeFileSync(join(folder, "sign.svg"), '<svg xmlns="http://www.w3.org/2000/svg"/>');
      const prepared = await prepareNotebooks([path]);
      assert.match(frontOf(prepared).logo, /^data:image\/svg/);
      assert.equal(prepared[0]!.folder, folder);
      rmSync(join(folder, "sign.svg"));
      await assert.rejects(prepareNotebooks([path]), /sign\.svg, got ENOENT/);
    });
});
