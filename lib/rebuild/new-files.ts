/**
 * A table's old files → its new files in the rebuild's folder, each proven, then the plan.
 *
 * Some small files are in memory at a time, or one large file of a compacted day.
 */
import { posix } from "node:path";
import { findFiles } from "../audit/files.ts";
import { columnsOf, type EventDefinition } from "../catalog.ts";
import { eventReader } from "../envelope.ts";
import { entriesOf, namesIn } from "../folders.ts";
import { openChain } from "../land/commits.ts";
import { chainsFolder, commitsFolder, parseDayName, rebuildFolder } from "../layout.ts";
import { storedType } from "../stored-columns.ts";
import { mapBySize } from "../lanes.ts";
import type { Hdfs } from "../webhdfs.ts";
import { failedName, newFailedFile, newFile, type PlannedFile, type RebuildPlan, writePlan } from "./plan.ts";
import { type Changes, noChanges, proveSame, rewriteFile } from "./rewrite.ts";

/** The steps of a rebuild, in order. */
export const REBUILD_STEPS = [
  "begun",
  "written",
  "planned",
  "closed",
  "moved_out",
  "listed",
  "failed_moved",
  "moved_in",
  "recorded",
  "opened",
  "cleared",
] as const;

export type RebuildStep = (typeof REBUILD_STEPS)[number];

/** All that the parts of a rebuild need. */
export interface RebuildWork {
  hdfs: Hdfs;
  root: string;
  schema: string;
  event: EventDefinition;
  catalogue: readonly EventDefinition[];
  topic: string; // of files whose names name no topic
  log: (line: string) => void; // progress
  signal: AbortSignal | undefined; // ends the rebuild before the swap
  at: (step: RebuildStep) => Promise<void> | void; // called after each step: tests end it there
  maxWaitMs: number; // for queries that read the old files
}

/** A file in a folder with days. */
export interface DayFile {
  day: string; // YYYY-MM-DD
  name: string;
  path: string;
}

const PARALLEL = 4; // files in memory

/** Writes and proves the new files, then the plan. After an error nothing has changed. */
export async function prepare(work: RebuildWork): Promise<RebuildPlan> {
  const { hdfs, root, event, at } = work;
  const { table } = event;
  const started_at = new Date().toISOString();
  const id = `${table}-${started_at.replaceAll(/[:.]/g, "")}`;
  const columns = columnsOf(event).map(({ name, type }) => ({ name, type: storedType(type) }));
  const plan: RebuildPlan = { id, table, definition: event.version, columns, started_at, files: [] };
  await hdfs.remove(rebuildFolder(root, table));
  await hdfs.makeFolder(rebuildFolder(root, table));
  await at("begun");
  try {
    await finishMoves(work);
    await eachFile(work, async (file) => {
      plan.files.push(await writeNewFiles(work, plan, file));
    });
    await at("written");
    await writePlan(hdfs, root, plan);
  } catch (error) {
    await hdfs.remove(rebuildFolder(root, table));
    throw error;
  }
  await at("planned");
  return plan;
}

/** The differences that a rebuild would make; changes nothing. */
export async function preview(work: RebuildWork): Promise<Changes> {
  const changes = noChanges();
  const readEvent = eventReader(work.catalogue);
  await eachFile(work, async ({ name, path }) => {
    const bytes = await readWhole(work.hdfs, path);
    await rewriteFile({ name, bytes }, work.event, readEvent, { topic: work.topic, changes });
  });
  return changes;
}

/** Deletes the new files that an interrupted attempt may have left of one old file. */
export async function removeNewFiles(
  { hdfs, root }: RebuildWork,
  plan: RebuildPlan,
  { day, name }: DayFile,
): Promise<void> {
  await hdfs.remove(newFile(root, plan.table, { day, name }));
  await hdfs.remove(newFailedFile(root, plan.table, { day, name: failedName(plan, name) }));
}

/** Writes the new files of one old file, and proves them. */
export async function writeNewFiles(
  { hdfs, root, event, catalogue, topic }: RebuildWork,
  plan: RebuildPlan,
  { day, name, path }: DayFile,
): Promise<PlannedFile> {
  const bytes = await readWhole(hdfs, path);
  const options = { topic, changes: noChanges() };
  const { rows, kept, failed } = await rewriteFile({ name, bytes }, event, eventReader(catalogue), options);
  const keptPath = newFile(root, plan.table, { day, name });
  const failedPath = newFailedFile(root, plan.table, { day, name: failedName(plan, name) });
  await hdfs.create(keptPath, kept.finish());
  if (failed.rows > 0) await hdfs.create(failedPath, failed.finish());
  const written = {
    kept: await readWhole(hdfs, keptPath),
    failed: failed.rows > 0 ? await readWhole(hdfs, failedPath) : null,
  };
  await proveSame({ day, name, bytes }, written);
  return { day, name, rows, kept: kept.rows, unfit: failed.rows };
}

/** The Parquet files in a folder with days, such as that of a table. */
export async function filesIn(hdfs: Hdfs, folder: string): Promise<DayFile[]> {
  const files: DayFile[] = [];
  for (const one of await namesIn(hdfs, folder)) {
    const day = parseDayName(one);
    if (day === null) continue;
    for await (const { name, type } of entriesOf(hdfs, `${folder}/${one}`)) {
      if (type === "FILE" && name.endsWith(".parquet"))
        files.push({ day, name, path: `${folder}/${one}/${name}` });
    }
  }
  return files;
}

/** A committed file may not have been moved into its table yet. */
async function finishMoves({ hdfs, root }: RebuildWork): Promise<void> {
  for (const topic of await namesIn(hdfs, commitsFolder(root)))
    for (const partition of await namesIn(hdfs, chainsFolder(root, topic)))
      await openChain(hdfs, { root, topic, partition: Number(partition) });
}

async function eachFile(
  { hdfs, root, event: { table }, signal, log }: RebuildWork,
  step: (file: DayFile) => Promise<void>,
): Promise<void> {
  const files = await findFiles(hdfs, root, { table }); // those of compacted days too
  let done = 0;
  await mapBySize(
    files,
    ({ bytes }) => bytes,
    async ({ day, path }) => {
      signal?.throwIfAborted();
      await step({ day, path, name: posix.basename(path) }).catch((error: unknown) => {
        throw new Error(`${path}: ${(error as Error).message}`, { cause: error });
      });
      log(`table ${table}: ${++done} of ${files.length} files`);
    },
    PARALLEL,
  );
}

async function readWhole(hdfs: Hdfs, path: string): Promise<Buffer> {
  const bytes = await hdfs.read(path);
  if (bytes === null) throw new Error(`${path}: expected a file, but it was deleted meanwhile`);
  return bytes;
}
