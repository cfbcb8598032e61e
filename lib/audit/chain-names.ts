/**
 * A long commit chain → the first offsets of a few commits, without a list of them all.
 *
 * HDFS lists the names of a folder in their order, page by page, from any name on, and says how
 * many names follow. A commit's name is its first offset. So the commit that covers an offset is
 * found by steps back from it: 1 offset, 32, 1,024, ….
 */
import { chainFolder, type ChainKey, commitName, parseCommitName } from "../layout.ts";
import { findLastCommit } from "../land/commits.ts";
import type { Hdfs } from "../webhdfs.ts";

const STEP_FACTOR = 32;

/** The newest commits of a chain. */
export interface NewestCommits {
  firsts: number[];
  older: number; // commits before them
}

/** The first offsets of the commits that can cover offsets in `[from, to)`, in their order. */
export async function commitsBetween(
  hdfs: Hdfs,
  key: ChainKey,
  { from, to }: { from: number; to: number },
): Promise<number[]> {
  const start = await startBefore(hdfs, key, from);
  const firsts = await firstsFrom(hdfs, key, start, to);
  const begun = firsts.findLastIndex((first) => first <= from);
  return firsts.slice(Math.max(0, begun)).filter((first) => first < to);
}

/** The first offsets of the last `count` commits. */
export async function newestCommits(hdfs: Hdfs, key: ChainKey, count: number): Promise<NewestCommits> {
  const last = await findLastCommit(hdfs, key);
  if (last === null) return { firsts: [], older: 0 };
  for (let step = count; ; step *= STEP_FACTOR) {
    const low = Math.max(0, last.first - step);
    if (low > 0 && (await namesFrom(hdfs, key, low)) < count) continue;
    const all = await namesFrom(hdfs, key, 0);
    const firsts = await firstsFrom(hdfs, key, low, last.first + 1);
    const newer = await namesFrom(hdfs, key, last.first + 1);
    // The stream goes on meanwhile: then the numbers belong to different times.
    if ((await namesFrom(hdfs, key, 0)) !== all) return newestCommits(hdfs, key, count);
    return { firsts: firsts.slice(-count), older: all - newer - Math.min(count, firsts.length) };
  }
}

/** The first offset of a commit that begins at `from` or before; without one 0. */
async function startBefore(hdfs: Hdfs, key: ChainKey, from: number): Promise<number> {
  for (let step = 0; ; step = Math.max(1, step * STEP_FACTOR)) {
    const low = from - step;
    if (low <= 0) return 0;
    const { entries } = await hdfs.list(chainFolder(key), commitName(low - 1));
    const before = offsetsOf(entries).filter((first) => first <= from);
    if (before.length > 0) return before.at(-1)!;
  }
}

/** The first offsets at `start` or behind it, up to the page with `to`. */
async function firstsFrom(hdfs: Hdfs, key: ChainKey, start: number, to: number): Promise<number[]> {
  const firsts: number[] = [];
  for (let after = nameBefore(start); ;) {
    const { entries, more } = await hdfs.list(chainFolder(key), after);
    for (const first of offsetsOf(entries)) if (first < to) firsts.push(first);
    const last = entries.at(-1);
    if (last === undefined || more === 0 || last.name >= commitName(Math.min(to, Number.MAX_SAFE_INTEGER)))
      return firsts;
    after = last.name;
  }
}

/** The number of names from an offset on. */
async function namesFrom(hdfs: Hdfs, key: ChainKey, start: number): Promise<number> {
  const { entries, more } = await hdfs.list(chainFolder(key), nameBefore(start));
  return entries.length + more;
}

function nameBefore(offset: number): string {
  return offset === 0 ? "" : commitName(offset - 1);
}

function offsetsOf(entries: readonly { name: string }[]): number[] {
  return entries.map(({ name }) => parseCommitName(name)).filter((first) => first !== null);
}
