import assert from "node:assert/strict";
import { countTables, difference, watchTables } from "./counts.ts";
import { createTables } from "./tables.ts";

describe("watchTables(before, expected)", () => {
  let before: Record<string, number>;
  beforeEach(async () => {
    await createTables();
    before = await countTables();
  });

  it("ends with the first sample that shows the expected growth", async () => {
    const earlier = { ...before, join_a_guild: before.join_a_guild! - 3 };
    const samples = await watchTables(earlier, Promise.resolve({ join_a_guild: 3 }));
    const last = samples.filter(({ event_type }) => event_type === "join_a_guild").at(-1);
    assert.equal(last?.rows, 3);
  });

  it("throws with the growth so far when the time is over", async () => {
    const failed = watchTables(before, Promise.resolve({ join_a_guild: 1 }), { timeoutMs: 0 });
    await assert.rejects(
      failed,
      /expected the tables to grow by join_a_guild 1 within 0 s after the last request, got .*join_a_guild 0\b/,
    );
  });

  it("rejects with the error of sending the events", async () => {
    await assert.rejects(watchTables(before, Promise.reject(new Error("no API"))), { message: "no API" });
  });
});

describe("difference(after, before)", () => {
  it("counts a type without a number before as 0", () => {
    assert.deepEqual(difference({ a: 5, b: 2 }, { a: 3 }), { a: 2, b: 2 });
  });
});
