/**
 * HDFS → the commit chains as rows, and the gaps in them.
 *
 * A commit record covers the offsets from `first` to `last`, both inclusive. The record's file is
 * named by `first`, so the folder's listing alone shows where each commit begins. The record says
 * where it ends. A chain without a gap covers each offset exactly once. Offsets that Kafka deleted
 * before they were landed are a gap too: the record that covers them names them.
 */
import { settings } from "../settings.ts";
import { type CommitRecord, type DeletedOffsets, describeDeleted, readRecord } from "../land/commits.ts";
import { chainsFolder, commitPath } from "../layout.ts";
import { newestCommits } from "./chain-names.ts";
import { withHdfs, type HdfsTarget } from "./files.ts";
import { mapInLanes } from "../lanes.ts";
import { namesIn } from "../folders.ts";

const MAX_COMMITS = 500; // of each partition

/** One commit of a partition's chain. */
export interface ChainLink {
  partition: number;
  commit: number; // in its chain, from 1
  first: number; // offset, inclusive
  last: number; // offset, inclusive
  rows: number; // in all files of the commit
  files: number;
  committed_at: Date; // by the stream's clock
  deleted?: DeletedOffsets[]; // absent: Kafka deleted none of its offsets before they were landed
}

/**
 * Two neighbouring commits, or a commit and the end of the partition, with a gap or an overlap; or
 * offsets `[expected, found)` that Kafka deleted.
 */
export interface ChainGap {
  partition: number;
  expected: number; // the offset behind the commit before
  found: number; // the first offset of the next commit, or the end of the partition
  reason?: string; // of deleted offsets: "Kafka deleted offsets [3, 5) before they were landed"
}

/**
 * Reads the chain of each partition, in the order of partitions and offsets.
 * @param options.newest number of commits that are read of each partition, counted from its chain's
 * end
 */
export async function readChains({
  topic = settings.topic,
  newest = MAX_COMMITS,
  ...target
}: HdfsTarget & { topic?: string; newest?: number } = {}): Promise<ChainLink[]> {
  return withHdfs(target, async (hdfs, root) => {
    const links: ChainLink[] = [];
    const partitions = (await namesIn(hdfs, chainsFolder(root, topic))).map(Number).sort((a, b) => a - b);
    for (const partition of partitions) {
      const key = { root, topic, partition };
      const { firsts, older } = await newestCommits(hdfs, key, newest);
      const records = await mapInLanes(firsts, (first) => readRecord(hdfs, commitPath(key, first)));
      for (const [i, record] of records.entries())
        if (record !== null) links.push(linkOf(record, older + i + 1));
    }
    return links;
  });
}

/**
 * The gaps and overlaps of chains, and the offsets that Kafka deleted. The first commit has to
 * begin at offset 0, and each other commit behind the commit before it. The last commit has to
 * reach the partition's end.
 * @param ends each partition with `high`, the offset behind its last message: see `readOffsets`
 */
export function gapsOf(
  links: readonly ChainLink[],
  ends: readonly { partition: number; high: number }[],
): ChainGap[] {
  const gaps: ChainGap[] = [];
  for (const { partition, high } of ends) {
    const chain = links.filter((link) => link.partition === partition);
    const oldest = chain[0];
    let expected = oldest === undefined || oldest.commit === 1 ? 0 : oldest.first;
    for (const { first, last, deleted = [] } of chain) {
      if (first !== expected) gaps.push({ partition, expected, found: first });
      for (const one of deleted) {
        gaps.push({ partition, expected: one.from, found: one.to, reason: describeDeleted(one) });
      }
      expected = last + 1;
    }
    // A chain may reach beyond `high`: newer messages can have landed since then.
    if (high > expected) gaps.push({ partition, expected, found: high });
  }
  return gaps;
}

/** The last `count` links of each partition's chain. */
export function lastLinks(links: readonly ChainLink[], count: number): ChainLink[] {
  return links.filter(
    ({ partition, first }) =>
      links.filter((other) => other.partition === partition && other.first > first).length < count,
  );
}

function linkOf(record: CommitRecord, commit: number): ChainLink {
  const { partition, first, last, files, deleted } = record;
  const rows = files.reduce((sum, file) => sum + file.rows, 0);
  const committed_at = new Date(record.committed_at);
  const link = { partition, commit, first, last, rows, files: files.length, committed_at };
  return deleted === undefined ? link : { ...link, deleted };
}
