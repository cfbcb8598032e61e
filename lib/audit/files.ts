/**
 * HDFS → what has landed: the tables' files, and the commits.
 *
 * A file's rows are read from its own footer, so that they can be held against
 * what the commit records say.
 */
import { settings } from "../settings.ts";
import { type CommitRecord, readRecord } from "../land/commits.ts";
import { chainFolder, chainsFolder, dayFolder, parseDayName, tableFolder, tablesFolder } from "../layout.ts";
import { footerBytes, readRowCount } from "../land/parquet.ts";
import { type FileStatus, type Hdfs, WebHdfs } from "../webhdfs.ts";

/** One Parquet file of a table. */
export interface LandedFile {
  table: string;
  day: string; // YYYY-MM-DD
  path: string;
  rows: number;
  bytes: number;
  written_at: Date;
}

/** Rows that one commit put into one table. */
export interface LandedRows {
  committed_at: Date; // by the stream's clock
  partition: number;
  table: string;
  rows: number;
}

/** Where to look: the settings' place unless told otherwise. */
export interface HdfsTarget {
  hdfs?: Hdfs;
  root?: string; // HDFS folder
}

const PARALLEL = 8; // requests
const MAX_COMMITS = 5_000; // of each partition

/** Lists the files of all tables, or of one, by table, day and name. */
export async function listFiles({ table, ...place }: HdfsTarget & { table?: string } = {}): Promise<
  LandedFile[]
> {
  return withHdfs(place, async (hdfs, root) => {
    const found = await findFiles(hdfs, root, table);
    const rows = await mapInParallel(found, ({ path, bytes }) => countRows(hdfs, path, bytes));
    return found.map(({ table, day, path, bytes, written_at }, i) => ({
      ...{ table, day, path, rows: rows[i]!, bytes, written_at },
    }));
  });
}

/** As `listFiles`, without reading the files. */
export async function findFiles(
  hdfs: Hdfs,
  root: string,
  table?: string,
): Promise<Omit<LandedFile, "rows">[]> {
  const found: Omit<LandedFile, "rows">[] = [];
  const names = table === undefined ? await namesIn(hdfs, tablesFolder(root)) : [table];
  for (const name of names) {
    for (const folder of await namesIn(hdfs, tableFolder(root, name))) {
      const day = parseDayName(folder);
      if (day === null) continue;
      const parent = dayFolder(root, name, day);
      for await (const { name: file, type, bytes, modified_at } of entriesOf(hdfs, parent)) {
        if (type !== "FILE" || !file.endsWith(".parquet")) continue;
        const [path, written_at] = [`${parent}/${file}`, new Date(modified_at)];
        found.push({ table: name, day, path, bytes, written_at });
      }
    }
  }
  return found;
}

/** What each commit put into each table, oldest first; of each partition the newest 5,000 commits. */
export async function listLandedRows({
  topic = settings.topic,
  ...place
}: HdfsTarget & { topic?: string } = {}): Promise<LandedRows[]> {
  return withHdfs(place, async (hdfs, root) => {
    const landed: LandedRows[] = [];
    for (const partition of (await namesIn(hdfs, chainsFolder(root, topic))).map(Number)) {
      const folder = chainFolder({ root, topic, partition });
      const names = (await namesIn(hdfs, folder)).slice(-MAX_COMMITS);
      const records = await mapInParallel(names, (name) => readRecord(hdfs, `${folder}/${name}`));
      for (const record of records) if (record) landed.push(...rowsOf(record));
    }
    return landed.sort((a, b) => a.committed_at.getTime() - b.committed_at.getTime());
  });
}

function rowsOf({ committed_at, partition, files }: CommitRecord): LandedRows[] {
  return files.map(({ table, rows }) => ({ committed_at: new Date(committed_at), partition, table, rows }));
}

async function countRows(hdfs: Hdfs, path: string, bytes: number): Promise<number> {
  const tail = (length: number) => hdfs.read(path, { offset: Math.max(0, bytes - length), length });
  let end = await tail(16 << 10); // holds most footers whole
  if (end && footerBytes(end) > end.length) end = await tail(footerBytes(end));
  if (end === null) throw new Error(`${path}: expected a file, but it was deleted while it was being read`);
  return readRowCount(end);
}

/** Runs `work` with the place's client, or with one of its own that is closed afterwards. */
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

/** All entries of a folder, a page in memory. */
export async function* entriesOf(hdfs: Hdfs, folder: string): AsyncGenerator<FileStatus> {
  for (let after = ""; ;) {
    const { entries, more } = await hdfs.list(folder, after);
    yield* entries;
    if (more === 0 || entries.length === 0) return;
    after = entries.at(-1)!.name;
  }
}

/** The names in a folder; none if it is not there. */
export async function namesIn(hdfs: Hdfs, folder: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of entriesOf(hdfs, folder)) names.push(name);
  return names;
}

/** Runs `work` on each item, 8 at a time. */
export async function mapInParallel<T, R>(items: T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let i = 0; i < items.length; i += PARALLEL) {
    results.push(...(await Promise.all(items.slice(i, i + PARALLEL).map(work))));
  }
  return results;
}
