/** A folder in HDFS → all of its entries, although HDFS lists them page by page. */
import type { FileStatus, Hdfs } from "./webhdfs.ts";

/** All entries of a folder; one page of them is in memory at a time. */
export async function* entriesOf(hdfs: Hdfs, folder: string): AsyncGenerator<FileStatus> {
  let page = await hdfs.list(folder);
  yield* page.entries;
  while (page.more > 0 && page.entries.length > 0) {
    page = await hdfs.list(folder, page.entries.at(-1)!.name);
    yield* page.entries;
  }
}

/** All entries of a folder together; empty if the folder does not exist. */
export async function entriesIn(hdfs: Hdfs, folder: string): Promise<FileStatus[]> {
  const entries: FileStatus[] = [];
  for await (const entry of entriesOf(hdfs, folder)) entries.push(entry);
  return entries;
}

/** The names in a folder; empty if the folder does not exist. */
export async function namesIn(hdfs: Hdfs, folder: string): Promise<string[]> {
  return (await entriesIn(hdfs, folder)).map(({ name }) => name);
}
