/** A topic that Spark lands, as its driver tells it → the state that probes and metrics show. */
import type { CommitRecord } from "../land/commits.ts";
import type { StreamState } from "../land/stream.ts";

export class SparkTopic {
  readonly topic: string;
  isReading = false;
  wasReading = false;
  #totals = { rows: 0, failed: 0, commits: 0 };
  #partitions = new Map<number, { next: number; high: number }>();

  constructor(topic: string) {
    this.topic = topic;
  }

  /** Takes over the ends of this topic's partitions. */
  measured(ends: readonly { topic: string; partition: number; next: number; high: number }[]): void {
    this.isReading = true;
    this.wasReading = true;
    for (const { topic, partition, next, high } of ends)
      if (topic === this.topic) this.#partitions.set(partition, { next, high });
  }

  commit({ partition, last, files }: CommitRecord, failed: number): void {
    const high = Math.max(this.#partitions.get(partition)?.high ?? 0, last + 1);
    this.#partitions.set(partition, { next: last + 1, high });
    this.#totals.commits++;
    this.#totals.failed += failed;
    for (const { rows } of files) this.#totals.rows += rows;
  }

  state(): StreamState {
    const partitions = [...this.#partitions]
      .map(([partition, { next, high }]) => ({ partition, next, lag: Math.max(0, high - next) }))
      .sort((a, b) => a.partition - b.partition);
    return { ...this.#totals, is_reading: this.isReading, away: { kafka: false, hdfs: false }, partitions };
  }

  /** The driver tells the lag every 2 s by itself. */
  measureLag(): Promise<void> {
    return Promise.resolve();
  }

  positions(): string {
    const facts = this.state().partitions.map(
      ({ partition, next }) => `partition ${partition} from offset ${next}`,
    );
    return `${this.topic}: ${facts.join(", ")}`;
  }

  totals(): string {
    const { rows, failed, commits } = this.#totals;
    return `${this.topic} ended: ${rows} rows landed in ${commits} commits, ${failed} of the rows failed events`;
  }
}
