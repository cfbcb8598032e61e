import assert from "node:assert/strict";
import { headline, tiles } from "./headline.ts";

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
