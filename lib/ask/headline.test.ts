import assert from "node:assert/strict";
import { RESULT_MIME } from "./result.ts";
import { headline, tiles, tilesBundle } from "./headline.ts";

describe("headline`…` and tiles(list) outside a notebook", () => {
  let printed: string[];
  const log = console.log;
  beforeEach(() => {
    printed = [];
    console.log = (text: string) => printed.push(text);
  });
  afterEach(() => (console.log = log));

  it("print their text", () => {
    void headline`Players bought **${1234}** swords.`;
    tiles([
      { label: "sold", value: 1234 },
      { label: "price", value: "12.50", unit: "€" },
      { label: "delay", value: 0.5, unit: "s", digits: 2 },
      { label: "begin", value: new Date("2026-11-25T10:00:00Z") },
      { label: "best metal", value: "gold" },
    ]);
    assert.deepEqual(printed, [
      "Players bought **1,234** swords.",
      "sold: 1,234\nprice: €12.50\ndelay: 0.50\u00a0s\nbegin: 2026-11-25 10:00 UTC\nbest metal: gold",
    ]);
  });

  it("refuse values that are no number, text or time", () => {
    for (const value of [null, undefined, NaN, {}, true])
      assert.throws(
        () => tiles([{ label: "sold", value: value as never }]),
        /tiles: expected a number, a text or a time for "sold", got /,
      );
    assert.throws(() => headline(["x"] as never), /headline: expected a template/);
  });
});

describe("tilesBundle(list)", () => {
  it("keeps each digit of a decimal, in the text and in the result", () => {
    const value = "12345678901234567890.55";
    const { [RESULT_MIME]: results, "text/plain": text } = tilesBundle([{ label: "sum", value, digits: 1 }]);
    assert.deepEqual(results.values, [{ name: "sum", kind: "tile", value }]);
    assert.equal(text, "sum: 12,345,678,901,234,567,890.6");
  });
});
