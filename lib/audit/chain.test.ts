import assert from "node:assert/strict";
import { openChain } from "../land/commits.ts";
import { HdfsModel } from "../testbed/hdfs-model.fixture.ts";
import { type ChainLink, gapsOf, lastLinks, readChains } from "./chain.ts";

const root = "/q";
const topic = "game_events";

/** HDFS with a chain for each list of last offsets; each commit has two files, of 3 and 4 rows. */
async function committed(...chains: number[][]): Promise<HdfsModel> {
  const hdfs = new HdfsModel();
  for (const [partition, ends] of chains.entries()) {
    const chain = await openChain(hdfs, { root, topic, partition });
    for (const last of ends) {
      const file = (table: string, rows: number) => {
        return { table, day: "2026-01-01", rows, data: Buffer.from(table) };
      };
      await chain.commit({ last, last_timestamp: 0, files: [file("a", 3), file("b", 4)] });
    }
  }
  return hdfs;
}

const edges = ({ partition, commit, first, last }: ChainLink) => [partition, commit, first, last];

describe("readChains(options)", () => {
  it("gives each commit with its offsets, rows and files", async () => {
    const links = await readChains({ hdfs: await committed([6, 9], [4]), root, topic });
    assert.deepEqual(links.map(edges), [
      [0, 1, 0, 6],
      [0, 2, 7, 9],
      [1, 1, 0, 4],
    ]);
    assert.ok(links.every(({ rows, files }) => rows === 7 && files === 2));
  });

  it("gives the newest commits of each partition, if there are more", async () => {
    const links = await readChains({ hdfs: await committed([0, 1, 2, 3], [9]), root, topic, newest: 2 });
    assert.deepEqual(links.map(edges), [
      [0, 3, 2, 2],
      [0, 4, 3, 3],
      [1, 1, 0, 9],
    ]);
  });

  it("is empty when nothing has landed", async () => {
    assert.deepEqual(await readChains({ hdfs: new HdfsModel(), root, topic }), []);
  });
});

describe("gapsOf(links, ends)", () => {
  const link = (partition: number, commit: number, first: number, last: number): ChainLink => {
    return { partition, commit, first, last, rows: 1, files: 1, committed_at: new Date() };
  };
  const ends = [
    { partition: 0, high: 10 },
    { partition: 1, high: 5 },
  ];
  const whole = [link(0, 1, 0, 6), link(0, 2, 7, 9), link(1, 1, 0, 4)];

  it("finds no gap in whole chains", () => {
    assert.deepEqual(gapsOf(whole, ends), []);
  });

  it("finds a commit that is missing: at the beginning, between two others, at the end, and a whole chain", () => {
    assert.deepEqual(gapsOf([link(0, 1, 7, 9), whole[2]!], ends), [{ partition: 0, expected: 0, found: 7 }]);
    assert.deepEqual(gapsOf([link(0, 1, 0, 3), ...whole.slice(1)], ends), [
      { partition: 0, expected: 4, found: 7 },
    ]);
    assert.deepEqual(gapsOf([whole[0]!, whole[2]!], ends), [{ partition: 0, expected: 7, found: 10 }]);
    assert.deepEqual(gapsOf(whole.slice(0, 2), ends), [{ partition: 1, expected: 0, found: 5 }]);
  });

  it("finds offsets that two commits cover", () => {
    assert.deepEqual(gapsOf([link(0, 1, 0, 6), link(0, 2, 6, 9), whole[2]!], ends), [
      { partition: 0, expected: 7, found: 6 },
    ]);
  });

  it("names the offsets that Kafka deleted before they were landed", async () => {
    const hdfs = await committed([2]);
    const chain = await openChain(hdfs, { root, topic, partition: 0 });
    await chain.commit({ last: 6, last_timestamp: 0, deleted: [{ from: 3, to: 5 }], files: [] });
    const reason = "Kafka deleted offsets [3, 5) before they were landed";
    assert.deepEqual(gapsOf(await readChains({ hdfs, root, topic }), [{ partition: 0, high: 7 }]), [
      { partition: 0, expected: 3, found: 5, reason },
    ]);
  });

  it("takes any beginning of a chain whose newest commits alone were read", () => {
    assert.deepEqual(gapsOf([link(0, 8, 7, 9), whole[2]!], ends), []);
  });

  it("finds no gap in a partition without a message", () => {
    assert.deepEqual(gapsOf([], [{ partition: 0, high: 0 }]), []);
  });
});

describe("lastLinks(links, count)", () => {
  it("gives the last links of each partition, in their order", async () => {
    const links = await readChains({ hdfs: await committed([0, 1, 2, 3], [8, 9]), root, topic });
    assert.deepEqual(lastLinks(links, 1).map(edges), [
      [0, 4, 3, 3],
      [1, 2, 9, 9],
    ]);
  });
});
