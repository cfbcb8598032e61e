/**
 * HDFS ↔ the ledger of a partition: a record for each audit, with the hash of the record before.
 *
 * A record covers offsets `[from, to)`, and begins where the record before it ends. Its name is
 * `from`, and RENAME creates it: of two audits at once one wins, and the other takes the winner's
 * record. A record says that the witnesses agree, so a record in which they differ is a forgery.
 *
 * The hash of a record finds an edited record, and the chain of hashes a removed or swapped one. A
 * record at the end can be forged whole: then the sums over the ledger differ from Trino's counts,
 * or `npm run audit -- --all` finds other digests.
 */
import { createHash, randomUUID } from "node:crypto";
import { namesIn } from "../folders.ts";
import { isObject } from "../misfit.ts";
import { auditFolder, auditPath, type ChainKey, parseCommitName, stagedAudit } from "../layout.ts";
import { settings } from "../settings.ts";
import type { PartitionOffsets } from "../topic.ts";
import { type Hdfs, HdfsError } from "../webhdfs.ts";
import { type HdfsTarget, withHdfs } from "./files.ts";
import { readRecordFiles } from "./packed-records.ts";
import type { Digest, TypeDay } from "./tally.ts";

/** Messages of one type and day, by each witness. */
export interface AuditedTypeDay {
  type: string; // event_type, or "failed_events"
  day: string; // YYYY-MM-DD
  in_topic: number | null; // messages; null: Kafka had deleted them
  in_files: number; // rows
  in_tables: number; // rows
}

/** The content of a record, before it gets its place in the ledger. */
export interface Audit {
  topic: string;
  partition: number;
  from: number; // offset, inclusive
  to: number; // offset, exclusive
  counts: AuditedTypeDay[];
  digests: { topic: Digest | null; files: Digest; tables: Digest }; // see tally.ts
  compared: string[]; // "topic = files", "files = tables"
  lost: LostOffsets[]; // offsets that no audit can prove
}

/** Offsets `[from, to)` of which Kafka had deleted the messages. */
export interface LostOffsets {
  from: number;
  to: number;
  before: "landing" | "audit";
}

/** A record of the ledger. */
export interface AuditRecord extends Audit {
  version: 1;
  made_at: string; // ISO 8601, by the clock of the audit
  writer: string; // unique to this attempt
  previous: string | null; // SHA-256 of the record before; null: the first record
  sha256: string; // of this record without this field
}

/** A ledger as it stands in HDFS. */
export interface Ledger {
  key: ChainKey;
  records: AuditRecord[]; // up to the first problem
  problems: string[]; // empty: the ledger is whole
}

const COMPARED = ["topic = files", "files = tables"];

/** The content of a record about messages that all witnesses see alike. */
export function auditOf(
  place: Pick<Audit, "topic" | "partition" | "from" | "to" | "lost">,
  counts: readonly TypeDay[],
  digest: Digest,
  hasTopic: boolean,
): Audit {
  const { topic, partition, from, to, lost } = place;
  return {
    topic,
    partition,
    from,
    to,
    counts: counts.map(({ type, day, messages }) => {
      return { type, day, in_topic: hasTopic ? messages : null, in_files: messages, in_tables: messages };
    }),
    digests: { topic: hasTopic ? digest : null, files: digest, tables: digest },
    compared: hasTopic ? COMPARED : COMPARED.slice(1),
    lost,
  };
}

/**
 * Reads and checks the ledger of a partition.
 * @param packs whether copies of records count: see packed-records.ts
 */
export async function readLedger(hdfs: Hdfs, key: ChainKey, { packs = true } = {}): Promise<Ledger> {
  const records: AuditRecord[] = [];
  for (const { name, bytes } of await readRecordFiles(hdfs, key, packs)) {
    const path = `${auditFolder(key)}/${name}`;
    const record = parseRecord(bytes);
    const problem =
      typeof record === "string" ? record : problemOf(record, parseCommitName(name), key, records.at(-1));
    if (problem !== null) {
      const remedy = `remove this record and the ones behind it, and npm run audit makes them again`;
      return { key, records, problems: [`${path}: ${problem}; ${remedy}`] };
    }
    records.push(record as AuditRecord);
  }
  return { key, records, problems: [] };
}

/**
 * The offsets at which the messages begin that no audit has seen, and that the topic still has.
 * Reads only the last record of each ledger, and checks none.
 * @param offsets those of the topic
 */
export async function auditedEnds(
  offsets: readonly PartitionOffsets[],
  { topic = settings.topic, ...target }: HdfsTarget & { topic?: string } = {},
): Promise<PartitionOffsets[]> {
  return withHdfs(target, async (hdfs, root) => {
    const ends: PartitionOffsets[] = [];
    for (const { partition, low } of offsets) {
      const key = { root, topic, partition };
      const last = (await namesIn(hdfs, auditFolder(key))).at(-1);
      const record = last === undefined ? null : await hdfs.read(`${auditFolder(key)}/${last}`);
      const parsed = record === null ? null : parseRecord(record);
      if (typeof parsed === "string") throw new Error(`${auditFolder(key)}/${last}: ${parsed}`);
      ends.push({ partition, low, high: Math.max(low, parsed?.to ?? 0) });
    }
    return ends;
  });
}

/** The offset behind the last record: the next audit begins here. */
export function endOf({ records }: Pick<Ledger, "records">): number {
  return records.at(-1)?.to ?? 0;
}

/**
 * Appends a record to the ledger. Resolves with the record, or with null: another audit was faster,
 * and the ledger has its records now.
 * @throws HdfsError when HDFS is away
 */
export async function appendRecord(hdfs: Hdfs, ledger: Ledger, audit: Audit): Promise<AuditRecord | null> {
  const { key, records } = ledger;
  if (audit.from !== endOf(ledger))
    throw new RangeError(`ledger: expected a record from ${endOf(ledger)}, got ${audit.from}`);
  const content = {
    version: 1 as const,
    ...audit,
    made_at: new Date().toISOString(),
    writer: randomUUID(),
    previous: records.at(-1)?.sha256 ?? null,
  };
  const record: AuditRecord = { ...content, sha256: hashOf(content) };
  const [staged, path] = [stagedAudit(key.root, record.writer), auditPath(key, audit.from)];
  await hdfs.makeFolder(auditFolder(key));
  await hdfs.create(staged, Buffer.from(`${JSON.stringify(record, null, 1)}\n`));
  const failure = await hdfs.rename(staged, path).then(
    (isRenamed) => (isRenamed ? null : new HdfsError("RENAME", staged, "answered false")),
    (error: unknown) => error,
  );
  // A false or lost answer decides nothing; the record under that name does.
  const found = failure === null ? record : parseRecord(await hdfs.read(path));
  if (typeof found !== "string" && found.writer === record.writer) {
    records.push(record);
    return record;
  }
  if ((await hdfs.status(path)) === null) throw failure;
  await hdfs.remove(staged);
  Object.assign(ledger, await readLedger(hdfs, key));
  return null;
}

/** The fault of a record at its place in the ledger; null: it fits. */
function problemOf(
  record: AuditRecord,
  named: number | null,
  key: ChainKey,
  before: AuditRecord | undefined,
): string | null {
  const { sha256, ...content } = record;
  const expected = before?.to ?? 0;
  const isOf = `topic ${record.topic}, partition ${record.partition}`;
  if (hashOf(content) !== sha256) return `expected content of the hash ${sha256}, got ${hashOf(content)}`;
  if (record.topic !== key.topic || record.partition !== key.partition)
    return `expected a record of topic ${key.topic}, partition ${key.partition}, got ${isOf}`;
  if (named !== record.from)
    return `expected a record under the name of its offset ${record.from}, got another name`;
  if (record.from !== expected)
    return `expected a record from offset ${expected}, behind the one before, got ${record.from}`;
  if (record.previous !== (before?.sha256 ?? null))
    return `expected the hash ${before?.sha256 ?? null} of the record before, got ${record.previous}`;
  if (!(record.to > record.from)) return `expected an end behind offset ${record.from}, got ${record.to}`;
  return witnessProblem(record);
}

/** The fault of a record whose witnesses differ. */
function witnessProblem({ counts, digests, compared }: AuditRecord): string | null {
  const { topic, files, tables } = digests;
  for (const digest of [tables, ...(topic === null ? [] : [topic])])
    if (String(digest) !== String(files))
      return `expected equal digests, got ${String(files)} and ${String(digest)}`;
  for (const { type, day, in_topic, in_files, in_tables } of counts)
    if (in_files !== in_tables || (topic === null ? in_topic !== null : in_topic !== in_files))
      return `expected equal counts of ${type} on ${day}, got ${in_topic}, ${in_files} and ${in_tables}`;
  const expected = topic === null ? COMPARED.slice(1) : COMPARED;
  return String(compared) === String(expected)
    ? null
    : `expected compared ${expected.join()}, got ${compared.join()}`;
}

/** Reads a record's text; a string says why it is not one. */
function parseRecord(bytes: Buffer | null): AuditRecord | string {
  if (bytes === null) return "expected a record, found none";
  let record: unknown;
  try {
    record = JSON.parse(bytes.toString("utf8"));
  } catch {
    return `expected a record in JSON, got ${bytes.length} bytes that are not JSON`;
  }
  if (!isObject(record) || record.version !== 1) return "expected a record of version 1";
  const { from, to, counts, digests, compared, lost, sha256 } = record;
  const isWhole =
    [from, to].every((one) => Number.isSafeInteger(one)) &&
    Array.isArray(compared) &&
    Array.isArray(counts) &&
    counts.every((one) => isObject(one) && Number.isSafeInteger(one.in_files)) &&
    Array.isArray(lost) &&
    lost.every(isObject) &&
    isObject(digests) &&
    [digests.files, digests.tables].every(Array.isArray) &&
    typeof sha256 === "string";
  return isWhole ? (record as unknown as AuditRecord) : "expected all fields of a record";
}

function hashOf(content: object): string {
  return createHash("sha256").update(JSON.stringify(content)).digest("hex");
}
