// Tiles of two runs without a kernel: outputs as `tiles` and `say` write them.
import assert from "node:assert/strict";
import { formatValue } from "../ask/format.ts";
import { type Tile, tilesBundle } from "../ask/headline.ts";
import { RESULT_MIME, saidValues } from "../ask/result.ts";
import { runOf } from "../testbed/notebook.fixture.ts";
import type { Output } from "./notebook.ts";
import { resultsOf } from "./results.ts";
import type { Run } from "./run.ts";
import { tileChanges } from "./tile-change.ts";

type Value = Exclude<Tile["value"], object> | Date;

const bundle = (data: object): Output => ({ output_type: "display_data", data: data as never, metadata: {} });
const tiles = (...list: Tile[]): Output => bundle(tilesBundle(list));
const tile = (name: string, value: Value, form: Partial<Tile> = {}): Tile => ({
  label: name,
  value,
  ...form,
});
const said = (value: number | string): Output => {
  return bundle({ [RESULT_MIME]: saidValues(["We sold ", "."], [value]) });
};
const SOURCE = "headline`We sold ${sold}.`;";
const run = (outputs: Output[]): Run => runOf([outputs], { source: SOURCE });
const changes = (before: Run, after: Run): string[] => [
  ...tileChanges(
    after,
    JSON.parse(JSON.stringify(resultsOf(before, "T"))) as ReturnType<typeof resultsOf>,
  ).values(),
];

describe("the change of a tile", () => {
  const cases: [now: Value, before: Value, form: Partial<Tile>, text: string][] = [
    [12, 10, {}, "+2 (+20%) since the last report"],
    [9.9, 10, {}, "−0.1 (−1.0%) since the last report"],
    [0.3, 0.1, {}, "+0.2 (+200%) since the last report"],
    [5, 0, {}, "+5 since the last report"],
    [5, -10, {}, "+15 (+150%) since the last report"],
    [5, 5, {}, "as in the last report"],
    [0.1 + 0.2, 0.3, {}, "as in the last report"],
    [1_000_001, 1_000_000, {}, "+1 since the last report"],
    [50.87, 50.870000000000005, { unit: "€", digits: 2 }, "as in the last report"],
    [50.874, 50.87, { unit: "€", digits: 2 }, "as in the last report"],
    [1234.567800000002, 1234.5678, {}, "as in the last report"],
    [10.0149, 10.0051, { digits: 2 }, "as in the last report"],
    [52, 50.5, { unit: "€", digits: 2 }, "+€1.50 (+3.0%) since the last report"],
    [12.25, 13, { unit: "s", digits: 1 }, "−0.8\u00a0s (−5.8%) since the last report"],
    [75.87, 25, { unit: "%", digits: 2 }, "+50.87 points since the last report"],
    [9, 10, { unit: "%" }, "−1 point since the last report"],
    ["12.75", "12.50", { unit: "€" }, "+€0.25 (+2.0%) since the last report"],
    ["12345678901234567890.55", "12345678901234567889.55", {}, "+1 since the last report"],
    ["12345678901234567890.55", "0.00", { digits: 1 }, "+12,345,678,901,234,567,890.6 since the last report"],
    [2n ** 64n, 2n ** 64n - 1n, {}, "+1 since the last report"],
    ["gold", 5, {}, ""],
    [5, "gold", {}, ""],
    [new Date(0), new Date(1), {}, ""],
  ];
  for (const [now, before, form, text] of cases)
    it(`is "${text}" for ${formatValue(now)} after ${formatValue(before)}, ${JSON.stringify(form)}`, () => {
      const [change] = changes(run([tiles(tile("n", before, form))]), run([tiles(tile("n", now, form))]));
      assert.equal(change, text);
    });
});

describe("tileChanges(run, previous)", () => {
  it("compares a tile with a tile, not with a sentence's number of the same name", () => {
    const one = run([said(301), tiles(tile("Sold, all", 1_000_301, { name: "sold" }))]);
    assert.deepEqual(changes(one, one), ["as in the last report"]);
    const decimal = run([said("3.01"), tiles(tile("Sold, all", "10.50", { name: "sold" }))]);
    const later = run([said("3.01"), tiles(tile("Sold, all", "11.50", { name: "sold" }))]);
    assert.deepEqual(changes(decimal, later), ["+1 (+9.5%) since the last report"]);
  });

  it("has no change for a tile whose name only a sentence had", () => {
    assert.deepEqual(changes(run([said(301)]), run([said(301), tiles(tile("sold", 302))])), [""]);
  });

  it("compares the second tile of a name with the second one", () => {
    const before = run([tiles(tile("n", 1), tile("n", 20)), tiles(tile("n (2)", 300))]);
    const after = run([tiles(tile("n", 2), tile("n", 20))]);
    assert.deepEqual(changes(before, after), ["+1 (+100%) since the last report", "as in the last report"]);
  });

  it("compares a tile whose own name ends in a number in brackets with that tile", () => {
    const before = run([tiles(tile("Week (1)", 1), tile("Week (2)", 20))]);
    assert.deepEqual(changes(before, run([tiles(tile("Week (2)", 20))])), ["as in the last report"]);
  });

  it("says that the last report has other parameters", () => {
    const withTown = (code: string): Run => {
      const one = run([tiles(tile("n", 1), tile("best", "gold"))]);
      one.steps[0]!.notebook.parameters = [{ name: "town", code, isDefault: false }];
      return one;
    };
    const other = "other parameters in the last report";
    assert.deepEqual(changes(withTown('"York"'), withTown('"Leeds"')), [other, ""]);
    assert.deepEqual(changes(withTown('"York"'), withTown('"York"')), ["as in the last report", ""]);
    assert.deepEqual(changes(run([tiles(tile("n", 1))]), withTown('"York"')), [other, ""]);
    const { parameters, ...old } = resultsOf(withTown('"York"'), "T");
    assert.deepEqual(parameters, { "1-first": { town: '"York"' } });
    assert.deepEqual([...tileChanges(withTown('"Leeds"'), old).values()], ["as in the last report", ""]);
  });
});
