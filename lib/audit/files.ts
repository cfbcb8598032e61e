/**
 * HDFS → the files of the tables, and the rows of each commit.
 *
 * The number of a file's rows comes from the file's own footer. So it can be compared with the
 * number in the commit record.
 */
import { namesIn } from "../folders.ts";
import { settings } from "../settings.ts";
import { type CommitRecord, readRecord } from "../land/commits.ts";
import {
  chainsFolder,
  commitPath,
  dayFolder,
  parseDayName,
  swappedDaysFolder,
  type TableDay,
  tableFolder,
  tablesFolder,
} from "../layout.ts";
import { newestCommits } from "./chain-names.ts";
import { footerBytes, readRowCount } from "../parquet-footer.ts";
import { mapInLanes } from "../lanes.ts";
import { currentFiles, dataFiles, findCommitted, readSwaps } from "../swaps.ts";
import { type Hdfs, WebHdfs } from "../webhdfs.ts";

/** One Parquet file of a table. */
export interface LandedFile {
  table: string;
  day: string; // YYYY-MM-DD
  path: string;
  rows: number;
  bytes: number;
  written_at: Date;
}

/** A commit, by its place in the topic. */
export interface CommitPlace {
  partition: number;
  first: number; // offset
}

/** Rows that one commit put into one table. */
export interface LandedRows {
  committed_at: Date; // by the stream's clock
  partition: number;
  table: string;
  rows: number;
}

/** Where to look; default: the HDFS and the folder of the settings. */
export interface HdfsTarget {
  hdfs?: Hdfs;
  root?: string; // HDFS folder
}

const MAX_COMMITS = 5_000; // of each partition

/** Lists the files of all tables, or of one, by table, day and name. */
export async function listFiles({ table, ...target }: HdfsTarget & { table?: string } = {}): Promise<
  LandedFile[]
> {
  return withHdfs(target, async (hdfs, root) => {
    const found = await findFiles(hdfs, root, { table });
    const rows = await mapInLanes(found, ({ path, bytes }) => countRows(hdfs, path, bytes));
    return found.map((file, i) => ({ ...file, rows: rows[i]! }));
  });
}

/** Lists the files of some commits, in the commits' order. */
export async function listFilesOf(
  commits: readonly CommitPlace[],
  { topic = settings.topic, ...target }: HdfsTarget & { topic?: string } = {},
): Promise<LandedFile[]> {
  return withHdfs(target, async (hdfs, root) => {
    const records = await mapInLanes([...commits], ({ partition, first }) =>
      readRecord(hdfs, commitPath({ root, topic, partition }, first)),
    );
    const files = records.flatMap((record) => record?.files ?? []);
    return mapInLanes(files, async ({ table, day, target }) => {
      const { file, replaced } = await findCommitted(hdfs, { root, table, day }, target);
      if (replaced !== null) {
        const { rows, bytes, made_at } = replaced;
        return { table, day, path: target, rows, bytes, written_at: new Date(made_at) };
      }
      if (file === null) throw new Error(`${target}: expected a file of a commit, found none`);
      const { path, bytes, modified_at } = file;
      const rows = await countRows(hdfs, path, bytes);
      return { table, day, path, rows, bytes, written_at: new Date(modified_at) };
    });
  });
}

/** Like `listFiles`, but without the number of rows, for which a file has to be read. */
export async function findFiles(
  hdfs: Hdfs,
  root: string,
  { table, days }: { table?: string | undefined; days?: ReadonlySet<string> | undefined } = {},
): Promise<Omit<LandedFile, "rows">[]> {
  const names = table === undefined ? await namesIn(hdfs, tablesFolder(root)) : [table];
  const swapped = new Set(await namesIn(hdfs, swappedDaysFolder(root)));
  const places: TableDay[] = [];
  for (const name of names) {
    for (const folder of await namesIn(hdfs, tableFolder(root, name))) {
      const day = parseDayName(folder);
      if (day !== null && days?.has(day) !== false) places.push({ root, table: name, day });
    }
  }
  const found = await mapInLanes(places, async (place) => {
    const { table, day } = place;
    const files = swapped.has(day)
      ? await currentFiles(hdfs, await readSwaps(hdfs, place))
      : await dataFiles(hdfs, dayFolder(root, table, day));
    return files.map(({ path, bytes, modified_at }) => {
      return { table, day, path, bytes, written_at: new Date(modified_at) };
    });
  });
  return found.flat();
}

/**
 * Lists the rows of each commit in each table, oldest first.
 * @param options.newest number of commits that are read of each partition
 */
export async function listLandedRows({
  topic = settings.topic,
  newest = MAX_COMMITS,
  ...target
}: HdfsTarget & { topic?: string; newest?: number } = {}): Promise<LandedRows[]> {
  return withHdfs(target, async (hdfs, root) => {
    const landed: LandedRows[] = [];
    for (const partition of (await namesIn(hdfs, chainsFolder(root, topic))).map(Number)) {
      const key = { root, topic, partition };
      const { firsts } = await newestCommits(hdfs, key, newest);
      const records = await mapInLanes(firsts, (first) => readRecord(hdfs, commitPath(key, first)));
      for (const record of records) if (record) landed.push(...rowsOf(record));
    }
    return landed.sort((a, b) => a.committed_at.getTime() - b.committed_at.getTime());
  });
}

function rowsOf({ committed_at, partition, files }: CommitRecord): LandedRows[] {
  return files.map(({ table, rows }) => ({ committed_at: new Date(committed_at), partition, table, rows }));
}

/** The number of rows in a file, by its own footer. */
export async function countRows(hdfs: Hdfs, path: string, bytes: number): Promise<number> {
  const tail = (length: number) => hdfs.read(path, { offset: Math.max(0, bytes - length), length });
  let end = await tail(16 << 10); // most footers are shorter
  if (end && footerBytes(end) > end.length) end = await tail(footerBytes(end));
  if (end === null) throw new Error(`${path}: expected a file, but it was deleted meanwhile`);
  return readRowCount(end);
}

/** Runs `work` with the target's client. Without one, opens a client and closes it afterwards. */
export async function withHdfs<T>(
  { hdfs, root = settings.hdfsRoot }: HdfsTarget,
  work: (hdfs: Hdfs, root: string) => Promise<T>,
): Promise<T> {
  if (hdfs) return work(hdfs, root);
  const own = new WebHdfs();
  try {
    return await work(own, root);
  } finally {
    own.close();
  }
}
