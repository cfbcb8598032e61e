import assert from "node:assert/strict";
import fc from "fast-check";
import stringWidth from "string-width";
import { listLines, textTable } from "./text-table.ts";

describe("textTable(rows, options)", () => {
  it("puts text to the left and numbers to the right", () => {
    assert.equal(
      textTable([
        { metal: "gold", swords: 60, at: new Date(0) },
        { metal: null, swords: 9007199254740993n, at: null },
      ]),
      [
        "┌────────┬──────────────────┬──────────────────────────┐",
        "│ metal  │           swords │ at                       │",
        "├────────┼──────────────────┼──────────────────────────┤",
        "│ gold   │               60 │ 1970-01-01T00:00:00.000Z │",
        "│ (none) │ 9007199254740993 │ (none)                   │",
        "└────────┴──────────────────┴──────────────────────────┘",
      ].join("\n"),
    );
  });

  it("gives a value of several lines several lines, and shows other control characters as numbers", () => {
    const text = textTable([{ a: "x\n\ty\r\nz", b: "\x1b[2J\r\u202egold\u2028" }]);
    assert.deepEqual(text.split("\n").slice(3, 6), [
      "│ x   │ \\u{1b}[2J\\u{d}\\u{202e}gold\\u{2028} │",
      "│   y │                                    │",
      "│ z   │                                    │",
    ]);
  });

  it("fits any terminal from 20 columns on, and shows every character", () => {
    const cell = fc.string({ unit: fc.constantFrom("a", "語", "é", " ", "\n", "👩‍🚀"), maxLength: 60 });
    const rows = fc
      .integer({ min: 1, max: 5 })
      .chain((n) => fc.array(fc.array(cell, { minLength: n, maxLength: n }), { minLength: 1, maxLength: 4 }));
    fc.assert(
      fc.property(rows, fc.integer({ min: 20, max: 120 }), (grid, width) => {
        const objects = grid.map((cells) => Object.fromEntries(cells.map((text, i) => [`c${i}`, text])));
        const text = textTable(objects, { width });
        for (const line of text.split("\n")) assert.ok(stringWidth(line) <= width, line);
        for (const character of ["a", "語", "é", "👩‍🚀"]) {
          const count = (whole: string) => whole.split(character).length - 1;
          assert.equal(count(text), count(grid.flat().join("")), character);
        }
      }),
    );
  });

  it("turns the rows into a list if the columns do not fit", () => {
    const row = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`column_${i}`, "a long value"]));
    assert.match(textTable([row], { width: 80 }), /^── row 1 ─+\ncolumn_0 │ a long value\n/);
  });

  it("is empty without rows", () => {
    assert.equal(textTable([]), "");
  });
});

describe("listLines(rows, options)", () => {
  it("has a line for each value, and more for a value of several lines", () => {
    assert.deepEqual([...listLines([{ a: 1, long: "x\ny" }], { width: 80 })].slice(1), [
      "a    │ 1",
      "long │ x",
      "     │ y",
    ]);
  });
});
