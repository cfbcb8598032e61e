// A day whose compaction left rows out, in an HDFS in memory.
import assert from "node:assert/strict";
import { removedPath, swapMarkPath, swapPath } from "../layout.ts";
import { HdfsModel } from "../testbed/hdfs-model.fixture.ts";
import { countBesideSwaps } from "./removed-rows.ts";

const place = { root: "/q", table: "book_sales", day: "2026-01-31" };

describe("countBesideSwaps(hdfs, place, days, count)", () => {
  it("hands out all rows that a compaction left out, also a whole day that was sent twice", async () => {
    const hdfs = new HdfsModel();
    const left = Array.from({ length: 200_000 }, () => ({ topic: "t" }));
    const record = { id: "one", number: 1, reason: "compaction", removed: left.length, files: [] };
    await hdfs.create(swapPath(place, 1), Buffer.from(JSON.stringify(record)));
    await hdfs.create(swapMarkPath(place, 1, "done"), Buffer.alloc(0));
    await hdfs.create(removedPath(place.root, "one"), Buffer.from(JSON.stringify(left)));
    const count = (removed: unknown[]) => Promise.resolve(removed.length);
    assert.equal(await countBesideSwaps(hdfs, { root: "/q", topic: "t" }, "all", count), left.length);
  });
});
