/**
 * HDFS ↔ the records of removals: rows of a topic that `npm run forget` removed after their audit.
 *
 * The ledger's records stay as they are. So the record of a removal holds the numbers to subtract:
 * counts by type and day, and the digest of the removed rows. Files and tables have the rest. The
 * record holds no name and no event id.
 *
 * The hash of a record finds an edited one, and the chain of hashes a removed or swapped one. A
 * removal also deletes the messages from the topic. So a record of messages that the topic still
 * has is a forgery.
 */
import { createHash } from "node:crypto";
import { namesIn } from "../folders.ts";
import { forgetPlanPath, parseCommitName, removalPath, removalsFolder } from "../layout.ts";
import { isObject } from "../misfit.ts";
import type { Hdfs } from "../webhdfs.ts";
import type { AuditedTypeDay, AuditRecord, Ledger } from "./ledger.ts";
import type { Digest, TypeDay } from "./tally.ts";

/** The rows that were removed of the messages of one audit. */
export interface RemovedRange {
  partition: number;
  from: number; // offsets `[from, to)` of the audit's record
  to: number;
  counts: TypeDay[];
  digest: Digest; // see tally.ts
}

/** The content of a record, before it gets its place. */
export interface Removal {
  id: string; // a UUID
  topic: string;
  began_at: string; // ISO 8601
  removed: RemovedRange[];
  deleted: { partition: number; offset: number }[]; // the topic begins here, or behind
}

/** A record of a removal. */
export interface RemovalRecord extends Removal {
  version: 1;
  made_at: string; // ISO 8601
  previous: string | null; // SHA-256 of the record before; null: the first record
  sha256: string; // of this record without this field
}

/** All removals from a topic. */
export interface Removals {
  records: RemovalRecord[]; // up to the first problem
  problems: string[]; // empty: the records are whole, and no removal is at work
}

/** Reads and checks the records of a topic; a removal at work is a problem too. */
export async function readRemovals(hdfs: Hdfs, root: string, topic: string): Promise<Removals> {
  const found = await readRecords(hdfs, root, topic);
  const plan = await hdfs.read(forgetPlanPath(root));
  if (plan === null) return found;
  const { id, began_at } = JSON.parse(plan.toString("utf8")) as Removal;
  if (found.records.some((record) => record.id === id)) return found;
  const remedy = "to finish it after an interruption: npm run forget";
  const problem = `a removal that began at ${began_at} has not ended; ${remedy}`;
  return { ...found, problems: [...found.problems, problem] };
}

/** Appends a record; does nothing if there is one with its id. @throws HdfsError */
export async function appendRemoval(hdfs: Hdfs, root: string, removal: Removal): Promise<void> {
  for (;;) {
    const { records, problems } = await readRecords(hdfs, root, removal.topic);
    if (problems.length > 0) throw new Error(problems[0]);
    if (records.some(({ id }) => id === removal.id)) return;
    const previous = records.at(-1)?.sha256 ?? null;
    const content = { version: 1 as const, ...removal, made_at: new Date().toISOString(), previous };
    const record: RemovalRecord = { ...content, sha256: hashOf(content) };
    const path = removalPath(root, removal.topic, records.length);
    const staged = `${forgetPlanPath(root)}.${record.sha256}`;
    await hdfs.remove(staged);
    await hdfs.create(staged, Buffer.from(`${JSON.stringify(record, null, 1)}\n`));
    await hdfs.makeFolder(removalsFolder(root, removal.topic));
    if (!(await hdfs.rename(staged, path)) && (await hdfs.status(path)) === null)
      throw new Error(`${path}: expected a new record, but RENAME answered false`);
  }
}

/**
 * The sentences in which removals do not fit the ledgers, or the topic.
 * @param lows the first offset that the topic still has, of each partition
 */
export function removalProblems(
  { records }: Removals,
  ledgers: readonly Ledger[],
  lows: ReadonlyMap<number, number>,
): string[] {
  const problems: string[] = [];
  for (const [i, { removed, deleted, topic }] of records.entries()) {
    const fail = (problem: string) => problems.push(`removals of ${topic}, record ${i}: ${problem}`);
    const begin = new Map(deleted.map(({ partition, offset }) => [partition, offset]));
    for (const { partition, offset } of deleted)
      if ((lows.get(partition) ?? 0) < offset)
        fail(
          `expected partition ${partition} to begin at offset ${offset} or behind, got ${lows.get(partition) ?? 0}`,
        );
    for (const { partition, from, to } of removed) {
      const place = `partition ${partition}, offsets [${from}, ${to})`;
      if ((begin.get(partition) ?? 0) <= from)
        fail(`${place}: expected their messages to be deleted from the topic, got another begin of it`);
      const ledger = ledgers.find(({ key }) => key.partition === partition);
      const record = ledger?.records.find((one) => one.from === from && one.to === to);
      if (record === undefined) fail(`expected a record of the ledger for ${place}, found none`);
      else if (sumOf(restOf(record, removedOf(records, record))) < 0)
        fail(`${place}: expected at most as many removed rows as the ledger counts, got more`);
    }
  }
  return problems;
}

/** The ranges that were removed of a record's messages. */
export function removedOf(
  records: readonly RemovalRecord[],
  { partition, from, to }: Pick<AuditRecord, "partition" | "from" | "to">,
): RemovedRange[] {
  return records
    .flatMap(({ removed }) => removed)
    .filter((one) => one.partition === partition && one.from === from && one.to === to);
}

/** The messages of an audit that files and tables still have. */
export interface Rest {
  counts: TypeDay[];
  digest: Digest;
}

/** Subtracts removals from the record of an audit. */
export function restOf(
  { counts, digests }: Pick<AuditRecord, "counts" | "digests">,
  removed: readonly RemovedRange[],
): Rest {
  const rest = new Map(counts.map((one) => [keyOf(one), { ...typeDay(one), messages: one.in_files }]));
  for (const one of removed.flatMap((range) => range.counts)) {
    const left = rest.get(keyOf(one)) ?? { ...typeDay(one), messages: 0 };
    rest.set(keyOf(one), { ...left, messages: left.messages - one.messages });
  }
  const sum = (i: 0 | 1) =>
    removed.reduce((left, { digest }) => left - BigInt(digest[i]), BigInt(digests.files[i]));
  return { counts: [...rest.values()], digest: [String(sum(0)), String(sum(1))] };
}

async function readRecords(hdfs: Hdfs, root: string, topic: string): Promise<Removals> {
  const folder = removalsFolder(root, topic);
  const records: RemovalRecord[] = [];
  for (const name of await namesIn(hdfs, folder)) {
    const record = parseRecord(await hdfs.read(`${folder}/${name}`));
    const problem =
      typeof record === "string" ? record : problemOf(record, topic, records, parseCommitName(name));
    if (problem !== null) return { records, problems: [`${folder}/${name}: ${problem}`] };
    records.push(record as RemovalRecord);
  }
  return { records, problems: [] };
}

/** All messages: a rebuild may have moved one to failed_events before its removal. */
export function sumOf({ counts }: Pick<Rest, "counts">): number {
  return counts.reduce((sum, { messages }) => sum + messages, 0);
}

/** The fault of a record at its place; null: it fits. */
function problemOf(
  record: RemovalRecord,
  topic: string,
  before: readonly RemovalRecord[],
  named: number | null,
): string | null {
  const { sha256, ...content } = record;
  const previous = before.at(-1)?.sha256 ?? null;
  if (hashOf(content) !== sha256) return `expected content of the hash ${sha256}, got ${hashOf(content)}`;
  if (record.topic !== topic) return `expected a removal from topic ${topic}, got one from ${record.topic}`;
  if (named !== before.length) return `expected the removal number ${before.length}, got another name`;
  if (record.previous !== previous)
    return `expected the hash ${previous} of the record before, got ${record.previous}`;
  return null;
}

/** Reads a record's text; a string says why it is not one. */
function parseRecord(bytes: Buffer | null): RemovalRecord | string {
  let record: unknown;
  try {
    record = JSON.parse(bytes?.toString("utf8") ?? "");
  } catch {
    return `expected a record in JSON, got ${bytes?.length ?? 0} bytes that are not JSON`;
  }
  if (!isObject(record) || record.version !== 1) return "expected a record of version 1";
  const { id, removed, deleted, sha256 } = record;
  const isWhole =
    [id, sha256].every((one) => typeof one === "string") && [removed, deleted].every(Array.isArray);
  return isWhole ? (record as unknown as RemovalRecord) : "expected all fields of a record";
}

function typeDay({ type, day }: Pick<AuditedTypeDay, "type" | "day">) {
  return { type, day };
}

function keyOf({ type, day }: Pick<AuditedTypeDay, "type" | "day">): string {
  return `${day} ${type}`;
}

function hashOf(content: object): string {
  return createHash("sha256").update(JSON.stringify(content)).digest("hex");
}
