import assert from "node:assert/strict";
import { requireNameOrder } from "./name-order.ts";
import { textToNotebook } from "../testbed/notebook-text.ts";

const check = (...cells: string[]): void =>
  requireNameOrder(textToNotebook(cells.map((cell) => `// %%\n${cell}\n`).join(""), "shop"));

describe("requireNameOrder(notebook)", () => {
  it("refuses a function that uses what a later cell declares", () => {
    assert.throws(() => check("const twice = () => rate * 2;", "const rate = 3;", "twice();"), {
      name: "NotebookError",
      message: /shop.*code cell 1 uses rate, which code cell 2 declares: move the declaration up$/,
    });
  });

  it("refuses a global whose name a later cell takes", () => {
    assert.throws(() => check("1;", "const load = () => fetch('x');", "const fetch = 5;"), {
      message: /code cell 2 uses fetch, which code cell 3 declares: give the variable another name$/,
    });
  });

  const right: Record<string, string[]> = {
    "declarations before their uses": ["const a = 1;", "const b = a;", "const a = 2;"],
    "names of inner variables": [
      "const f = (row: number) => { for (var i = 0; i < row; i++); return i; };",
      "const row = 1, i = 2;",
    ],
    "properties and labels": [
      "const o = { day: 1 }; o.day; week: for (;;) break week;",
      "const day = 1, week = 2;",
    ],
    types: ["let r: Row | undefined;", "interface Row { n: number }"],
    "text, comments and broken code": ["'later'; // later", "const later = 1;", "const = ("],
  };
  for (const [name, cells] of Object.entries(right)) {
    it(`accepts ${name}`, () => {
      assert.doesNotThrow(() => check(...cells));
    });
  }
});
