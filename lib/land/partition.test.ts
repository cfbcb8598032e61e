// A partition's real batches and commits, on HDFS in memory and in real time. Each pace is very
// short or endless.
import assert from "node:assert/strict";
import { once, EventEmitter } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { DEFAULT_LIMITS, type Message } from "./batch.ts";
import { type CommitRecord, openChain } from "./commits.ts";
import { commitPath } from "../layout.ts";
import { HdfsModel } from "../testbed/hdfs-model.fixture.ts";
import { OtherTopicError, type Pace, PartitionLander, PositionResetError } from "./partition.ts";

const key = { root: "/q", topic: "t", partition: 0 };
const NEVER_MS = 1_000_000;

function messages(first: number, count: number): Message[] {
  return Array.from({ length: count }, (_, i) => ({
    offset: String(first + i),
    timestamp: "1000",
    value: null,
  }));
}

async function open(
  hdfs: HdfsModel,
  pace: Partial<Pace>,
  hold: Promise<void> = Promise.resolve(),
  high = 0,
  low = 0,
) {
  const chain = await openChain(hdfs, key);
  const events = new EventEmitter();
  const logStart = () => (low >= 0 ? Promise.resolve(low) : Promise.reject(new Error("Kafka is away")));
  const lander = new PartitionLander(
    { topic: "t", partition: 0, chain, high, logStart },
    (commit) => hold.then(commit),
    { limits: DEFAULT_LIMITS, maxAgeMs: NEVER_MS, idleMs: NEVER_MS, loneMs: NEVER_MS, ...pace },
    {
      onCommit: (record) => events.emit("commit", record.first, record.last),
      onRoom: () => events.emit("room"),
      onError: (error) => events.emit("failure", error),
    },
  );
  return { lander, events };
}

describe("PartitionLander", () => {
  const three = { limits: { ...DEFAULT_LIMITS, maxRows: 3 } };

  it("commits a batch when it is full", async () => {
    const { lander, events } = await open(new HdfsModel(), three);
    const committed = once(events, "commit");
    assert.equal(lander.take(messages(0, 4)), 4);
    assert.deepEqual(await committed, [0, 2]);
    lander.close();
  });

  it("commits a batch when it is old, and earlier when no message comes", async () => {
    for (const pace of [{ maxAgeMs: 10 }, { idleMs: 10, loneMs: 10 }]) {
      const { lander, events } = await open(new HdfsModel(), pace);
      const committed = once(events, "commit");
      lander.take(messages(5, 2)); // offsets [0, 5) hold no message: the commit covers them
      assert.deepEqual(await committed, [0, 6]);
      assert.equal(lander.next, 7);
    }
  });

  it("commits a message after a silence soon, and the next messages at the usual pace", async () => {
    const { lander, events } = await open(new HdfsModel(), { loneMs: 1 });
    const committed = once(events, "commit");
    lander.take(messages(0, 1));
    assert.deepEqual(await committed, [0, 0]);
    lander.take(messages(1, 1));
    lander.take(messages(2, 1));
    await sleep(50); // longer than loneMs
    assert.equal(lander.next, 1);
    await lander.drain();
    assert.equal(lander.next, 3);
  });

  it("commits the messages that were there at its start at once, and later ones at its pace", async () => {
    const { lander, events } = await open(new HdfsModel(), {}, undefined, 3);
    const committed = once(events, "commit");
    lander.take(messages(0, 2));
    lander.take(messages(2, 2));
    assert.deepEqual(await committed, [0, 3]);
    lander.take(messages(4, 1));
    lander.close();
    await lander.drain();
    assert.equal(lander.next, 4);
  });

  it("takes one more batch during a commit, then no message until there is room", async () => {
    let release = () => {};
    const { lander, events } = await open(
      new HdfsModel(),
      three,
      new Promise((resolve) => (release = resolve)),
    );
    assert.equal(lander.take(messages(0, 10)), 6);
    assert.equal(lander.take(messages(6, 4)), 0);
    const room = once(events, "room");
    release();
    await room;
    assert.equal(lander.take(messages(6, 4)), 3);
    await lander.drain();
    assert.equal(lander.next, 9);
  });

  it("commits its messages when it is drained, and drops them when it is closed", async () => {
    const hdfs = new HdfsModel();
    const first = await open(hdfs, {});
    first.lander.take(messages(0, 2));
    first.lander.close();
    await first.lander.drain();
    assert.equal(first.lander.next, 0);
    const second = await open(hdfs, {});
    second.lander.take(messages(0, 2));
    await second.lander.drain();
    assert.equal(second.lander.next, 2);
    assert.equal(second.lander.take(messages(2, 1)), 0);
  });

  async function withCommitted(count: number): Promise<HdfsModel> {
    const hdfs = new HdfsModel();
    const { lander } = await open(hdfs, {});
    lander.take(messages(0, count));
    await lander.drain();
    return hdfs;
  }

  const deletedOf = ({ nodes }: HdfsModel, first: number) => {
    const bytes = nodes.get(commitPath(key, first)) as Buffer;
    return (JSON.parse(bytes.toString()) as CommitRecord).deleted;
  };

  it("names the offsets that Kafka deleted, at the start, between batches and in a batch", async () => {
    for (const [before, low, after, deleted] of [
      [0, 5, 5, [{ from: 0, to: 5 }]],
      [3, 5, 5, [{ from: 3, to: 5 }]],
      [3, 5, 6, [{ from: 3, to: 5 }]], // offset 5 holds the end of a transaction
      [3, 3, 6, undefined],
      [3, 5, 3, undefined], // Kafka deleted them after the stream had read them
    ] as const) {
      const hdfs = before === 0 ? new HdfsModel() : await withCommitted(before);
      const { lander } = await open(hdfs, {}, undefined, 0, low);
      lander.take(messages(after, 2));
      await lander.drain();
      assert.deepEqual(deletedOf(hdfs, before), deleted);
    }
    const hdfs = new HdfsModel();
    const { lander } = await open(hdfs, {}, undefined, 0, 5);
    lander.take([...messages(0, 2), ...messages(5, 2)]);
    await lander.drain();
    assert.deepEqual(deletedOf(hdfs, 0), [{ from: 2, to: 5 }]);
  });

  it("fails if Kafka does not say which offsets it deleted", async () => {
    const { lander, events } = await open(new HdfsModel(), { idleMs: 10, loneMs: 10 }, undefined, 0, NaN);
    const failed = once(events, "failure");
    lander.take(messages(5, 2));
    assert.match(String((await failed)[0]), /Kafka is away/);
    assert.equal(lander.next, 0);
  });

  it("reads the last committed message again to check the topic, and does not land it twice", async () => {
    const { lander } = await open(await withCommitted(3), {});
    assert.equal(lander.start, 2);
    assert.equal(lander.take(messages(2, 3)), 3);
    await lander.drain();
    assert.equal(lander.next, 5);
  });

  it("refuses another message at the offset of the last committed one", async () => {
    const { lander } = await open(await withCommitted(3), {});
    const other = [{ ...messages(2, 1)[0]!, timestamp: "1001" }];
    assert.throws(() => lander.take(other), OtherTopicError);
    assert.throws(
      () => lander.take(other.map((message) => ({ ...message, offset: "1" }))),
      PositionResetError,
    );
  });

  it("reports that it lost when another writer was faster", async () => {
    const hdfs = new HdfsModel();
    const [slow, fast] = [await open(hdfs, three), await open(hdfs, {})];
    fast.lander.take(messages(0, 1));
    await fast.lander.drain();
    const failed = once(slow.events, "failure");
    slow.lander.take(messages(0, 3));
    assert.match(
      String((await failed)[0]),
      /PositionTakenError: t partition 0: the commit at offset 0 is committed by/,
    );
    assert.equal(slow.lander.take(messages(3, 1)), 0);
  });
});
