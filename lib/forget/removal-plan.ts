/**
 * Found rows and messages → the plan of their removal, and its work. Each step can be repeated.
 *
 *   forget/plan.json   the rows to remove: from now on no swap moves them to other files
 *   forget/decided     they lie where the plan says: the removal goes on after any interruption
 *   forget/new/…       a file without the rows, before it replaces the old file in one step
 *
 * A day that goes as a whole gets an empty folder instead: see old-days.ts.
 *
 * The plan holds positions, paths and numbers, and no name. A file keeps its path, so the commits
 * still name it. Its record in removals/ is written when rows and messages are gone. Until then
 * each audit reports the removal at work.
 */
import { randomUUID } from "node:crypto";
import { appendRemoval, type Removal, type RemovedRange } from "../audit/removals.ts";
import type { AuditRecord } from "../audit/ledger.ts";
import { Tally } from "../audit/tally.ts";
import type { ForgetPoint } from "../kill-at.ts";
import { compactedTablesFolder, forgetDecidedPath, forgetFolder, forgetPlanPath } from "../layout.ts";
import { inLanes, mapBySize } from "../lanes.ts";
import type { Hdfs, WebHdfs } from "../webhdfs.ts";
import type { DeletedBelow, FoundMessages } from "./topic-messages.ts";
import { filesBelow, type FoundFile, type FoundRow, sizesOf, topicOf } from "./find-rows.ts";
import type { OldDay } from "./old-days.ts";
import { withoutRows } from "./rewrite-file.ts";

/** HDFS with the step that replaces a file. */
export type ReplacingHdfs = Hdfs & Pick<WebHdfs, "replace">;

export interface ForgetPlan extends Removal {
  files: { path: string; rows: string[] }[]; // positions: see keyOf
  below: DeletedBelow[]; // of all topics; `deleted` has those of the events' topic
  days: OldDay[]; // that go as a whole
  others: string[]; // files of such days that no table shows
}

/** All that the work on a plan needs. */
export interface PlanWork {
  hdfs: ReplacingHdfs;
  root: string;
  deleteMessages: (below: readonly DeletedBelow[]) => Promise<void>;
  emptyDay: (day: OldDay) => Promise<void>; // for readers: its files are still there
  clearDay: (day: OldDay) => Promise<void>; // deletes them
  at: (point: ForgetPoint) => Promise<void> | void; // called after each step: drills end it there
}

const AT_ONCE = 4; // files in memory, or days

/**
 * Makes the plan. All rows of `topic` must lie in the ledger's records.
 * @throws Error that names the first position without a record
 */
export function planOf(
  topic: string,
  files: readonly FoundFile[],
  messages: readonly FoundMessages[],
  records: readonly AuditRecord[],
): ForgetPlan {
  const removed = removedRanges(topic, files, records);
  const ends = new Map<string, DeletedBelow>();
  const reach = ({ topic, partition, offset }: DeletedBelow) => {
    const key = `${topic}/${partition}`;
    if ((ends.get(key)?.offset ?? 0) < offset) ends.set(key, { topic, partition, offset });
  };
  for (const one of messages) reach({ ...one, offset: one.last + 1 });
  for (const { rows, table } of files)
    for (const row of rows) if (table !== null) reach({ ...row, offset: row.offset + 1 });
  const below = [...ends.values()].map(({ topic, partition, offset }) => ({ topic, partition, offset }));
  return {
    id: randomUUID(),
    topic,
    began_at: new Date().toISOString(),
    removed,
    deleted: below
      .filter((one) => one.topic === topic)
      .map(({ partition, offset }) => ({ partition, offset })),
    files: files.map(({ path, rows }) => ({ path, rows: rows.map(keyOf) })),
    below,
    days: [],
    others: [],
  };
}

/** Writes the plan in one step. @throws Error if another removal is at work */
export async function writePlan(
  { hdfs, root }: Pick<PlanWork, "hdfs" | "root">,
  plan: ForgetPlan,
): Promise<void> {
  const staged = `${forgetFolder(root)}/${plan.id}.json`;
  await hdfs.create(undecidedPath(root, plan), Buffer.alloc(0));
  await hdfs.create(staged, Buffer.from(JSON.stringify(plan)));
  if (await hdfs.rename(staged, forgetPlanPath(root))) return;
  const found = await readPlan(hdfs, root);
  if (found?.id === plan.id) return;
  await hdfs.remove(staged);
  await hdfs.remove(undecidedPath(root, plan));
  throw new Error(`${forgetPlanPath(root)}: another removal is at work; to finish it: npm run forget`);
}

/** Marks the plan as decided. @throws Error if it is there no more */
export async function decide(
  { hdfs, root }: Pick<PlanWork, "hdfs" | "root">,
  plan: ForgetPlan,
): Promise<void> {
  if (await hdfs.rename(undecidedPath(root, plan), forgetDecidedPath(root))) return;
  throw new Error(`${forgetPlanPath(root)}: another process has dropped the plan; nothing was removed`);
}

export async function readPlan(hdfs: Hdfs, root: string): Promise<ForgetPlan | null> {
  const bytes = await hdfs.read(forgetPlanPath(root));
  if (bytes === null) return null;
  const plan = JSON.parse(bytes.toString("utf8")) as Partial<ForgetPlan>;
  return { days: [], others: [], ...plan } as ForgetPlan; // an older version knew no days
}

/** Does the work of a plan, or the rest of it. */
export async function carryOut(work: PlanWork, plan: ForgetPlan): Promise<void> {
  const { hdfs, root, at } = work;
  await at("plan_decided");
  await removeUnnamed(hdfs, root);
  const replace = async (file: ForgetPlan["files"][number]) => {
    await replaceFile(work, plan.topic, file);
    await at("file_replaced");
  };
  const paths = plan.files.map(({ path }) => path);
  const bytesOf = await sizesOf(hdfs, paths);
  await mapBySize(plan.files, ({ path }) => bytesOf(path), replace, AT_ONCE);
  await inLanes(
    plan.days,
    async (day) => {
      await work.emptyDay(day);
      await at("day_emptied");
    },
    AT_ONCE,
  );
  await at("files_replaced");
  await work.deleteMessages(plan.below);
  await at("messages_deleted");
  await inLanes(plan.days, work.clearDay, AT_ONCE);
  for (const path of plan.others) await hdfs.remove(path);
  const { id, topic, began_at, removed, deleted } = plan;
  await appendRemoval(hdfs, root, { id, topic, began_at, removed, deleted });
  await at("removal_recorded");
  await hdfs.remove(forgetFolder(root));
  await at("plan_cleared");
}

/**
 * Deletes files that a compaction has written and not named yet: no search finds their rows. No
 * compaction ends while the plan is there, and one that has crashed is cleared two hours later.
 */
async function removeUnnamed(hdfs: Hdfs, root: string): Promise<void> {
  for await (const path of filesBelow(hdfs, compactedTablesFolder(root)))
    if (!/[.](parquet|json)$/.test(path)) await hdfs.remove(path);
}

/** Replaces a file by one without the rows; an earlier attempt may have done it. */
async function replaceFile(
  { hdfs, root }: PlanWork,
  topic: string,
  { path, rows }: ForgetPlan["files"][number],
): Promise<void> {
  const bytes = await hdfs.read(path);
  if (bytes === null) return; // deleted meanwhile, with its rows
  const gone = new Set(rows);
  const made = await withoutRows(bytes, (row) => {
    return gone.has(keyOf({ topic: topicOf(row, path, topic), ...row }));
  }).catch((error: unknown) => {
    throw new Error(`${path}: ${(error as Error).message}`, { cause: error });
  });
  if (made.removed === 0) return;
  const staged = `${forgetFolder(root)}/new/${randomUUID()}.parquet`;
  await hdfs.create(staged, made.bytes);
  await hdfs.replace(staged, path).catch(async (error: unknown) => {
    if ((await hdfs.status(staged)) !== null) throw error; // otherwise only the answer was lost
  });
}

/** The rows that tables show, by the record of the audit that counted them. */
function removedRanges(
  topic: string,
  files: readonly FoundFile[],
  records: readonly AuditRecord[],
): RemovedRange[] {
  const tallies = new Map<AuditRecord, Tally>();
  for (const { table, rows } of files) {
    for (const row of rows) {
      if (table === null || row.topic !== topic) continue;
      const { partition, offset, type, day, id } = row;
      const record = records.find(
        (one) => one.partition === partition && one.from <= offset && offset < one.to,
      );
      if (record === undefined)
        throw new Error(
          `partition ${partition}, offset ${offset}: expected a record of an audit, found none`,
        );
      const tally = tallies.get(record) ?? new Tally();
      tallies.set(record, tally);
      tally.add(type, day, { partition, offset }, id);
    }
  }
  return [...tallies].map(([{ partition, from, to }, { counts, digest }]) => {
    return { partition, from, to, counts, digest };
  });
}

function undecidedPath(root: string, { id }: ForgetPlan): string {
  return `${forgetFolder(root)}/${id}.undecided`;
}

/** "game_events/0/17" */
function keyOf({ topic, partition, offset }: Pick<FoundRow, "topic" | "partition" | "offset">): string {
  return `${topic}/${partition}/${offset}`;
}
