import assert from "node:assert/strict";
import { isEventId } from "../envelope.ts";
import { newEventId } from "./event-id.ts";

describe("newEventId()", () => {
  const ids = Array.from({ length: 20_000 }, newEventId);

  it("makes UUIDs of version 7 with the present time", () => {
    for (const id of ids) assert.ok(isEventId(id) && id[14] === "7", id);
    const time = parseInt(newEventId().replaceAll("-", "").slice(0, 12), 16);
    assert.ok(Math.abs(Date.now() - time) < 10_000);
  });

  it("makes no id twice, also after its pool of random bytes is used up", () => {
    assert.equal(new Set(ids).size, ids.length);
    const ends = new Set(ids.map((id) => id.slice(-11)));
    assert.ok(ends.size > ids.length * 0.99, "the random parts differ too");
  });

  it("makes ids that sort in the order of their making", () => {
    assert.deepEqual(ids.toSorted(), ids);
  });
});
