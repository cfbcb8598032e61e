/**
 * A ledger's end and the commit chain → the next offsets to audit, in portions of whole commits.
 *
 * A portion has at most 100,000 offsets, or one commit that has more. So an audit needs no more
 * memory for a million messages than for one portion of each partition.
 */
import type { OffsetRange } from "../ask/counted.ts";
import { type CommitRecord, isVisible, readRecord } from "../land/commits.ts";
import { type ChainKey, commitPath } from "../layout.ts";
import type { Hdfs } from "../webhdfs.ts";
import { commitsBetween } from "./chain-names.ts";
import type { LostOffsets } from "./ledger.ts";

const MAX_OFFSETS = 100_000; // of a portion

/** Offsets `[from, to)` of a partition that were committed together. */
export interface Portion extends OffsetRange {
  days: string[]; // of the commits' files
  lost: LostOffsets[]; // offsets that Kafka deleted before they were landed
}

/** The end of a commit chain, as it was at the beginning of an audit. */
export interface ChainNames {
  key: ChainKey;
  firsts: number[]; // the offset at which each commit begins
}

/** Thrown when the commits of a chain do not follow each other. */
export class ChainError extends Error {
  override name = "ChainError";
}

/**
 * Lists the commits of a partition from the one that covers `from`. An audit ends with this list,
 * while the stream goes on.
 */
export async function listCommits(hdfs: Hdfs, key: ChainKey, from: number): Promise<ChainNames> {
  return { key, firsts: await commitsBetween(hdfs, key, { from, to: Number.MAX_SAFE_INTEGER }) };
}

/**
 * The portion that begins at offset `from`; null: no commit covers this offset.
 * @throws ChainError if there is a gap or an overlap
 */
export async function nextPortion(
  hdfs: Hdfs,
  { key, firsts }: ChainNames,
  from: number,
  maxOffsets = MAX_OFFSETS,
): Promise<Portion | null> {
  const portion: Portion = { partition: key.partition, from, to: from, days: [], lost: [] };
  const days = new Set<string>();
  const begun = Math.max(
    0,
    firsts.findLastIndex((first) => first <= from),
  );
  for (const first of firsts.slice(begun)) {
    const record = await readRecord(hdfs, commitPath(key, first));
    if (record === null || record.last < portion.to) continue;
    const isNext = record.first === portion.to || (portion.to === from && record.first < from);
    if (!isNext) throw new ChainError(gapText(key, portion.to, record));
    if (portion.to > from && record.last + 1 - from > maxOffsets) break;
    if (first === firsts.at(-1) && !(await isVisible(hdfs, key.root, record))) break;
    for (const { day } of record.files) days.add(day);
    for (const one of record.deleted ?? []) portion.lost.push({ ...one, before: "landing" });
    portion.to = record.last + 1;
  }
  return portion.to === from ? null : { ...portion, days: [...days].sort() };
}

function gapText({ topic, partition }: ChainKey, expected: number, { first }: CommitRecord): string {
  return `${topic} partition ${partition}: expected a commit from offset ${expected}, found one from ${first}`;
}
