import assert from "node:assert/strict";
import { bars } from "./chart.ts";
import { say, show, table, transposed } from "./show.ts";

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

describe("say(markdown) outside a notebook", () => {
  it("prints the sentence unchanged", () => {
    assert.deepEqual(
      printed(() => say("**60** swords")),
      ["**60** swords"],
    );
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
