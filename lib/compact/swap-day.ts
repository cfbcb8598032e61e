/**
 * A day of a table and the rows to keep → new files by Trino, and the partition's location on them.
 *
 *   1. Trino writes the rows, sorted, into a new folder: CREATE TABLE … AS SELECT … ORDER BY
 *   2. counts, digests and a checksum of each column are the same as those of the kept rows
 *   3. the record gets the next number by RENAME: of two swaps at once one wins
 *   4. one alter_partition changes the location: a query sees all old files, or all new ones
 *   5. after the grace period the old files are deleted
 *
 * Before step 3 nothing has changed. After it, `finishSwap` does the rest, in any process, after
 * any crash. See swaps.ts for files that come late.
 */
import { randomUUID } from "node:crypto";
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
  const { hdfs, engine, at = () => {} } = work;
  for (;;) {
    const swaps = await readSwaps(hdfs, place);
    const newest = swaps.records.at(-1);
    if (newest === undefined) return;
    if (swaps.done.has(newest.number) && (await engine.location(place)) === newest.folder) return;
    await copyLate(hdfs, swaps);
    at("late_copied");
    if ((await readSwap(hdfs, place, newest.number + 1)) !== null) continue;
    await engine.setLocation(place, newest.folder);
    at("location_altered");
    await copyLate(hdfs, swaps);
    // A newer swap may have been recorded meanwhile: then this one must not have the last word.
    if ((await readSwap(hdfs, place, newest.number + 1)) !== null) continue;
    for (const { number } of swaps.records) await markSwap(hdfs, place, number, "done");
    at("swap_done");
    return;
  }
}

/**
 * Deletes the replaced files of the swaps that were done before `graceMs`. Returns the number of
 * deleted files.
 */
export async function clearSwaps(work: SwapWork, place: TableDay, graceMs: number): Promise<number> {
  const { hdfs, root, at = () => {} } = work;
  const swaps = await readSwaps(hdfs, place);
  await removeDeadAttempts(work, swaps);
  const due: SwapRecord[] = [];
  for (const record of swaps.records) {
    if (swaps.cleared.has(record.number)) continue;
    const mark = await hdfs.status(swapMarkPath(place, record.number, "done"));
    if (mark === null || Date.now() - mark.modified_at < graceMs) break;
    due.push(record);
  }
  if (due.length === 0) return 0;
  await finishSwap(work, place);
  await copyLate(hdfs, swaps);
  const current = currentFolder(swaps);
  const own = dayFolder(root, place.table, place.day); // the stream writes to this one
  const kept = new Set((await dataFiles(hdfs, current)).map(({ name }) => name));
  let deleted = 0;
  for (const { number, from, files, reason } of due) {
    const replaced = new Set(files.map(({ name }) => name));
    if (reason === "rebuild") {
      await markSwap(hdfs, place, number, "cleared"); // a rebuild keeps the files that it replaces
      continue;
    }
    for (const folder of new Set([from, own]))
      // a late file is in both
      for (const { name, path } of await dataFiles(hdfs, folder)) {
        const isReplaced = replaced.has(name) && (folder === from || folder !== current);
        const isCopied = folder === from && from !== current && kept.has(name);
        if (!isReplaced && !isCopied) continue;
        await hdfs.remove(path);
        deleted++;
      }
    at("old_deleted");
    if (from !== own && from !== current && (await namesIn(hdfs, from)).length === 0) await hdfs.remove(from);
    await markSwap(hdfs, place, number, "cleared");
    at("old_cleared");
  }
  return deleted;
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
  const found = await readSwap(hdfs, place, record.number);
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
  const made = (await dataFiles(hdfs, folder)).map(({ name }) => name);
  const isThere = new_files.every(({ name }) => made.includes(name));
  return isThere ? null : "another process took it for a crashed one, and deleted its new files";
}

/** Deletes the files of an attempt that has no record. */
async function removeAttempt({ hdfs, root, engine }: SwapWork, place: TableDay, id: string): Promise<void> {
  await engine.removeStaged(id);
  await hdfs.remove(compactedFolder(place, id));
  await hdfs.remove(removedPath(root, id));
  await hdfs.remove(stagedSwap(root, id));
}

/** Deletes what crashed swaps of a day have left. */
async function removeDeadAttempts(work: SwapWork, { place, records }: Swaps): Promise<void> {
  const { hdfs, root } = work;
  for await (const { name, modified_at } of entriesOf(hdfs, compactedFolder(place, "").slice(0, -1))) {
    const isIts = ({ id }: SwapRecord) => id === name;
    if (records.some(isIts) || Date.now() - modified_at < STALE_MS) continue;
    await hdfs.remove(stagedSwap(root, name)); // so that it gets no record any more
    if ((await readSwaps(hdfs, place)).records.some(isIts)) continue;
    await removeAttempt(work, place, name);
  }
}
