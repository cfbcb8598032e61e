import assert from "node:assert/strict";
import type { CommitRecord } from "../land/commits.ts";
import { hopsOf, type TimedEvent } from "./freshness.ts";

const at = (ms: number) => new Date(1_800_000_000_000 + ms);

/** Event i of its partition: the API has it at second i, Kafka 5 ms later. */
const message = (i: number, event_type = "default", partition = 0): TimedEvent => {
  const received = i * 1_000;
  return { event_type, partition, offset: i, received_at: at(received), timestamp: at(received + 5) };
};
const commit = (first: number, last: number, ms: number, partition = 0) =>
  ({ partition, first, last, committed_at: at(ms).toISOString() }) as CommitRecord;
const sample = (ms: number, rows: number, event_type = "default") => {
  return { time: at(ms), seconds: ms / 1_000, event_type, rows };
};

describe("hopsOf(messages, commits, samples)", () => {
  it("measures each hop to the commit and the sample that first hold the event", () => {
    const hops = hopsOf(
      [message(0), message(1)],
      [commit(0, 0, 300), commit(1, 1, 1_400)],
      [sample(100, 0), sample(500, 1), sample(1_000, 1), sample(1_900, 2)],
    );
    assert.deepEqual(hops, [
      { hop: "produced", p50_ms: 5, p95_ms: 5, p99_ms: 5 },
      { hop: "landed", p50_ms: 295, p95_ms: 395, p99_ms: 395 },
      { hop: "visible", p50_ms: 200, p95_ms: 500, p99_ms: 500 },
      { hop: "in all", p50_ms: 500, p95_ms: 900, p99_ms: 900 },
    ]);
  });

  it("takes percentiles by rank", () => {
    const messages = Array.from({ length: 100 }, (_, i) => ({
      ...message(0),
      offset: i,
      timestamp: at(i + 1),
    }));
    const [produced] = hopsOf(messages, [commit(0, 99, 1_000)], [sample(1_000, 100)]);
    assert.deepEqual(produced, { hop: "produced", p50_ms: 50, p95_ms: 95, p99_ms: 99 });
  });

  it("counts the rows of each type, over all partitions, in the order of the commits", () => {
    const messages = [message(0, "a", 0), message(0, "a", 1), message(1, "b", 0)];
    const hops = hopsOf(
      messages,
      [commit(0, 1, 2_000, 0), commit(0, 0, 100, 1)],
      [sample(200, 1, "a"), sample(200, 0, "b"), sample(2_100, 2, "a"), sample(2_500, 1, "b")],
    );
    assert.deepEqual(hops[2], { hop: "visible", p50_ms: 100, p95_ms: 500, p99_ms: 500 });
  });

  it("refuses events without a commit or a sample, and a run without events", () => {
    assert.throws(() => hopsOf([], [], []), /expected events, got none/);
    assert.throws(() => hopsOf([message(3)], [commit(0, 2, 1)], []), /offset 3: expected a commit, got none/);
    assert.throws(
      () => hopsOf([message(0)], [commit(0, 0, 1)], [sample(9, 0)]),
      /default: expected a sample with 1 rows or more, got none/,
    );
  });
});
