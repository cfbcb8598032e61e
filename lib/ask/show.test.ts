import assert from "node:assert/strict";
import { bars } from "./chart.ts";
import { facts, liveShow, say, show, table } from "./show.ts";

const spec = bars([{ metal: "gold", swords: 60 }], { category: "metal", value: "swords", title: "Swords" });

/** What `action` prints. */
async function printed(action: () => Promise<void> | void): Promise<string[]> {
  const lines: string[] = [];
  const log = console.log;
  console.log = (line: string) => lines.push(line);
  try {
    await action();
  } finally {
    console.log = log;
  }
  return lines;
}

// Inside a kernel: show.live.test.ts.
describe("show(spec) outside a notebook", () => {
  it("prints the description", async () => {
    assert.deepEqual(await printed(() => show(spec)), ["Swords: gold 60"]);
  });
});

describe("liveShow() outside a notebook", () => {
  it("prints the description of each chart", async () => {
    const live = liveShow();
    assert.equal((await printed(async () => (await live(spec), live(spec)))).length, 2);
  });
});

describe("table(rows, { caption, limit }) outside a notebook", () => {
  it("prints the first rows, and how many there are", async () => {
    const [text] = await printed(() =>
      table([{ n: 1 }, { n: 2 }, { n: 3 }], { caption: "Numbers", limit: 2 }),
    );
    assert.equal(text, "Numbers: first 2 of 3 rows\n┌───┐\n│ n │\n├───┤\n│ 1 │\n│ 2 │\n└───┘");
  });

  it("says that there are no rows", async () => {
    assert.deepEqual(await printed(() => table([])), ["no rows"]);
  });
});

describe("say(markdown) outside a notebook", () => {
  it("prints the sentence as it is", async () => {
    assert.deepEqual(await printed(() => say("**60** swords")), ["**60** swords"]);
  });
});

describe("facts(row)", () => {
  it("turns a row on its side", () => {
    assert.deepEqual(facts({ metal: "gold", power_level: 100 }), [
      { name: "metal", value: "gold" },
      { name: "power_level", value: 100 },
    ]);
  });
});
