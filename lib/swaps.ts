/**
 * A day of a table → the swaps of its files, and the folder that has its files now.
 *
 * Before the first swap, the day's own folder has them. A swap writes the day's rows into new files
 * in a folder of its own, and then gives the metastore's partition that folder. The record of the
 * swap decides: RENAME creates it under the next number, so of two swaps one wins. Readers follow
 * with the partition's location. A swap is done when its mark says so.
 *
 * A file that is moved into an older folder after the swap is late. It is copied into the newest
 * folder, with its name: the names of replaced files never come back. A writer looks for a newer
 * swap after its move (day-folders.ts), and the swap lists the older folders after its record. So
 * one of the two sees each late file.
 */
import { randomUUID } from "node:crypto";
import { posix } from "node:path";
import { entriesOf, namesIn } from "./folders.ts";
import {
  dayFolder,
  parseCommitName,
  removedPath,
  stagedSwap,
  swapMarkPath,
  swapPath,
  swappedTablesFolder,
  swapsFolder,
  type TableDay,
} from "./layout.ts";
import { type FileStatus, type Hdfs, HdfsError } from "./webhdfs.ts";

/** Rows of one partition of a topic that a swap kept. */
export interface KeptRows {
  topic: string;
  partition: number;
  from: number; // the lowest offset
  to: number; // behind the highest offset
  messages: number;
  digest: [string, string]; // see audit/tally.ts
}

/**
 * The rows that a compaction leaves out are doubles. They stay in a list, and audits still count
 * them. Those of a removal have a record of their own: see audit/removals.ts.
 */
export type SwapReason = "compaction" | "removal" | "rebuild";

/** The record of a swap. */
export interface SwapRecord {
  version: 1;
  id: string; // unique to this attempt
  table: string;
  day: string; // YYYY-MM-DD
  number: number; // from 1, without a gap
  reason: SwapReason;
  made_at: string; // ISO 8601, by the clock of its maker
  from: string; // folder of the replaced files
  files: SwappedFile[]; // that it replaced
  folder: string; // of the new files
  new_files: SwappedFile[];
  rows: number; // of the replaced files
  removed: number; // rows that it left out: see `readRemoved`
  kept: KeptRows[];
}

export interface SwappedFile {
  name: string;
  bytes: number;
  rows: number;
}

/** A row that a compaction left out, without its values. */
export interface RemovedRow {
  table: string;
  event_type: string; // of the row; of failed_events: the table's name
  day: string;
  topic: string;
  partition: number;
  offset: number;
  first_sum: string; // its part of the digest: see audit/tally.ts
  second_sum: string;
}

/** The swaps of a day of a table, in their order. */
export interface Swaps {
  place: TableDay;
  records: SwapRecord[];
  done: ReadonlySet<number>; // numbers of swaps that readers have followed
  cleared: ReadonlySet<number>; // numbers of swaps whose replaced files are deleted
}

/** A file in a folder. */
export type FolderFile = FileStatus & { path: string };

export async function readSwaps(hdfs: Hdfs, place: TableDay): Promise<Swaps> {
  const names = await namesIn(hdfs, swapsFolder(place));
  const numbers = names.map(parseCommitName).filter((number) => number !== null);
  const records: SwapRecord[] = [];
  for (const number of numbers) {
    const record = await readSwap(hdfs, place, number);
    if (record !== null) records.push(record);
  }
  const marked = (mark: string) =>
    new Set(names.filter((name) => name.endsWith(mark)).map((name) => parseInt(name, 10)));
  return { place, records, done: marked(".done"), cleared: marked(".cleared") };
}

/** Reads one record; null: no swap has this number. */
export async function readSwap(hdfs: Hdfs, place: TableDay, number: number): Promise<SwapRecord | null> {
  const path = swapPath(place, number);
  const bytes = await hdfs.read(path);
  if (bytes === null) return null;
  try {
    return JSON.parse(bytes.toString("utf8")) as SwapRecord;
  } catch (error) {
    throw new Error(`${path}: expected the record of a swap, got ${bytes.length} bytes that are not JSON`, {
      cause: error,
    });
  }
}

/** The tables of which this day was swapped. */
export function swappedTables(hdfs: Hdfs, root: string, day: string): Promise<string[]> {
  return namesIn(hdfs, swappedTablesFolder(root, day));
}

/** The folder that has the day's files since its last swap. */
export function currentFolder({ place, records }: Swaps): string {
  return records.at(-1)?.folder ?? dayFolder(place.root, place.table, place.day);
}

/** The Parquet files in a folder. */
export async function dataFiles(hdfs: Hdfs, folder: string): Promise<FolderFile[]> {
  const files: FolderFile[] = [];
  for await (const entry of entriesOf(hdfs, folder))
    if (entry.type === "FILE" && entry.name.endsWith(".parquet"))
      files.push({ ...entry, path: `${folder}/${entry.name}` });
  return files;
}

/** The files that have the day's rows: those of the current folder, and the late ones. */
export async function currentFiles(hdfs: Hdfs, swaps: Swaps): Promise<FolderFile[]> {
  const late = await lateFiles(hdfs, swaps); // first: a late file can be copied meanwhile
  const current = await dataFiles(hdfs, currentFolder(swaps));
  const names = new Set(current.map(({ name }) => name));
  return [...current, ...late.filter(({ name }) => !names.has(name))];
}

/** A file that a commit moved to `target`: itself or its copy; else the fact in a swap's record. */
export interface CommittedPlace {
  file: FolderFile | null; // null: a swap has replaced it, and it is deleted
  swaps: Swaps | null; // read only if nothing is at `target`
  replaced: (SwappedFile & { made_at: string }) | null;
}

/** Finds the file of a commit, after any crash and any number of swaps. */
export async function findCommitted(hdfs: Hdfs, place: TableDay, target: string): Promise<CommittedPlace> {
  const name = posix.basename(target);
  const status = await hdfs.status(target);
  if (status !== null) return { file: { ...status, name, path: target }, swaps: null, replaced: null };
  const swaps = await readSwaps(hdfs, place);
  const file = (await currentFiles(hdfs, swaps)).find((one) => one.name === name) ?? null;
  const facts = swaps.records.flatMap(({ files, made_at }) => files.map((one) => ({ ...one, made_at })));
  const replaced = file === null ? (facts.find((one) => one.name === name) ?? null) : null;
  return { file, swaps, replaced };
}

/** Files in an older folder that no swap replaced, and that no copy has replaced. */
async function lateFiles(hdfs: Hdfs, swaps: Swaps): Promise<FolderFile[]> {
  const { records, place } = swaps;
  if (records.length === 0) return [];
  const current = currentFolder(swaps);
  const known = new Set(records.flatMap(({ files }) => files.map(({ name }) => name)));
  for (const { name } of await dataFiles(hdfs, current)) known.add(name);
  const older = new Set([dayFolder(place.root, place.table, place.day), ...records.map(({ from }) => from)]);
  older.delete(current);
  const late = new Map<string, FolderFile>();
  for (const folder of older)
    for (const file of await dataFiles(hdfs, folder)) if (!known.has(file.name)) late.set(file.name, file);
  return [...late.values()];
}

/**
 * Copies the late files into the newest folder, and into each older one that readers may still
 * read: a swap may not be done yet, and a slow process may give the partition its older folder.
 */
export async function copyLate(hdfs: Hdfs, swaps: Swaps): Promise<void> {
  const { place, records, cleared } = swaps;
  for (let i = records.length; i > 0; i--) {
    if (i < records.length && cleared.has(records[i]!.number)) return; // this folder is deleted
    const until = { ...swaps, records: records.slice(0, i) };
    for (const file of await lateFiles(hdfs, until))
      await copyFile(hdfs, place.root, file, currentFolder(until));
  }
}

/**
 * Copies a file that is not in its table yet into the folders of swaps that are not done: readers
 * that follow such a swap find it. A file that a swap has replaced stays away.
 */
export async function copyAhead(
  hdfs: Hdfs,
  { place, records, done }: Swaps,
  file: { path: string; name: string },
): Promise<void> {
  if (records.some(({ files }) => files.some(({ name }) => name === file.name))) return;
  for (const { number, folder } of records.toReversed())
    if (number > Math.max(0, ...done)) await copyFile(hdfs, place.root, file, folder);
}

/** Copies late files until no newer swap has come meanwhile. Returns the day's swaps. */
export async function copyToNewest(hdfs: Hdfs, place: TableDay): Promise<Swaps> {
  for (let seen = 0; ;) {
    const swaps = await readSwaps(hdfs, place);
    const newest = swaps.records.at(-1)?.number ?? 0;
    if (newest === seen) return swaps;
    await copyLate(hdfs, swaps);
    seen = newest;
  }
}

/** The rows that the compactions of a day left out. */
export async function readRemoved(hdfs: Hdfs, { place, records }: Swaps): Promise<RemovedRow[]> {
  const ofSwaps: RemovedRow[][] = [];
  for (const { id, removed, reason } of records) {
    if (removed === 0 || reason !== "compaction") continue;
    const path = removedPath(place.root, id);
    const bytes = await hdfs.read(path);
    const read = bytes === null ? [] : (JSON.parse(bytes.toString("utf8")) as RemovedRow[]);
    if (read.length !== removed)
      throw new Error(`${path}: expected the ${removed} rows that a compaction left out, got ${read.length}`);
    ofSwaps.push(read);
  }
  return ofSwaps.flat();
}

/** Writes an empty file that marks the progress of a swap. A mark that is there stays. */
export async function markSwap(
  hdfs: Hdfs,
  place: TableDay,
  number: number,
  mark: "done" | "cleared",
): Promise<void> {
  const path = swapMarkPath(place, number, mark);
  if ((await hdfs.status(path)) !== null) return;
  try {
    await hdfs.create(path, Buffer.alloc(0));
  } catch (error) {
    if ((await hdfs.status(path)) === null) throw error; // else another process was faster
  }
}

/** Copies a file: under a temporary name first, so that no reader sees a part of it. */
async function copyFile(
  hdfs: Hdfs,
  root: string,
  { path, name }: { path: string; name: string },
  folder: string,
): Promise<void> {
  const bytes = await hdfs.read(path);
  if (bytes === null) return; // deleted meanwhile: another process has copied it
  const staged = stagedSwap(root, randomUUID());
  await hdfs.create(staged, bytes);
  await hdfs.makeFolder(folder);
  if (await hdfs.rename(staged, `${folder}/${name}`)) return;
  await hdfs.remove(staged);
  if ((await hdfs.status(`${folder}/${name}`)) === null)
    throw new HdfsError("RENAME", staged, `answered false, and nothing is at ${folder}/${name}`);
}
