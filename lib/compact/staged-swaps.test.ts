import assert from "node:assert/strict";
import { stagedSwap, swapMarkPath, swapPath, type TableDay } from "../layout.ts";
import { HdfsModel } from "../testbed/hdfs-model.fixture.ts";
import { compactDays } from "./compact-days.ts";
import { untilSwapsEnd } from "./staged-swaps.ts";
import type { SwapEngine } from "./swap-day.ts";

const root = "/q";
const place: TableDay = { root, table: "t", day: "2026-01-31" };
const BATCH = `${root}/staging/swap-0-00000000000000000000-1/t.parquet`; // of a topic named "swap"

describe("compactDays(work, options), after a crash", () => {
  it("deletes the staged files of swaps, and leaves those of batches", async () => {
    const hdfs = new HdfsModel();
    await hdfs.create(stagedSwap(root, "1"), Buffer.from("a copy of a late file"));
    await hdfs.create(BATCH, Buffer.from("batch"));
    const engine = {} as SwapEngine; // there is no day
    await compactDays({ hdfs, root, engine, schema: "default" }, { topics: [], graceMs: 0 });
    assert.deepEqual(
      hdfs.files(`${root}/staging`).map(([path]) => path),
      [BATCH],
    );
  });
});

describe("untilSwapsEnd(hdfs, root, limitMs)", () => {
  it("refuses while the record of a swap is staged, and resolves without one", async () => {
    const hdfs = new HdfsModel();
    await hdfs.create(stagedSwap(root, "1"), Buffer.from("{}"));
    await assert.rejects(untilSwapsEnd(hdfs, root, 1), /swap-1: a swap of files has not ended/);
    await hdfs.remove(stagedSwap(root, "1"));
    await hdfs.create(BATCH, Buffer.from("batch"));
    await untilSwapsEnd(hdfs, root, 1);
  });

  it("waits for the end of a swap that has a record", async () => {
    const hdfs = new HdfsModel();
    await hdfs.create(swapPath(place, 1), Buffer.from(JSON.stringify({ number: 1 })));
    const ended = untilSwapsEnd(hdfs, root, 1).then(() => "ended");
    assert.equal(await Promise.race([ended, new Promise((go) => setTimeout(go, 150, "waits"))]), "waits");
    await hdfs.create(swapMarkPath(place, 1, "done"), Buffer.alloc(0));
    assert.equal(await ended, "ended");
  });
});
