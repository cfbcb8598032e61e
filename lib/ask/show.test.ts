import assert from "node:assert/strict";
import { bars } from "./chart.ts";
import { type Said, say, show, table, transposed } from "./show.ts";

const spec = bars([{ metal: "gold", swords: 60 }], { category: "metal", value: "swords", title: "Swords" });

/** The lines that `action` prints. */
function printed(action: () => void): string[] {
  const lines: string[] = [];
  const log = console.log;
  console.log = (line: string) => lines.push(line);
  try {
    action();
  } finally {
    console.log = log;
  }
  return lines;
}

// show.live.test.ts tests the same functions inside a kernel.
describe("show(spec) outside a notebook", () => {
  it("prints the description", () => {
    assert.deepEqual(
      printed(() => show(spec)),
      ["Swords: gold 60"],
    );
  });
});

describe("table(rows, { caption, limit }) outside a notebook", () => {
  it("prints the first rows, and the number of all rows", () => {
    const [text] = printed(() => table([{ n: 1 }, { n: 2 }, { n: 3 }], { caption: "Numbers", limit: 2 }));
    assert.equal(text, "Numbers: first 2 of 3 rows\n┌───┐\n│ n │\n├───┤\n│ 1 │\n│ 2 │\n└───┘");
  });

  it("prints the columns that are asked for", () => {
    const [text] = printed(() => table([{ a: 1, b: 2, c: 3 }], { columns: ["c", "a"] }));
    assert.match(text!, /│ c │ a │[^]*│ 3 │ 1 │/);
  });

  it("says that there are no rows", () => {
    assert.deepEqual(
      printed(() => table([])),
      ["no rows"],
    );
  });
});

describe("say`…` outside a notebook", () => {
  const shown = (value: unknown) => String(value);
  const all = (...values: Said[]) => printed(() => say`${values[0]!} and ${values[1] ?? ""}`)[0];

  it("prints the sentence, with values as people write them", () => {
    assert.deepEqual(
      printed(() => say`**${60}** swords`),
      ["**60** swords"],
    );
    assert.equal(all(1234567, 9007199254740993n), "1,234,567 and 9,007,199,254,740,993");
    assert.equal(all(12.3456, "1234567.80"), "12.35 and 1,234,567.80");
    assert.equal(all(new Date(0), false), "1970-01-01 and false");
    assert.equal(all("2026.1 a", "0123"), "2026.1 a and 0123");
  });

  it("refuses undefined, null, NaN, objects and texts of them, and names their place", () => {
    const invalid = [
      undefined,
      null,
      NaN,
      Infinity,
      {},
      [1],
      new Date(NaN),
      "a undefined b",
      "[object Object]",
      "1 NaN",
    ];
    for (const value of invalid as Said[])
      assert.throws(() => say`Trino shows ${value} swords`, {
        message: `say: expected a value after "Trino shows ", got ${shown(value)}`,
      });
  });

  it("shows any text in code", () => {
    const sent = '{"metal": "undefined"}';
    assert.deepEqual(
      printed(() => say`\`${sent}\` and\n\`\`\`json\n${sent}\n\`\`\``),
      [`\`${sent}\` and\n\`\`\`json\n${sent}\n\`\`\``],
    );
    assert.throws(() => say`\`${sent}\` and \`\`\`a\`\`\` ${sent}`, /expected a value after/);
  });

  it("refuses to be called without a template", () => {
    assert.throws(() => (say as (text: unknown) => void)("60"), /^Error: say: expected a template/);
  });
});

describe("transposed(row)", () => {
  it("makes a row of each name and value", () => {
    assert.deepEqual(transposed({ metal: "gold", power_level: 100 }), [
      { name: "metal", value: "gold" },
      { name: "power_level", value: 100 },
    ]);
  });
});
