/**
 * The files of a rebuild's folder in HDFS: new files and the plan, which decides that they replace
 * the old ones.
 *
 *   rebuild/<table>/new/day=<day>/<name>       a file's rows that fit
 *   rebuild/<table>/failed/day=<day>/<name>    its other rows, for failed_events
 *   rebuild/<table>/plan.json                  all of them are written and proven: swap
 *
 * The folder is there from the begin of a rebuild to its end. Without a plan nothing has changed
 * yet, so the folder can be deleted. With a plan the swap goes on, after any interruption.
 */
import { randomUUID } from "node:crypto";
import { posix } from "node:path";
import { rebuildFolder } from "../layout.ts";
import type { StoredColumn } from "../parquet-footer.ts";
import type { Hdfs } from "../webhdfs.ts";

export interface RebuildPlan {
  id: string; // table and time
  table: string;
  definition: string; // version of the event's definition
  columns: StoredColumn[]; // of the new files
  started_at: string;
  files: PlannedFile[];
}

export interface PlannedFile {
  day: string; // YYYY-MM-DD
  name: string;
  rows: number; // before
  kept: number;
  unfit: number; // rows that become failed events
}

/** A rebuild's plan with the rows of all files, as its record keeps it. */
export interface RebuildRecord extends RebuildPlan {
  ended_at: string;
}

export function newFile(root: string, table: string, { day, name }: { day: string; name: string }): string {
  return `${rebuildFolder(root, table)}/new/day=${day}/${name}`;
}

export function newFailedFile(
  root: string,
  table: string,
  { day, name }: { day: string; name: string },
): string {
  return `${rebuildFolder(root, table)}/failed/day=${day}/${name}`;
}

/**
 * The name of a file's failed rows. The commit's file of failed_events may have the old name, so
 * this one has another: <topic>-<partition>-<first>-<rebuild>.parquet
 */
export function failedName({ id }: Pick<RebuildPlan, "id">, name: string): string {
  return `${name.replace(/\.parquet$/, "")}-${id}.parquet`;
}

export async function readPlan(hdfs: Hdfs, root: string, table: string): Promise<RebuildPlan | null> {
  const bytes = await hdfs.read(planPath(root, table));
  return bytes === null ? null : (JSON.parse(bytes.toString("utf8")) as RebuildPlan);
}

/** Writes the plan in one step: from now on the swap goes on, even after an interruption. */
export async function writePlan(hdfs: Hdfs, root: string, plan: RebuildPlan): Promise<void> {
  await writeWhole(hdfs, root, planPath(root, plan.table), plan);
}

/** Writes JSON to a path in one step; an older file there stays. */
export async function writeWhole(
  hdfs: Hdfs,
  root: string,
  path: string,
  content: RebuildPlan | RebuildRecord,
): Promise<void> {
  const staged = `${rebuildFolder(root, content.table)}/${randomUUID()}.json`;
  await hdfs.create(staged, Buffer.from(JSON.stringify(content)));
  await hdfs.makeFolder(posix.dirname(path));
  if (await hdfs.rename(staged, path)) return;
  if (!(await hdfs.status(path))) throw new Error(`${path}: expected a new file, but RENAME answered false`);
}

function planPath(root: string, table: string): string {
  return `${rebuildFolder(root, table)}/plan.json`;
}
