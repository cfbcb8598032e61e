/**
 * HDFS → how far the landing is: rows per event type, and whether the topic has been caught up with.
 */
import { events } from "../game.ts";
import { until } from "../until.ts";
import { settings } from "../settings.ts";
import { findLastCommit, isVisible } from "../land/commits.ts";
import { type HdfsTarget, type LandedRows, listFiles } from "./files.ts";
import { WebHdfs } from "../webhdfs.ts";

const POLL_MS = 200;
const MAX_MOMENTS = 500; // more than a chart can show

/** Counts the rows of each event type's files, by their footers: event_type → rows, 0 without files. */
export async function countFiles(place: HdfsTarget = {}): Promise<Record<string, number>> {
  const counts = Object.fromEntries(events.map(({ type }) => [type, 0]));
  for (const { table, rows } of await listFiles(place)) {
    const event = events.find((candidate) => candidate.table === table);
    if (event) counts[event.type] = (counts[event.type] ?? 0) + rows;
  }
  return counts;
}

/**
 * Waits until everything below the given offsets is committed and its files are in their tables.
 * @param partitions of the topic, each with the offset `high` behind its last message, as `countTopic` gives them
 * @throws Error naming the partitions that are behind, after `timeoutMs`
 */
export async function untilLanded(
  partitions: { partition: number; high: number }[],
  { topic = settings.topic, root = settings.hdfsRoot, timeoutMs = 60_000 } = {},
): Promise<void> {
  const hdfs = new WebHdfs();
  const ask = async () => {
    const behind: string[] = [];
    for (const { partition, high } of partitions) {
      const last = await findLastCommit(hdfs, { root, topic, partition });
      const next = last ? last.last + 1 : 0;
      const visible = last === null || (await isVisible(hdfs, root, last));
      if (next < high || !visible) behind.push(`partition ${partition} is at offset ${next} of ${high}`);
    }
    if (behind.length === 0) return true;
    throw new Error(`${behind.join(", ")}; is it running? npm run status`);
  };
  try {
    await until(`the stream lands all of ${topic}`, ask, { limitMs: timeoutMs, everyMs: POLL_MS });
  } finally {
    hdfs.close();
  }
}

/** How many rows a table had when a commit had been made. */
export interface LandedSoFar {
  time: Date;
  table: string;
  rows: number;
}

/**
 * The rows of each table after each commit, in the commits' order: one row for every table at each
 * moment of a commit; of more than 500 moments an even choice, with the last one.
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
