import assert from "node:assert/strict";
import type { CommitRecord } from "./commits.ts";
import { type MeasuredStream, readiness, StreamMetrics } from "./stream-metrics.ts";
import type { StreamState } from "./stream.ts";

const idle: StreamState = {
  rows: 0,
  failed: 0,
  commits: 0,
  is_reading: true,
  away: { kafka: false, hdfs: false },
  partitions: [{ partition: 0, next: 7, lag: 3 }],
};

function stream(state: Partial<StreamState> = {}, topic = "game_events"): MeasuredStream {
  return { topic, state: () => ({ ...idle, ...state }), measureLag: () => Promise.resolve() };
}

function record(files: { table: string; rows: number; bytes: number }[]): CommitRecord {
  const whole = files.map((file) => ({ day: "2026-01-31", staged: "", target: "", ...file }));
  const start = { writer: "w", topic: "game_events", partition: 0, first: 0, last: 9, last_timestamp: null };
  return { ...start, committed_at: "2026-01-31T12:00:00.000Z", files: whole };
}

describe("new StreamMetrics().text(streams)", () => {
  /** The lines of a metric without its prefix. */
  async function linesOf(
    metrics: StreamMetrics,
    name: string,
    streams: MeasuredStream[] = [],
  ): Promise<string[]> {
    const lines = (await metrics.text(streams)).split("\n");
    return lines.flatMap((line) =>
      line.startsWith(`questlog_stream_${name}`) ? line.split("_stream_")[1]! : [],
    );
  }

  it("adds up what commits wrote, by table", async () => {
    const metrics = new StreamMetrics();
    const swords = { table: "sword_purchases", rows: 4, bytes: 100 };
    metrics.count(record([swords, { table: "failed_events", rows: 1, bytes: 50 }]), {
      failed: 1,
      timestamps: [],
    });
    const deleted = [{ from: 3, to: 5 }];
    metrics.count({ ...record([swords]), deleted }, { failed: 0, timestamps: [] });
    assert.deepEqual(await linesOf(metrics, "deleted"), ['deleted_offsets_total{topic="game_events"} 2']);
    assert.deepEqual(await linesOf(metrics, "landed_rows"), [
      'landed_rows_total{table="sword_purchases"} 8',
      'landed_rows_total{table="failed_events"} 1',
    ]);
    assert.deepEqual(await linesOf(metrics, "written"), [
      'written_files_total{table="sword_purchases"} 2',
      'written_files_total{table="failed_events"} 1',
      'written_bytes_total{table="sword_purchases"} 200',
      'written_bytes_total{table="failed_events"} 50',
    ]);
    assert.deepEqual(await linesOf(metrics, "commits"), ['commits_total{topic="game_events"} 2']);
    assert.deepEqual(await linesOf(metrics, "failed"), ['failed_rows_total{topic="game_events"} 1']);
  });

  it("measures the age of each message at landing; a message from the future has age 0", async () => {
    const metrics = new StreamMetrics();
    const now = Date.now();
    metrics.count(record([]), {
      failed: 0,
      timestamps: [now - 4_000, now - 4_000, now - 90_000, now + 60_000],
    });
    const lines = await linesOf(metrics, "landed_seconds");
    for (const line of [
      'bucket{le="0.25"} 1',
      'bucket{le="3"} 1',
      'bucket{le="5"} 3',
      'bucket{le="300"} 4',
    ]) {
      assert.ok(lines.includes(`landed_seconds_${line}`), `${line} is not in ${lines.join("\n")}`);
    }
  });

  it("shows the lag of the partitions that the streams read now, and of no others", async () => {
    const metrics = new StreamMetrics();
    await metrics.text([stream({ partitions: [{ partition: 1, next: 0, lag: 5 }] })]);
    assert.deepEqual(await linesOf(metrics, "lag", [stream(), stream({}, "failed_events")]), [
      'lag_events{topic="game_events",partition="0"} 3',
      'lag_events{topic="failed_events",partition="0"} 3',
    ]);
  });

  it("shows which service is away", async () => {
    const lines = await linesOf(new StreamMetrics(), "service_away", [
      stream({ away: { kafka: false, hdfs: true } }),
    ]);
    assert.deepEqual(lines, [
      'service_away{topic="game_events",service="kafka"} 0',
      'service_away{topic="game_events",service="hdfs"} 1',
    ]);
  });
});

describe("readiness(streams)", () => {
  it("is ready when every stream reads and no service is away", () => {
    assert.equal(readiness([]).ready, false, "before there are streams");
    assert.equal(readiness([stream(), stream()]).ready, true);
    for (const trouble of [
      { is_reading: false },
      { away: { kafka: true, hdfs: false } },
      { away: { kafka: false, hdfs: true } },
    ]) {
      const { ready, topics } = readiness([stream(), stream(trouble, "failed_events")]);
      assert.equal(ready, false);
      assert.deepEqual(topics[1], { topic: "failed_events", ...idle, ...trouble });
    }
  });
});
