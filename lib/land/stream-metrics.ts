/**
 * Streams and their commits → metrics in Prometheus' text format.
 *
 * Counters begin at 0 with the process. Each scrape asks Kafka for the lag, since a stream that
 * waits for HDFS fetches nothing. While Kafka is away, the metric keeps the last known lag.
 */
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { failedEvents } from "../catalog.ts";
import type { CommitRecord } from "./commits.ts";
import type { BatchSummary } from "./partition.ts";
import type { Stream } from "./stream.ts";

/** The part of a stream that its metrics need. */
export type MeasuredStream = Pick<Stream, "topic" | "state" | "measureLag">;

const LANDED_BUCKETS_S = [0.25, 0.5, 1, 2, 3, 5, 10, 30, 60, 300, 1800];

export class StreamMetrics {
  readonly #registry = new Registry();
  readonly #rows = this.#counter("landed_rows_total", "Rows committed, failed events included", "table");
  readonly #failed = this.#counter("failed_rows_total", `Rows committed to ${failedEvents.table}`, "topic");
  readonly #commits = this.#counter("commits_total", "Commits", "topic");
  readonly #deleted = this.#counter(
    "deleted_offsets_total",
    "Offsets that Kafka deleted before they were landed",
    "topic",
  );
  readonly #files = this.#counter("written_files_total", "Parquet files committed", "table");
  readonly #bytes = this.#counter("written_bytes_total", "Bytes of the Parquet files committed", "table");
  readonly #landed = new Histogram({
    name: "questlog_stream_landed_seconds",
    help: "Seconds from a message's Kafka timestamp until its file is in its table",
    buckets: LANDED_BUCKETS_S,
    registers: [this.#registry],
  });
  readonly #lag = new Gauge({
    name: "questlog_stream_lag_events",
    help: "Messages that are not yet committed, in the partitions that this process reads",
    labelNames: ["topic", "partition"],
    registers: [this.#registry],
  });
  readonly #away = new Gauge({
    name: "questlog_stream_service_away",
    help: "1 while the stream waits for the service",
    labelNames: ["topic", "service"],
    registers: [this.#registry],
  });

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Counts a commit whose files are in their tables. */
  count({ topic, files, deleted = [] }: CommitRecord, { failed, timestamps }: BatchSummary): void {
    const now = Date.now();
    this.#commits.inc({ topic });
    this.#failed.inc({ topic }, failed);
    for (const { from, to } of deleted) this.#deleted.inc({ topic }, to - from);
    for (const { table, rows, bytes } of files) {
      this.#rows.inc({ table }, rows);
      this.#files.inc({ table });
      this.#bytes.inc({ table }, bytes);
    }
    // A producer's clock may be ahead of ours.
    for (const timestamp of timestamps) this.#landed.observe(Math.max(0, now - timestamp) / 1000);
  }

  /** All metrics, with the present state of the streams. */
  async text(streams: readonly MeasuredStream[]): Promise<string> {
    await Promise.all(streams.map((stream) => stream.measureLag()));
    this.#lag.reset(); // drops the partitions that another process reads now
    for (const stream of streams) {
      const { topic } = stream;
      const { partitions, away } = stream.state();
      for (const { partition, lag } of partitions) this.#lag.set({ topic, partition }, lag);
      for (const [service, isAway] of Object.entries(away))
        this.#away.set({ topic, service }, Number(isAway));
    }
    return this.#registry.metrics();
  }

  #counter<L extends string>(name: string, help: string, label: L): Counter<L> {
    const registers = [this.#registry];
    return new Counter({ name: `questlog_stream_${name}`, help, labelNames: [label], registers });
  }
}

/** Ready when there are streams, every stream reads, and no service is away. */
export function readiness(streams: readonly MeasuredStream[]): { ready: boolean; topics: object[] } {
  const topics = streams.map((stream) => ({ topic: stream.topic, ...stream.state() }));
  const ready =
    topics.length > 0 && topics.every((one) => one.is_reading && !one.away.kafka && !one.away.hdfs);
  return { ready, topics };
}
