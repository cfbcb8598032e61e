/**
 * Offset ranges of the topic → the commits that cover them, and the file rows of their messages.
 *
 * A file is not read if its name is that of a commit outside the ranges. A file with any other name
 * is read, because it may be a copy that somebody put there.
 */
import { posix } from "node:path";
import { type AsyncBuffer, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import type { OffsetRange } from "../ask/counted.ts";
import { failedEvents } from "../catalog.ts";
import { peek } from "../envelope.ts";
import { settings } from "../settings.ts";
import { type CommitRecord, readRecord } from "../land/commits.ts";
import { commitsFolder, commitPath, fileName, parseFileName } from "../layout.ts";
import { commitsBetween } from "./chain-names.ts";
import { findFiles, withHdfs, type HdfsTarget } from "./files.ts";
import { mapBySize, mapInLanes } from "../lanes.ts";
import { namesIn } from "../folders.ts";
import type { Hdfs } from "../webhdfs.ts";

/** One row of a file. */
export interface FileRow {
  table: string;
  day: string; // YYYY-MM-DD, of the file's folder
  event_type: string | null; // of an event, in its row
  event_id: string | null; // null: a message that is not an event
  failed_type: string | null; // the type that a message of failed_events names
  partition: number;
  offset: number;
  path: string;
  row: number; // in its file, from 1
}

export interface ChainTarget extends HdfsTarget {
  topic?: string;
}

/** Days of files; undefined: all. */
export interface Days {
  days?: ReadonlySet<string> | undefined;
}

/** Reads the commits that cover `ranges`, in the order of the partitions and offsets. */
export async function readCommits(
  ranges: readonly OffsetRange[],
  { topic = settings.topic, ...target }: ChainTarget = {},
): Promise<CommitRecord[]> {
  return withHdfs(target, async (hdfs, root) => {
    const found: CommitRecord[] = [];
    for (const range of ranges) {
      const key = { root, topic, partition: range.partition };
      const touching = await commitsBetween(hdfs, key, range);
      const records = await mapInLanes(touching, (first) => readRecord(hdfs, commitPath(key, first)));
      for (const record of records) if (record && record.last >= range.from) found.push(record);
    }
    return found;
  });
}

/** Reads the rows of the messages in `ranges` from the files of all tables. */
export async function readFileRows(
  ranges: readonly OffsetRange[],
  { topic = settings.topic, days, ...target }: ChainTarget & Days = {},
): Promise<FileRow[]> {
  return withHdfs(target, async (hdfs, root) => {
    const covering = await readCommits(ranges, { hdfs, root, topic });
    const found = await findFiles(hdfs, root, { days });
    const names = found.map(({ path }) => posix.basename(path));
    const others = await filesOfOtherCommits(names, covering, { hdfs, root, topic });
    const otherTopics = (await namesIn(hdfs, commitsFolder(root))).filter((name) => name !== topic);
    const files = found.filter(({ path }) => {
      const name = posix.basename(path);
      return !others.has(name) && !otherTopics.includes(parseFileName(name)?.topic ?? "");
    });
    const read = (file: TableFile) => readRows(hdfs, topic, file, ranges);
    return (await mapBySize(files, ({ bytes }) => bytes, read)).flat();
  });
}

/** The days of the commits' files. */
export function daysOf(commits: readonly CommitRecord[]): Set<string> {
  return new Set(commits.flatMap(({ files }) => files.map(({ day }) => day)));
}

/** Whether one of the ranges contains this position. */
export function isIn(ranges: readonly OffsetRange[], partition: number, offset: number): boolean {
  return ranges.some((one) => one.partition === partition && offset >= one.from && offset < one.to);
}

/** The names among `names` that are those of commits outside `covering`. */
async function filesOfOtherCommits(
  names: readonly string[],
  covering: readonly CommitRecord[],
  { hdfs, root, topic }: { hdfs: Hdfs; root: string; topic: string },
): Promise<Set<string>> {
  const kept = new Set(covering.map(({ partition, first }) => fileName({ topic, partition, first })));
  const starts = names.filter((name) => !kept.has(name)).flatMap((name) => parseFileName(name) ?? []);
  const ours = starts.filter((start) => start.topic === topic);
  const others = new Set<string>();
  for (const [partition, named] of Map.groupBy(ours, (start) => start.partition)) {
    const wanted = named.map(({ first }) => first).sort((a, b) => a - b);
    const range = { from: wanted[0]!, to: wanted.at(-1)! + 1 };
    const firsts = new Set(await commitsBetween(hdfs, { root, topic, partition }, range));
    for (const first of wanted) if (firsts.has(first)) others.add(fileName({ topic, partition, first }));
  }
  return others;
}

interface TableFile {
  table: string;
  day: string;
  path: string;
  bytes: number;
}

/**
 * Reads the rows of one file in some ranges: only the columns with position, id and type. Goes from
 * row group to row group, so that the memory does not grow with the file.
 */
async function readRows(
  hdfs: Hdfs,
  topic: string,
  { table, day, path, bytes }: TableFile,
  ranges: readonly OffsetRange[],
): Promise<FileRow[]> {
  const isFailed = table === failedEvents.table;
  const own = isFailed ? ["topic", "raw_event"] : ["event_id", "event_type"];
  const columns = ["kafka_partition", "kafka_offset", ...own];
  const file = fileBytes(hdfs, path, bytes);
  const metadata = await parquetMetadataAsync(file);
  const found: FileRow[] = [];
  let rowStart = 0;
  for (const { num_rows } of metadata.row_groups) {
    const rowEnd = rowStart + Number(num_rows);
    const rows = await parquetReadObjects({ file, metadata, columns, rowStart, rowEnd });
    for (const [i, row] of rows.entries()) {
      const [partition, offset] = [Number(row.kafka_partition), Number(row.kafka_offset)];
      if ((isFailed && row.topic !== topic) || !isIn(ranges, partition, offset)) continue;
      found.push({
        table,
        day,
        event_type: isFailed ? null : String(row.event_type),
        event_id: isFailed ? null : String(row.event_id),
        failed_type: isFailed ? peek(row.raw_event as string | null).event_type : null,
        partition,
        offset,
        path,
        row: rowStart + i + 1,
      });
    }
    rowStart = rowEnd;
  }
  return found;
}

/** A file for hyparquet, which reads one range of bytes at a time. */
export function fileBytes(hdfs: Hdfs, path: string, byteLength: number): AsyncBuffer {
  return {
    byteLength,
    slice: async (start, end = byteLength) => {
      const bytes = await hdfs.read(path, { offset: start, length: end - start });
      if (bytes === null) throw new Error(`${path}: expected a file, but it was deleted meanwhile`);
      return new Uint8Array(bytes).buffer;
    },
  };
}
