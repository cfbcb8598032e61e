import assert from "node:assert/strict";
import { LandedGround } from "../testbed/ground.fixture.ts";
import { readOffsets } from "../topic.ts";
import { eventsSince } from "./counted.ts";
import { difference, watchTables } from "./counts.ts";

describe("watchTables(selection, expected)", () => {
  const ground = new LandedGround();
  let selection: ReturnType<typeof eventsSince>;

  before(async () => {
    await ground.create();
    await ground.createTopics();
    const offsets = await readOffsets({ topic: ground.topic });
    await ground.send(2);
    await ground.land();
    selection = eventsSince(offsets, ground.place);
  });
  after(() => ground.remove());

  it("ends with the first sample that shows the expected rows", async () => {
    const samples = await watchTables(selection, Promise.resolve({ join_a_guild: 3 }));
    const last = samples.filter(({ event_type }) => event_type === "join_a_guild").at(-1);
    assert.equal(last?.rows, 3);
  });

  it("counts no row of another session, and none from before the selection", async () => {
    const later = eventsSince(await readOffsets({ topic: ground.topic }), ground.place);
    for (const none of [{ ...selection, where: { session: "another" } }, later])
      await assert.rejects(
        watchTables(none, Promise.resolve({ join_a_guild: 1 }), { timeoutMs: 0 }),
        /expected the rows join_a_guild 1 in the tables within 0 s after the last request, got .*join_a_guild 0\b/,
      );
  });

  it("rejects with the error of sending the events", async () => {
    const failed = watchTables(selection, Promise.reject(new Error("no API")));
    await assert.rejects(failed, { message: "no API" });
  });
});

describe("difference(after, before)", () => {
  it("counts a type without a number before as 0", () => {
    assert.deepEqual(difference({ a: 5, b: 2 }, { a: 3 }), { a: 2, b: 2 });
  });
});
