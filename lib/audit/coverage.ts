/**
 * A stretch of the topic → the commits that cover it, and each row of the files that came from it.
 *
 * A file is left out only if a commit of another stretch has made it, which its name tells. A
 * file of any other name is read: it may be a copy that somebody put there.
 */
import { type AsyncBuffer, parquetReadObjects } from "hyparquet";
import { failedEvents } from "../catalog.ts";
import { settings } from "../settings.ts";
import { type CommitRecord, readRecord } from "../land/commits.ts";
import {
  chainFolder,
  chainsFolder,
  commitsFolder,
  parseFileName,
  parseCommitName,
  commitName,
  commitPath,
} from "../layout.ts";
import { findFiles, inPlace, type LandedPlace, mapInParallel, namesIn } from "./files.ts";
import type { Hdfs } from "../webhdfs.ts";

/** Offsets of one partition, from `from` up to, without, `to`. */
export interface Stretch {
  partition: number;
  from: number;
  to: number;
}

/** One row of a file. */
export interface FileRow {
  table: string;
  event_id: string | null; // null: a message that is not an event
  partition: number;
  offset: number;
  path: string;
  row: number; // in its file, from 1
}

export interface PlacesOptions extends LandedPlace {
  topic?: string;
}

/** Reads the commits that cover `stretches`, in the order of the partitions and offsets. */
export async function readCommits(
  stretches: readonly Stretch[],
  { topic = settings.topic, ...place }: PlacesOptions = {},
): Promise<CommitRecord[]> {
  return inPlace(place, async (hdfs, root) => {
    const found: CommitRecord[] = [];
    for (const stretch of stretches) {
      const key = { root, topic, partition: stretch.partition };
      const names = await namesIn(hdfs, chainFolder(key));
      const firsts = names.map(parseCommitName).filter((first) => first !== null);
      const begun = firsts.findLastIndex((first) => first <= stretch.from);
      const touching = firsts.slice(Math.max(0, begun)).filter((first) => first < stretch.to);
      const records = await mapInParallel(touching, (first) => readRecord(hdfs, commitPath(key, first)));
      for (const record of records) if (record && record.last >= stretch.from) found.push(record);
    }
    return found;
  });
}

/** Reads the rows of `stretches` from the files of all tables, in whatever file they stand. */
export async function readFileRows(
  stretches: readonly Stretch[],
  { topic = settings.topic, ...place }: PlacesOptions = {},
): Promise<FileRow[]> {
  return inPlace(place, async (hdfs, root) => {
    const isOfOthers = await otherCommits(hdfs, root, topic, stretches);
    const files = (await findFiles(hdfs, root)).filter(({ path }) => !isOfOthers(path));
    const rows = await mapInParallel(files, (file) => readRows(hdfs, topic, file));
    return rows.flat().filter(({ partition, offset }) => isIn(stretches, partition, offset));
  });
}

/** Whether one of the stretches holds this place of the topic. */
export function isIn(stretches: readonly Stretch[], partition: number, offset: number): boolean {
  return stretches.some((one) => one.partition === partition && offset >= one.from && offset < one.to);
}

/** Makes the function that knows, by its name, a file that a commit outside the stretches has made. */
async function otherCommits(
  hdfs: Hdfs,
  root: string,
  topic: string,
  stretches: readonly Stretch[],
): Promise<(path: string) => boolean> {
  const topics = await namesIn(hdfs, commitsFolder(root));
  const others = new Set<string>(); // "partition/record name" of this topic's commits
  for (const partition of await namesIn(hdfs, chainsFolder(root, topic))) {
    const records = await namesIn(hdfs, chainFolder({ root, topic, partition: Number(partition) }));
    for (const record of records) others.add(`${partition}/${record}`);
  }
  for (const { partition, first } of await readCommits(stretches, { hdfs, root, topic }))
    others.delete(`${partition}/${commitName(first)}`);
  return (path) => {
    const made = parseFileName(path.slice(path.lastIndexOf("/") + 1));
    if (made === null) return false;
    if (made.topic !== topic) return topics.includes(made.topic);
    return others.has(`${made.partition}/${commitName(made.first)}`);
  };
}

interface TableFile {
  table: string;
  path: string;
  bytes: number;
}

/** One file's rows; only the columns that tell a message's place are read. */
async function readRows(hdfs: Hdfs, topic: string, { table, path, bytes }: TableFile): Promise<FileRow[]> {
  const isFailed = table === failedEvents.table;
  const columns = ["kafka_partition", "kafka_offset", isFailed ? "topic" : "event_id"];
  const rows = await parquetReadObjects({ file: fileBytes(hdfs, path, bytes), columns });
  return rows.flatMap(({ kafka_partition, kafka_offset, event_id, topic: landedFrom = topic }, i) => {
    if (landedFrom !== topic) return [];
    const place = { partition: Number(kafka_partition), offset: Number(kafka_offset) };
    return { table, event_id: isFailed ? null : String(event_id), ...place, path, row: i + 1 };
  });
}

/** A file as hyparquet reads it: a range at a time. */
function fileBytes(hdfs: Hdfs, path: string, byteLength: number): AsyncBuffer {
  return {
    byteLength,
    slice: async (start, end = byteLength) => {
      const bytes = await hdfs.read(path, { offset: start, length: end - start });
      if (bytes === null) throw new Error(`${path}: expected a file, but it was deleted while it was read`);
      return new Uint8Array(bytes).buffer;
    },
  };
}
