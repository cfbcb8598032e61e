import assert from "node:assert/strict";
import { inTurns, linesOf, median, percentile, ratios, textOf } from "./figures.bench.ts";

describe("the figures of npm run bench", () => {
  it("have median, spread, number of rounds, goal, and whether it is met", () => {
    const figure = { id: "M7", what: "query(), p95", unit: "ms", values: [4, 6, 4.5] };
    assert.equal(textOf(figure), "M7 query(), p95: 4.50 ms (4.00 to 6.00, 3 rounds)");
    assert.match(textOf({ ...figure, values: [4] }), / \(4\.00 to 4\.00, 1 round\)$/);
    const text = (is: "at most" | "at least", value: number) => textOf({ ...figure, goal: { is, value } });
    assert.match(text("at most", 5), /; goal ≤ 5\.00 ms: met$/);
    assert.match(text("at most", 4), /: missed$/);
    assert.match(text("at least", 120), /; goal ≥ 120 ms: missed$/);
    assert.match(text("at least", 4.5), /: met$/);
  });

  it("fit 80 columns, broken between words", () => {
    const values = [12345, 12345];
    const goal = { is: "at least", value: 80_000 } as const;
    const text = textOf({ id: "M2", what: "POST of 100 events", unit: "events/s", values, goal });
    assert.deepEqual(linesOf(text), [
      "M2 POST of 100 events: 12345 events/s (12345 to 12345, 2 rounds); goal ≥ 80000",
      "    events/s: missed",
    ]);
    assert.deepEqual(linesOf("short"), ["short"]);
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
