import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { inLanes, mapBySize, mapInLanes } from "./lanes.ts";

describe("inLanes(items, work, lanes)", () => {
  it("works on as many items at a time as there are lanes", async () => {
    let [atWork, most] = [0, 0];
    const work = async () => {
      most = Math.max(most, ++atWork);
      await sleep(1);
      atWork--;
    };
    await inLanes(Array(10).fill(0), work, 3);
    assert.deepEqual([most, atWork], [3, 0]);
  });

  it("throws a failure after the other lanes have done the rest", async () => {
    const done: number[] = [];
    const work = async (item: number) => {
      await sleep(item);
      if (item === 2) throw new Error("item 2");
      done.push(item);
    };
    await assert.rejects(inLanes([1, 2, 3, 4, 5], work, 2), /^Error: item 2$/);
    assert.deepEqual(done, [1, 3, 4, 5]);
  });

  it("ends when each lane has failed", async () => {
    let calls = 0;
    const work = () => Promise.reject(new Error(`call ${++calls}`));
    await assert.rejects(inLanes([1, 2, 3, 4], work, 2), /^Error: call 1$/);
    assert.equal(calls, 2);
  });
});

describe("mapInLanes(items, work)", () => {
  it("has the results in the order of the items, whichever ends first", async () => {
    const work = async (item: number) => {
      await sleep(10 - item);
      return item % 2 === 0 ? undefined : 2 * item;
    };
    assert.deepEqual(await mapInLanes([1, 2, 3], work), [2, undefined, 6]);
  });
});

describe("mapBySize(files, bytesOf, work)", () => {
  it("works on small files at once, then on one of 8 MiB or more after another", async () => {
    const atWork = new Set<number>();
    const seen: number[][] = [];
    const work = async (bytes: number) => {
      atWork.add(bytes);
      seen.push([...atWork]);
      await sleep(1);
      atWork.delete(bytes);
      return bytes;
    };
    const large = 8 << 20;
    const results = await mapBySize([large, 1, large + 1, 2], (bytes) => bytes, work);
    assert.deepEqual(results, [1, 2, large, large + 1]);
    assert.deepEqual(seen, [[1], [1, 2], [large], [large + 1]]);
  });
});
