import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { chooseNotebooks } from "./choose.ts";

describe("chooseNotebooks(words, options)", () => {
  let root: string;
  const FILES = [
    "notebooks/1-services.ipynb",
    "notebooks/2-requests.ipynb",
    "notebooks/10-x.ipynb",
    "notebooks/6-drill.ipynb",
    "notebooks/shop.ipynb",
    "notebooks/report.png",
    "work/my shop.ipynb",
    "work/[a] *?.ipynb",
    "work/shop.ipynb",
    "work/b/10.ipynb",
    "work/b/9.ipynb",
    "work/empty/none.txt",
    "Größe.ipynb",
  ];
  before(() => {
    root = mkdtempSync(join(tmpdir(), "questlog [x] "));
    for (const file of FILES) {
      mkdirSync(join(root, file, ".."), { recursive: true });
      writeFileSync(join(root, file), "{}");
    }
  });
  after(() => rmSync(root, { recursive: true }));

  const choose = (words: string[], extras: string[] = []): string[] => {
    const folder = join(root, "notebooks");
    const paths = chooseNotebooks(words, { extras, folder, bases: [join(root, "work"), root] });
    return paths.map((path) => relative(root, path).replace("notebooks/", ""));
  };

  it("without words takes the numbered notebooks but the extra ones, 2 before 10", () => {
    const all = ["1-services.ipynb", "2-requests.ipynb", "10-x.ipynb"];
    assert.deepEqual(choose([]), all);
    assert.deepEqual(choose([], ["drill"]), [...all, "6-drill.ipynb"]);
  });

  const FOUND: [words: string[], paths: string[]][] = [
    [["10-x"], ["10-x.ipynb"]],
    [
      ["2-requests", "1-services"],
      ["2-requests.ipynb", "1-services.ipynb"],
    ],
    [["2-requests", "2-requests.ipynb", "2-requests"], ["2-requests.ipynb"]],
    [["shop"], ["shop.ipynb"]], // a name means notebooks/ first,
    [["shop.ipynb"], ["work/shop.ipynb"]], // and a path the user's folder
    [["./shop"], ["work/shop.ipynb"]],
    [["notebooks/shop.ipynb"], ["shop.ipynb"]], // from the checkout
    [["my shop"], ["work/my shop.ipynb"]],
    [["[a] *?"], ["work/[a] *?.ipynb"]],
    [["Größe"], ["Größe.ipynb"]],
    [["../Größe.ipynb"], ["Größe.ipynb"]],
    [["b/9"], ["work/b/9.ipynb"]],
    [["b"], ["work/b/9.ipynb", "work/b/10.ipynb"]],
  ];
  for (const [words, paths] of FOUND) {
    it(`${words.join(" ")} → ${paths.join(", ")}`, () => assert.deepEqual(choose(words), paths));
  }

  it("takes an absolute path", () => {
    assert.deepEqual(choose([join(root, "work", "b", "10.ipynb")]), ["work/b/10.ipynb"]);
  });

  const REFUSED: [word: string, error: RegExp][] = [
    ["2-request", /^expected a notebook's name or path, got "2-request"; did you mean 2-requests\?$/],
    ["b/90.ipynb", /got "b\/90.ipynb"; did you mean 9, 10\?$/],
    ["questions", /got "questions"; notebooks\/ has 1-services, 2-requests, 6-drill, 10-x, shop$/],
    ["nowhere/x.ipynb", /got "nowhere\/x.ipynb"; .*$/],
    ["*", /got "\*"; /],
    ["1-*.ipynb", /got "1-\*.ipynb"; /],
    ["", /got ""; /],
    ["__proto__", /got "__proto__"; /],
    ["notebooks/report.png", /^expected a file that ends in \.ipynb.*, got "notebooks\/report.png"$/],
  ];
  for (const [word, message] of REFUSED) {
    it(`refuses "${word}" with the similar names`, () => {
      assert.throws(() => choose([word]), { name: "UsageError", message });
    });
  }

  it("refuses another word of --with", () => {
    assert.throws(() => choose([], ["lab"]), /^UsageError: --with: expected drill, spark, got "lab"$/);
  });

  it("fails if there is no notebook to run", () => {
    assert.throws(() => choose(["empty"]), /^Error: expected a folder with notebooks, got "empty"$/);
    const options = { extras: [], folder: join(root, "work"), bases: [] };
    assert.throws(() => chooseNotebooks([], options), /^Error: expected a notebook NUMBER-NAME.ipynb in/);
  });
});
