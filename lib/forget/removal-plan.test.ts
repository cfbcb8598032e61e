// A removal in an HDFS in memory that goes away at each request, before it or after it.
import assert from "node:assert/strict";
import { readRemovals } from "../audit/removals.ts";
import type { AuditRecord } from "../audit/ledger.ts";
import { failedEvents } from "../catalog.ts";
import { ParquetFile } from "../land/parquet.ts";
import { forgetFolder } from "../layout.ts";
import { readStoredRows } from "../rebuild/stored-values.ts";
import { HdfsModel } from "../testbed/hdfs-model.fixture.ts";
import type { FoundFile, FoundRow } from "./find-rows.ts";
import { carryOut, type ForgetPlan, planOf, type PlanWork, readPlan, writePlan } from "./removal-plan.ts";

const root = "/q";
const topic = "t";
const day = "2026-01-31";
const folder = `${root}/tables/failed_events/day=${day}`;
const GONE = [1, 4, 5]; // offsets
const records = [0, 4].map((from) => ({ partition: 0, from, to: from + 4 })) as AuditRecord[];

/** Two files of 4 rows each. */
async function newHdfs(): Promise<HdfsModel> {
  const hdfs = new HdfsModel({ pageSize: 1000 });
  for (const first of [0, 4]) {
    const file = new ParquetFile(failedEvents.columns);
    for (let offset = first; offset < first + 4; offset++)
      file.append([`text ${offset}`, Date.parse(day), "no", topic, 0, offset]);
    await hdfs.create(`${folder}/t-0-${first}.parquet`, file.finish());
  }
  return hdfs;
}

async function offsetsIn(hdfs: HdfsModel): Promise<number[]> {
  const offsets: number[] = [];
  for (const [, bytes] of hdfs.files(folder))
    for await (const row of readStoredRows(bytes)) offsets.push(row.offset);
  return offsets.sort((a, b) => a - b);
}

function newPlan(): ForgetPlan {
  const files = [0, 4].map((first): FoundFile => {
    const rows = GONE.filter((offset) => offset >= first && offset < first + 4).map((offset): FoundRow => {
      return { topic, partition: 0, offset, type: "failed_events", day, id: null };
    });
    return { path: `${folder}/t-0-${first}.parquet`, table: failedEvents.table, rows };
  });
  return planOf(topic, files, [{ topic, partition: 0, messages: 3, last: 5 }], records);
}

/** @param deleted gets what is deleted from the topic */
function workOn(hdfs: HdfsModel, deleted: unknown[] = []): PlanWork {
  return {
    hdfs,
    root,
    deleteMessages: (below) => {
      deleted.push(...below);
      return Promise.resolve();
    },
    emptyDay: () => Promise.resolve(),
    clearDay: () => Promise.resolve(),
    at: () => {},
  };
}

/** An HDFS that fails from its n-th request on; `done`: after it has done that request. */
function failingAt(hdfs: HdfsModel, n: number, isDone: boolean): HdfsModel {
  let left = n;
  return new Proxy(hdfs, {
    get(target, name: keyof HdfsModel) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      return async (...args: never[]) => {
        const call = () => (target[name] as (...args: never[]) => unknown).call(target, ...args);
        if (left-- > 0) return call();
        if (left === -1 && isDone) await call();
        throw new Error("HDFS is away");
      };
    },
  });
}

describe("a removal", () => {
  it("deletes what a compaction has written and not named: no search finds its rows", async () => {
    const hdfs = await newHdfs();
    const compacted = `${root}/compacted/failed_events`;
    const kept = [`${compacted}/finished.json`, `${compacted}/day=${day}/a/swap-a-0.parquet`];
    const unnamed = [`${compacted}/day=${day}/b/20260131_part`, `${compacted}/day=${day}/a/_part`];
    for (const path of [...kept, ...unnamed]) await hdfs.create(path, Buffer.from("rows"));
    await carryOut(workOn(hdfs), newPlan());
    assert.deepEqual(
      hdfs.files(compacted).map(([path]) => path),
      kept,
    );
  });

  it("has a record of the audit for each row, and deletes messages up to the last one", () => {
    const { removed, deleted, below } = newPlan();
    const counted = removed.map(({ from, counts }) => [from, counts]);
    const of = (messages: number) => [{ type: "failed_events", day, messages }];
    assert.deepEqual(counted, [
      [0, of(1)],
      [4, of(2)],
    ]);
    assert.deepEqual(deleted, [{ partition: 0, offset: 6 }]);
    assert.deepEqual(below, [{ topic, partition: 0, offset: 6 }]);
  });

  for (const isDone of [false, true])
    it(`ends right after a failure at each request, ${isDone ? "which HDFS did" : "which HDFS did not do"}`, async () => {
      let failed = 0;
      for (let n = 0; ; n++) {
        const hdfs = await newHdfs();
        const deleted: unknown[] = [];
        const plan = newPlan();
        const first = workOn(failingAt(hdfs, n, isDone), deleted);
        const isWhole = await writePlan(first, plan)
          .then(() => carryOut(first, plan))
          .then(
            () => true,
            () => false,
          );
        const left = await readPlan(hdfs, root);
        if (left !== null) await carryOut(workOn(hdfs, deleted), left);
        const offsets = await offsetsIn(hdfs);
        const { records: made, problems } = await readRemovals(hdfs, root, topic);
        assert.deepEqual(problems, []);
        const isBegun = left !== null || made.length > 0;
        assert.deepEqual(offsets, isBegun ? [0, 2, 3, 6, 7] : [0, 1, 2, 3, 4, 5, 6, 7], `request ${n}`);
        assert.deepEqual([made.length, deleted.length > 0], isBegun ? [1, true] : [0, false], `request ${n}`);
        if (isBegun) assert.equal(await hdfs.status(forgetFolder(root)), null);
        if (isWhole) break;
        failed++;
      }
      assert.ok(failed > 15, `${failed} failures`);
    });

  it("refuses a second removal at the same time", async () => {
    const hdfs = await newHdfs();
    const work = workOn(hdfs);
    await writePlan(work, newPlan());
    await assert.rejects(
      writePlan(work, newPlan()),
      /another removal is at work; to finish it: npm run forget/,
    );
  });
});
