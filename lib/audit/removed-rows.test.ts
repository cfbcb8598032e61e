import assert from "node:assert/strict";
import { removedPath, swapMarkPath, swapPath } from "../layout.ts";
import type { RemovedRow } from "../swaps.ts";
import { HdfsModel } from "../testbed/hdfs-model.fixture.ts";
import { countBesideSwaps } from "./removed-rows.ts";

const root = "/q";
const topic = "t";
const place = { root, table: "a", day: "2026-01-31" };

/** A swap that leaves out one row. */
async function swap(hdfs: HdfsModel, number: number): Promise<void> {
  const row = { table: "a", day: place.day, topic, partition: 0, offset: number };
  await hdfs.create(removedPath(root, `id-${number}`), Buffer.from(JSON.stringify([row])));
  const record = { id: `id-${number}`, number, removed: 1, reason: "compaction" };
  await hdfs.create(swapPath(place, number), Buffer.from(JSON.stringify(record)));
  await hdfs.create(swapMarkPath(place, number, "done"), Buffer.alloc(0));
}

describe("countBesideSwaps(hdfs, place, days, count)", () => {
  it("counts again if a swap left out rows while it counted", async () => {
    const hdfs = new HdfsModel();
    const counts: number[] = [];
    const count = async (removed: RemovedRow[]) => {
      counts.push(removed.length);
      if (counts.length < 3) await swap(hdfs, counts.length);
      return removed.map(({ offset }) => offset);
    };
    assert.deepEqual(await countBesideSwaps(hdfs, { root, topic }, "all", count), [1, 2]);
    assert.deepEqual(counts, [0, 1, 2]);
  });

  it("gives up when each count meets another swap", async () => {
    const hdfs = new HdfsModel();
    let swaps = 0;
    const count = () => swap(hdfs, ++swaps);
    await assert.rejects(countBesideSwaps(hdfs, { root, topic }, "all", count), /5 swaps left out some/);
  });
});
