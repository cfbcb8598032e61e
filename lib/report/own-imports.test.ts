// Files in a folder of the test's own.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { textToNotebook } from "../testbed/notebook-text.ts";
import { changedFiles, ownImports } from "./own-imports.ts";

describe("ownImports(notebooks, paths)", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "questlog-imports-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const write = (name: string, text = "export default 1;\n"): void => {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  };
  const imports = (code: string): Map<string, string> =>
    ownImports([textToNotebook(`// %%\n${code}\n`, "n")], [join(folder, "n.ipynb")]);
  const names = (code: string): string[] =>
    [...imports(code).keys()].map((path) => relative(folder, path)).sort();

  const FOUND: [code: string, files: string[]][] = [
    ['import a from "./a.ts";', ["a.ts"]],
    ['import a from "./a";', ["a.ts"]],
    ['import { x } from "./sub";', ["sub/index.ts"]],
    ['import "./a.ts";', ["a.ts"]],
    ['export * from "./a.ts";', ["a.ts"]],
    ['const a = await import("./a.ts");', ["a.ts"]],
    ['const a = require("./data.json");', ["data.json"]],
    ['import b from "./my file.mjs";', ["a.ts", "my file.mjs"]],
    ['import q from "questlog";', []],
    ['import none from "./none.ts";', []],
    ["// import a from './a.ts'", []],
  ];
  for (const [code, files] of FOUND)
    it(`${code} → ${files.join(", ") || "no file"}`, () => {
      write("a.ts");
      write("sub/index.ts");
      write("data.json", "{}");
      write("my file.mjs", 'import "./a.ts";\n');
      assert.deepEqual(names(code), files);
    });

  it("follows files that import each other", () => {
    write("a.ts", 'import "./b.ts";\n');
    write("b.ts", 'import "./a.ts";\n');
    assert.deepEqual(names('import "./a.ts";'), ["a.ts", "b.ts"]);
  });

  it("tells the files that have another content, or are gone", () => {
    for (const name of ["a.ts", "b.ts", "c.ts"]) write(name);
    const code = 'import "./a.ts";\nimport "./b.ts";\nimport "./c.ts";';
    const before = imports(code);
    assert.deepEqual(changedFiles(before, imports(code)), []);
    write("a.ts", "export default 2;\n");
    rmSync(join(folder, "b.ts"));
    assert.deepEqual(changedFiles(before, imports(code)), [join(folder, "a.ts"), join(folder, "b.ts")]);
    assert.deepEqual(changedFiles(before, imports('import "./c.ts";')), [join(folder, "b.ts")]);
  });
});
