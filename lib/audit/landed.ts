/**
 * HDFS → a wait until a whole topic has landed, and the rows that landed over time.
 */
import { until } from "../until.ts";
import { settings } from "../settings.ts";
import { type CommitRecord, isVisible, readRecord } from "../land/commits.ts";
import { type ChainKey, commitPath } from "../layout.ts";
import { hasMessageFrom } from "../topic.ts";
import { commitsBetween } from "./chain-names.ts";
import type { LandedRows } from "./files.ts";
import { WebHdfs } from "../webhdfs.ts";

const POLL_MS = 200;
const STUCK_MS = 2_000; // with the same last commit, until Kafka is asked for messages behind it
const MAX_UNSEEN = 1_000; // offsets behind the last commit that may have no message
const MAX_MOMENTS = 500; // more than a chart can show

/**
 * Waits until all messages below the given offsets are committed, with their files in the tables.
 * @param partitions each with `high`, the offset behind its last message, and with `low`, the first
 *   offset that Kafka still has: see `readOffsets`
 * @throws Error after `timeoutMs`, with the partitions that are behind
 */
export async function untilLanded(
  partitions: { partition: number; low?: number; high: number }[],
  { topic = settings.topic, root = settings.hdfsRoot, timeoutMs = 60_000 } = {},
): Promise<void> {
  const hdfs = new WebHdfs();
  const seen = new Map<number, { next: number; since: number }>(); // by partition
  const hasMore = async (partition: number, next: number, high: number) => {
    if (seen.get(partition)?.next !== next) seen.set(partition, { next, since: Date.now() });
    if (Date.now() - seen.get(partition)!.since < STUCK_MS) return next < high;
    seen.delete(partition); // asks again after the next two seconds
    return hasUnlanded({ topic, partition }, next, high).catch(() => true);
  };
  const ask = async () => {
    const behind: string[] = [];
    for (const { partition, low = 0, high } of partitions) {
      const last = await lastCommitFrom(hdfs, { root, topic, partition }, high);
      const next = Math.max(low, last ? last.last + 1 : 0);
      const visible = last === null || (await isVisible(hdfs, root, last));
      if (visible && !(await hasMore(partition, next, high))) continue;
      behind.push(`partition ${partition} is at offset ${next} of ${high}`);
    }
    if (behind.length === 0) return true;
    throw new Error(`${behind.join(", ")}; npm run status shows what runs`);
  };
  try {
    await until(`the stream lands all of ${topic}`, ask, { limitMs: timeoutMs, everyMs: POLL_MS });
  } finally {
    hdfs.close();
  }
}

/**
 * Whether an offset of [next, high) has a message that can land. Up to 1,000 offsets can lack one:
 * ends of transactions, and messages of aborted ones.
 */
export async function hasUnlanded(
  { topic, partition }: { topic: string; partition: number },
  next: number,
  high: number,
): Promise<boolean> {
  if (next >= high || high - next > MAX_UNSEEN) return next < high;
  return hasMessageFrom(next, partition, { topic });
}

/** The chain's last commit; quick if it begins about `high`. */
async function lastCommitFrom(hdfs: WebHdfs, key: ChainKey, high: number): Promise<CommitRecord | null> {
  const behind = { from: Math.max(0, high - 1), to: Number.MAX_SAFE_INTEGER };
  const last = (await commitsBetween(hdfs, key, behind)).at(-1);
  return last === undefined ? null : readRecord(hdfs, commitPath(key, last));
}

/** The number of rows that a table had after a commit. */
export interface LandedSoFar {
  time: Date;
  table: string;
  rows: number;
}

/**
 * The rows of each table after each commit, in the order of the commits: one entry for each table
 * and each time of a commit. Of more than 500 times an even choice remains, with the last one.
 */
export function landedSoFar(landed: readonly LandedRows[]): LandedSoFar[] {
  const soFar = new Map(landed.map(({ table }) => [table, 0]));
  const moments = new Map<number, LandedSoFar[]>();
  for (const { committed_at: time, table, rows } of landed) {
    soFar.set(table, soFar.get(table)! + rows);
    moments.set(
      time.getTime(),
      [...soFar].map(([name, total]) => ({ time, table: name, rows: total })),
    );
  }
  const nth = Math.ceil(moments.size / MAX_MOMENTS);
  return [...moments.values()].filter((_, i) => (moments.size - 1 - i) % nth === 0).flat();
}
