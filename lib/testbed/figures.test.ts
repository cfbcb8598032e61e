import assert from "node:assert/strict";
import { inTurns, lineOf, median, percentile, ratios } from "./figures.bench.ts";

describe("the figures of npm run bench", () => {
  it("are lines with median, spread, number of rounds, goal, and whether it is met", () => {
    const figure = { id: "M7", what: "query(), p95", unit: "ms", values: [4, 6, 4.5] };
    assert.equal(lineOf(figure), "M7 query(), p95: 4.50 ms (4.00 to 6.00, 3 rounds)");
    const line = (is: "at most" | "at least", value: number) => lineOf({ ...figure, goal: { is, value } });
    assert.match(line("at most", 5), /; goal at most 5\.00 ms: met$/);
    assert.match(line("at most", 4), /: missed$/);
    assert.match(line("at least", 120), /; goal at least 120 ms: missed$/);
    assert.match(line("at least", 4.5), /: met$/);
  });

  it("come from sides in turns, every second round in reverse order", async () => {
    let order = "";
    const side = (name: string) => () => Promise.resolve((order += name).length);
    const values = await inTurns(3, { a: side("A"), b: side("B") });
    assert.equal(order, "ABBAAB");
    assert.deepEqual(values, { a: [1, 4, 5], b: [2, 3, 6] });
    assert.deepEqual(ratios(values.b, values.a), [2, 0.75, 1.2]);
  });

  it("have the middle of an even number of values as median, and a percentile among the values", () => {
    assert.equal(median([4, 1, 3, 2]), 2.5);
    assert.equal(percentile([5, 1, 4, 2, 3], 0.95), 5);
    assert.equal(percentile([5, 1, 4, 2, 3], 0.5), 3);
  });
});
