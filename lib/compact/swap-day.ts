/**
 * A day of a table and the rows to keep → new files by Trino, and the partition's location on them.
 *
 *   1. Trino writes the rows, sorted, into a new folder: CREATE TABLE … AS SELECT … ORDER BY
 *   2. counts, digests and a checksum of each column are the same as those of the kept rows
 *   3. the record gets the next number by RENAME: of two swaps at once one wins
 *   4. writers that have not seen the record end their moves, and their files are copied
 *   5. one alter_partition changes the location: a query sees all old files, or all new ones
 *   6. after the grace period the old files are deleted
 *
 * Before step 3 nothing has changed. After it, `finishSwap` does the rest, in any process, after
 * any crash. See swaps.ts for files that come late.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { WRITERS_MS } from "../day-folders.ts";
import { entriesOf, namesIn } from "../folders.ts";
import type { SwapPoint } from "../kill-at.ts";
import {
  compactedFolder,
  dayFolder,
  forgetPlanPath,
  rebuildFolder,
  removedPath,
  stagedSwap,
  swapMarkPath,
  swapPath,
  swapsFolder,
  type TableDay,
} from "../layout.ts";
import {
  copyLate,
  currentFolder,
  dataFiles,
  type FolderFile,
  markSwap,
  readSwap,
  readSwaps,
  type SwapReason,
  type SwapRecord,
  type Swaps,
} from "../swaps.ts";
import { type Hdfs, HdfsError } from "../webhdfs.ts";

/** All that a swap needs. */
export interface SwapWork {
  hdfs: Hdfs;
  root: string; // HDFS folder
  engine: SwapEngine;
  at?: (point: SwapPoint) => void; // called after each step: drills end the process there
  untilWritersEnd?: () => Promise<void>; // default: `WRITERS_MS`, if the day has writers
}

/** The reader and writer of tables: Trino with its metastore. */
export interface SwapEngine {
  /** The folder that queries read for a day. @throws Error if nothing can change it */
  location: (place: TableDay) => Promise<string>;
  setLocation: (place: TableDay, folder: string) => Promise<void>;
  /** Writes the rows to keep into the attempt's folder, and proves them. */
  rewrite: (request: SwapRequest, attempt: Attempt, at: (point: SwapPoint) => void) => Promise<SwapContent>;
  /** Removes what a rewrite has left outside the attempt's folder. */
  removeStaged: (id: string) => Promise<void>;
}

/** A day of a table, and the rows of it that stay. */
export interface SwapRequest {
  table: string;
  day: string; // YYYY-MM-DD
  reason: SwapReason;
  keep?: string; // SQL on the table's columns; default: all rows. NULL keeps a row too
}

/** One try to write a day's new files. */
export interface Attempt {
  id: string;
  folder: string; // of the new files
  from: string; // folder of the files to replace
  before: FolderFile[]; // these files
}

/** The facts of a rewrite, for the record. */
export type SwapContent = Omit<SwapRecord, "version" | "id" | "table" | "day" | "number">;

/** Thrown when another swap was faster, or files came meanwhile. Nothing has changed then. */
export class SwapLostError extends Error {
  override name = "SwapLostError";
}

export const STALE_MS = 2 * 3_600_000; // an older attempt without a record is dead
const WRITTEN_MS = 10 * 60_000; // a day without a file for so long has no writer
const LOOK_MS = 1_000; // from the look for a newer swap to the change of the location

/**
 * Rewrites a day's files. Resolves with the record, or null: the day has no file.
 * @throws SwapLostError when another swap was faster: try again, or leave it
 * @throws Error when the new files differ from the rows to keep; nothing has changed then
 */
export async function swapDay(work: SwapWork, request: SwapRequest): Promise<SwapRecord | null> {
  const { hdfs, root, engine, at = () => {} } = work;
  const { table, day } = request;
  const place: TableDay = { root, table, day };
  await engine.location(place); // throws without a metastore, before anything is written
  await finishSwap(work, place);
  const swaps = await readSwaps(hdfs, place);
  const from = currentFolder(swaps);
  const before = await dataFiles(hdfs, from);
  if (before.length === 0) return null;
  const id = randomUUID();
  const folder = compactedFolder(place, id);
  try {
    const content = await engine.rewrite(request, { id, folder, from, before }, at);
    const last = swaps.records.at(-1)?.number ?? 0;
    const record: SwapRecord = { version: 1, id, table, day, number: last + 1, ...content };
    await claim(work, place, record, before);
    at("swap_recorded");
    await finishSwap(work, place);
    return record;
  } catch (error) {
    if ((await readSwaps(hdfs, place)).records.some((record) => record.id === id)) throw error;
    await removeAttempt(work, place, id);
    throw error;
  }
}

/**
 * Makes readers follow the last swap of a day, if one has not been finished. Can be repeated, by
 * any process at any time.
 */
export async function finishSwap(work: SwapWork, place: TableDay): Promise<void> {
  const { hdfs, engine, at = () => {}, untilWritersEnd = () => waitForWriters(hdfs, place) } = work;
  for (;;) {
    const swaps = await readSwaps(hdfs, place);
    const newest = swaps.records.at(-1);
    if (newest === undefined) return;
    const isFollowed = (await engine.location(place)) === newest.folder;
    if (swaps.done.has(newest.number) && isFollowed) return;
    if (!isFollowed) await untilWritersEnd();
    await copyLate(hdfs, swaps);
    at("late_copied");
    if (!isFollowed && !(await follow(work, swaps))) continue;
    at("location_altered");
    await copyLate(hdfs, swaps);
    // A newer swap may have been recorded meanwhile: then this one must not have the last word.
    if (await hasNext(hdfs, swaps)) continue;
    for (const { number } of swaps.records) await markSwap(hdfs, place, number, "done");
    at("swap_done");
    // And one more look: a change of columns writes each day's definition, with the folder in it.
  }
}

/** Step 5, unless a newer swap has a record, or this process stood still since it looked. */
async function follow({ hdfs, engine }: SwapWork, swaps: Swaps): Promise<boolean> {
  const lookedAt = performance.now();
  if ((await hasNext(hdfs, swaps)) || performance.now() - lookedAt > LOOK_MS) return false;
  await engine.setLocation(swaps.place, currentFolder(swaps));
  return true;
}

async function hasNext(hdfs: Hdfs, { place, records }: Swaps): Promise<boolean> {
  return (await hdfs.status(swapPath(place, records.at(-1)!.number + 1))) !== null;
}

/** Waits if the day got a file some minutes ago, in a folder that readers may see. */
async function waitForWriters(hdfs: Hdfs, place: TableDay): Promise<void> {
  const { records } = await readSwaps(hdfs, place);
  const own = dayFolder(place.root, place.table, place.day);
  for (const folder of new Set([records.at(-1)?.from ?? own, own]))
    for (const { modified_at } of await dataFiles(hdfs, folder))
      if (Date.now() - modified_at < WRITTEN_MS) return sleep(WRITERS_MS);
}

/**
 * Deletes the replaced files of the swaps that were done before `graceMs`. Returns the number of
 * deleted files.
 */
export async function clearSwaps(work: SwapWork, place: TableDay, graceMs: number): Promise<number> {
  const { hdfs, at = () => {} } = work;
  const swaps = await readSwaps(hdfs, place);
  const folders = await removeDeadAttempts(work, swaps);
  const due: SwapRecord[] = [];
  for (const record of swaps.records) {
    if (swaps.cleared.has(record.number)) {
      // A writer that stood still for longer than the grace has made this folder again.
      if (folders.has(record.from) && record.reason !== "rebuild") due.push(record);
      continue;
    }
    const mark = await hdfs.status(swapMarkPath(place, record.number, "done"));
    if (mark === null || Date.now() - mark.modified_at < graceMs) break;
    due.push(record);
  }
  if (due.length === 0) return 0;
  await finishSwap(work, place);
  await copyLate(hdfs, swaps);
  let deleted = 0;
  for (const record of due) {
    if (record.reason !== "rebuild") {
      deleted += await clearSwap(work, swaps, record, due);
      at("old_deleted");
    } // a rebuild keeps the files that it replaces
    await markSwap(hdfs, place, record.number, "cleared");
    at("old_cleared");
  }
  return deleted;
}

/** Deletes the files that a swap has replaced, and those that were copied from their folder. */
async function clearSwap(
  { hdfs, root }: SwapWork,
  swaps: Swaps,
  { from, files }: SwapRecord,
  due: readonly SwapRecord[],
): Promise<number> {
  const { place, records, cleared } = swaps;
  const current = currentFolder(swaps);
  const own = dayFolder(root, place.table, place.day); // older streams write to this one
  const replaced = new Set(files.map(({ name }) => name));
  const copied = new Set(records.flatMap((record) => record.files.map(({ name }) => name)));
  for (const { name } of await dataFiles(hdfs, current)) copied.add(name);
  const isOpen = (one: SwapRecord) => !cleared.has(one.number) && !due.includes(one);
  const inUse = new Set([current, ...records.filter(isOpen).map((one) => one.from)]);
  let deleted = 0;
  for (const folder of new Set([from, own]))
    for (const { name, path } of await dataFiles(hdfs, folder)) {
      const isReplaced = replaced.has(name) && (folder === from || folder !== current);
      if (!isReplaced && (inUse.has(folder) || !copied.has(name))) continue;
      await hdfs.remove(path);
      deleted++;
    }
  const isLeft = from !== own && !inUse.has(from) && (await namesIn(hdfs, from)).length === 0;
  if (isLeft) await hdfs.removeEmpty(from).catch(ignoreContent);
  return deleted;
}

/** A writer may have moved a file into the folder meanwhile: then it stays. */
function ignoreContent(error: unknown): void {
  if (!(error instanceof HdfsError)) throw error;
}

/** Step 3: the test-and-set. A lost answer decides nothing; the record under that name does. */
async function claim(
  { hdfs, root }: SwapWork,
  place: TableDay,
  record: SwapRecord,
  before: readonly FolderFile[],
): Promise<void> {
  const [staged, path] = [stagedSwap(root, record.id), swapPath(place, record.number)];
  await hdfs.makeFolder(swapsFolder(place));
  await hdfs.create(staged, Buffer.from(`${JSON.stringify(record, null, 1)}\n`));
  // A removal looks for staged swaps after its plan is there. So one of the two sees the other.
  const obstacle = await obstacleOf(hdfs, place, record, before);
  if (obstacle !== null) throw new SwapLostError(`table ${place.table}, day ${place.day}: ${obstacle}`);
  const failure = await hdfs.rename(staged, path).then(
    (isRenamed) => (isRenamed ? null : new HdfsError("RENAME", staged, "answered false")),
    (error: unknown) => error as Error,
  );
  if (failure === null) return;
  let found = await readSwap(hdfs, place, record.number);
  if (found === null && (await hdfs.status(staged)) === null) {
    // Either the RENAME arrived after the first look, or another process deleted the record.
    found = await readSwap(hdfs, place, record.number);
    if (found === null)
      throw new SwapLostError(`table ${place.table}, day ${place.day}: its staged record was deleted`);
  }
  if (found?.id === record.id) return;
  await hdfs.remove(staged);
  if (found === null) throw failure;
  throw new SwapLostError(`table ${place.table}, day ${place.day}: another swap was faster`);
}

/** The reason why a swap must not get its record; null: nothing has changed meanwhile. */
async function obstacleOf(
  hdfs: Hdfs,
  { root, table }: TableDay,
  { from, folder, new_files, reason }: SwapRecord,
  before: readonly FolderFile[],
): Promise<string | null> {
  const isForOther = reason !== "removal" && (await hdfs.status(forgetPlanPath(root))) !== null;
  if (isForOther) return "a removal of events is at work";
  if ((await hdfs.status(rebuildFolder(root, table))) !== null) return "a rebuild of the table is at work";
  const old = new Map((await dataFiles(hdfs, from)).map((file) => [file.name, file]));
  const isSame = ({ name, bytes, modified_at }: FolderFile) =>
    old.get(name)?.bytes === bytes && old.get(name)?.modified_at === modified_at;
  if (!before.every(isSame)) return "its files changed while they were read";
  const made = await namesIn(hdfs, folder);
  const isThere = new_files.every(({ name }) => made.includes(name));
  const isTaken = made.some((name) => deadMark(folder) === `${folder}/${name}`);
  return isThere && !isTaken ? null : "another process took it for a crashed one, and deleted its new files";
}

/** Deletes the files of an attempt that has no record. */
async function removeAttempt({ hdfs, root, engine }: SwapWork, place: TableDay, id: string): Promise<void> {
  await engine.removeStaged(id);
  await hdfs.remove(compactedFolder(place, id));
  await hdfs.remove(removedPath(root, id));
  await hdfs.remove(stagedSwap(root, id));
}

/** Deletes what crashed swaps of a day have left. Returns the folders of the other swaps. */
async function removeDeadAttempts(work: SwapWork, { place, records }: Swaps): Promise<Set<string>> {
  const { hdfs, root } = work;
  const folders = new Set<string>();
  for await (const { name, modified_at } of entriesOf(hdfs, compactedFolder(place, "").slice(0, -1))) {
    const isIts = ({ id }: SwapRecord) => id === name;
    if (records.some(isIts)) folders.add(compactedFolder(place, name));
    if (records.some(isIts) || Date.now() - modified_at < STALE_MS) continue;
    // A swap stages its record before it looks for the mark. So it sees the mark, or its record is
    // found here, or the record's RENAME fails.
    const mark = deadMark(compactedFolder(place, name));
    await hdfs.makeFolder(mark);
    await hdfs.remove(stagedSwap(root, name));
    if ((await readSwaps(hdfs, place)).records.some(isIts)) await hdfs.remove(mark);
    else await removeAttempt(work, place, name);
  }
  return folders;
}

/** Marks a swap as crashed, in the folder of its new files. Queries leave out names with _. */
function deadMark(folder: string): string {
  return `${folder}/_dead`;
}

/** Whether a folder of new files has no record: its swap is at work, or has crashed. */
export async function hasAttempt(hdfs: Hdfs, { place, records }: Swaps): Promise<boolean> {
  const names = await namesIn(hdfs, compactedFolder(place, "").slice(0, -1));
  return names.some((name) => !records.some(({ id }) => id === name));
}
