// The real rules of a folder's pages, in an HDFS in memory that counts the requests.
import assert from "node:assert/strict";
import fc from "fast-check";
import { findLastCommit } from "../land/commits.ts";
import { commitPath } from "../layout.ts";
import { HdfsModel } from "../testbed/hdfs-model.fixture.ts";
import { commitsBetween, newestCommits } from "./chain-names.ts";

const key = { root: "/q", topic: "game_events", partition: 0 };
const LONG = 20_000; // commits

class CountedHdfs extends HdfsModel {
  requests = 0;

  override list(path: string, after = ""): ReturnType<HdfsModel["list"]> {
    this.requests++;
    return super.list(path, after);
  }
}

async function chainOf(firsts: readonly number[], pageSize: number): Promise<CountedHdfs> {
  const hdfs = new CountedHdfs({ pageSize });
  for (const first of firsts) await hdfs.create(commitPath(key, first), Buffer.from(`{"first":${first}}`));
  return hdfs;
}

/** The first offsets of commits with these numbers of messages. */
function firstsOf(sizes: readonly number[]): number[] {
  let next = 0;
  return sizes.map((size) => (next += size) - size);
}

const chains = fc.record({
  sizes: fc.array(fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 60_000 })), {
    maxLength: 40,
  }),
  pageSize: fc.integer({ min: 1, max: 5 }),
});

describe("commitsBetween(hdfs, key, range)", () => {
  it("finds the same commits as a list of the whole chain, of any chain and range", async () => {
    const property = fc.asyncProperty(chains, fc.nat(), fc.nat(), async ({ sizes, pageSize }, a, b) => {
      const firsts = firstsOf(sizes);
      const end = sizes.reduce((sum, size) => sum + size, 0) + 2;
      const [from, to] = [a % end, (a % end) + (b % end)];
      const hdfs = await chainOf(firsts, pageSize);
      const begun = Math.max(
        0,
        firsts.findLastIndex((first) => first <= from),
      );
      const expected = firsts.slice(begun).filter((first) => first < to);
      assert.deepEqual(await commitsBetween(hdfs, key, { from, to }), expected);
    });
    await fc.assert(property, { numRuns: 300 });
  });

  it("asks a few times, however long the chain is", async () => {
    const hdfs = await chainOf(firstsOf(Array<number>(LONG).fill(8)), 1_000);
    const end = LONG * 8;
    assert.deepEqual(await commitsBetween(hdfs, key, { from: end - 1, to: end }), [end - 8]);
    assert.ok(hdfs.requests < 5, `${hdfs.requests} requests`);
  });
});

describe("newestCommits(hdfs, key, count)", () => {
  it("finds the same commits as a list of the whole chain, of any chain", async () => {
    const property = fc.asyncProperty(
      chains,
      fc.integer({ min: 1, max: 50 }),
      async ({ sizes, pageSize }, n) => {
        const firsts = firstsOf(sizes);
        const hdfs = await chainOf(firsts, pageSize);
        const found = await newestCommits(hdfs, key, n);
        assert.deepEqual(found, { firsts: firsts.slice(-n), older: Math.max(0, firsts.length - n) });
      },
    );
    await fc.assert(property, { numRuns: 300 });
  });

  it("asks a few times, however long the chain is, as does the search for the last commit", async () => {
    const firsts = firstsOf(Array.from({ length: LONG }, (_, i) => 1 + (i % 15)));
    const hdfs = await chainOf(firsts, 1_000);
    const last = await findLastCommit(hdfs, key);
    assert.equal(last?.first, firsts.at(-1));
    assert.ok(hdfs.requests < 6, `${hdfs.requests} requests`);
    const { older } = await newestCommits(hdfs, key, 100);
    assert.equal(older, LONG - 100);
    assert.ok(hdfs.requests < 25, `${hdfs.requests} requests`);
  });
});
