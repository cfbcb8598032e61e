/**
 * The ledger's end → an audit of all commits behind it → more records, and a proof of the whole.
 *
 * The proof is by induction. The ledger vouches for the messages of earlier audits, and only newer
 * ones are read: in the topic, in the files, in the tables. A record is written when all three
 * witnesses have the same messages. If they differ, the ledger stays as it is, so that each later
 * audit names the difference again. At the end the sums over the ledger are compared with Trino's
 * counts by type and day.
 *
 * A crash leaves whole records only, and the next audit goes on behind the last of them.
 */
import assert from "node:assert/strict";
import { namesIn } from "../folders.ts";
import { chainsFolder } from "../layout.ts";
import { settings } from "../settings.ts";
import { type Hdfs, WebHdfs } from "../webhdfs.ts";
import { compareSums } from "./audited-sums.ts";
import {
  appendRecord,
  type Audit,
  auditOf,
  type AuditRecord,
  endOf,
  type Ledger,
  type LostOffsets,
  readLedger,
} from "./ledger.ts";
import { ChainError, type ChainNames, listCommits, nextPortion, type Portion } from "./portions.ts";
import { type RemovalRecord, readRemovals, removalProblems } from "./removals.ts";
import { isSameTally, type Tally } from "./tally.ts";
import { type AuditPlace, openWitnesses, type Witnesses } from "./witnesses.ts";

/** Messages that some audits have proven. */
export interface Proven {
  messages: number;
  audits: number; // records of the ledger
}

/** The result of an audit. */
export interface Proof {
  now: Proven;
  before: Proven;
  lost: (LostOffsets & { partition: number })[]; // in the whole ledger
  newest: string | null; // day with messages in the whole ledger; null: none has any
  days: string[] | "all"; // on which the sums were compared with Trino's counts
  problems: string[]; // empty: everything is proven but the lost offsets of earlier audits
}

export interface AuditOptions extends Partial<AuditPlace> {
  hdfs?: Hdfs;
  days?: "new" | "all"; // on which the sums are compared with Trino's counts; default: "new"
  maxOffsets?: number; // of a portion
  log?: (line: string) => void; // gets the number of audited messages, after each portion
  witnesses?: Witnesses;
  packs?: boolean; // whether copies of the ledger's records count; default: true
}

/** Audits the commits behind the ledger's end. */
export async function audit(options: AuditOptions = {}): Promise<Proof> {
  return withAudit(options, async (run) => {
    const before = provenBy(run.ledgers.flatMap(({ records }) => records));
    const made = await auditAll(run, options);
    const days = options.days === "all" ? "all" : daysOf(made, run.ledgers);
    run.problems.push(...(await compareSums(run.ledgers, days, run.witnesses, run.removals)));
    const newest = daysIn(run.ledgers.flatMap(({ records }) => records)).at(-1) ?? null;
    return { now: provenBy(made), before, lost: lostIn(run.ledgers), newest, days, problems: run.problems };
  });
}

/**
 * Asserts that an audit found no problem.
 * @throws Error that names each problem
 */
export function assertProven({ problems }: Proof): void {
  const text = problems.map((problem) => `  ${problem}`).join("\n");
  assert.deepEqual(problems, [], new Error(`not proven:\n${text}`));
}

/** An audit at work. */
export interface AuditRun {
  hdfs: Hdfs;
  place: AuditPlace;
  witnesses: Witnesses;
  ledgers: Ledger[]; // one for each partition, with the records of this audit
  removals: readonly RemovalRecord[]; // of rows, after their audit
  problems: string[];
}

/** Opens the ledgers, runs `work`, and closes the client that it opened. */
export async function withAudit<T>(options: AuditOptions, work: (run: AuditRun) => Promise<T>): Promise<T> {
  const { topic = settings.topic, root = settings.hdfsRoot, schema = settings.schema, packs } = options;
  const place = { topic, root, schema };
  const own = options.hdfs === undefined ? new WebHdfs() : undefined;
  const hdfs = options.hdfs ?? own!;
  try {
    const partitions = (await namesIn(hdfs, chainsFolder(root, topic))).map(Number).sort((a, b) => a - b);
    const ledgers: Ledger[] = [];
    for (const partition of partitions)
      ledgers.push(await readLedger(hdfs, { root, topic, partition }, { packs }));
    const witnesses = options.witnesses ?? openWitnesses(hdfs, place);
    const removals = await readRemovals(hdfs, root, topic);
    const problems = [...ledgers.flatMap((ledger) => ledger.problems), ...removals.problems];
    if (removals.records.length > 0)
      problems.push(...removalProblems(removals, ledgers, await witnesses.lows()));
    return await work({ hdfs, place, witnesses, ledgers, removals: removals.records, problems });
  } finally {
    own?.close();
  }
}

/** Audits portion after portion until all listed commits are audited; returns the new records. */
async function auditAll(run: AuditRun, { maxOffsets, log }: AuditOptions): Promise<AuditRecord[]> {
  const { hdfs, ledgers, problems } = run;
  const made: AuditRecord[] = [];
  const open = new Map<Ledger, ChainNames>();
  for (const ledger of ledgers)
    if (ledger.problems.length === 0) open.set(ledger, await listCommits(hdfs, ledger.key, endOf(ledger)));
  while (open.size > 0) {
    const portions = new Map<Ledger, Portion>();
    for (const [ledger, names] of open) {
      const portion = await nextPortion(hdfs, names, endOf(ledger), maxOffsets).catch((error: unknown) => {
        if (!(error instanceof ChainError)) throw error;
        problems.push(error.message);
        return null;
      });
      if (portion === null) open.delete(ledger);
      else portions.set(ledger, portion);
    }
    const checked = await checkPortions(run, [...portions.values()]);
    for (const [ledger, portion] of portions) {
      const { audit, problems: found } = checked.get(portion)!;
      problems.push(...found);
      if (audit === null) open.delete(ledger);
      else {
        const record = await appendRecord(hdfs, ledger, audit);
        if (record !== null) made.push(record);
        problems.push(...ledger.problems);
        if (ledger.problems.length > 0) open.delete(ledger);
      }
    }
    log?.(progressText(provenBy(made)));
  }
  return made;
}

interface Checked {
  audit: Audit | null; // null: the witnesses differ
  problems: string[];
}

/** Compares the witnesses of each portion. */
async function checkPortions(run: AuditRun, portions: readonly Portion[]): Promise<Map<Portion, Checked>> {
  const { witnesses, place } = run;
  if (portions.length === 0) return new Map();
  const lows = await witnesses.lows();
  for (const portion of portions) cutAtLow(portion, lows.get(portion.partition) ?? 0);
  const days = new Set(portions.flatMap((portion) => portion.days));
  const { tallies: files, refused } = await witnesses.files(portions, days);
  const tables = await witnesses.tables(portions, days);
  const inTopic = portions.filter(({ lost }) => !lost.some(({ before }) => before === "audit"));
  const topic = await witnesses.topic(inTopic, refused);
  const lowsAfter = await witnesses.lows();
  if (inTopic.some(({ partition, from }) => (lowsAfter.get(partition) ?? 0) > from))
    return checkPortions(run, portions); // Kafka deleted messages meanwhile
  const checked = new Map<Portion, Checked>();
  for (const portion of portions) {
    const { partition, from, to, lost } = portion;
    const [inFiles, inTables] = [files.get(partition)!, tables.get(partition)!];
    const messages = inTopic.includes(portion) ? topic.get(partition)! : null;
    const isEqual = isSameTally(inFiles, inTables) && (messages === null || isSameTally(messages, inFiles));
    const range = { topic: place.topic, partition, from, to, lost };
    checked.set(
      portion,
      isEqual
        ? {
            audit: auditOf(range, inFiles.counts, inFiles.digest, messages !== null),
            problems: lost.map((one) => lostText(partition, one)),
          }
        : { audit: null, problems: await explain(run, portion, [messages, inFiles, inTables]) },
    );
  }
  return checked;
}

/** A portion of which Kafka has deleted messages ends where the topic begins. */
function cutAtLow(portion: Portion, low: number): void {
  if (low <= portion.from) return;
  portion.to = Math.min(portion.to, low);
  portion.lost = portion.lost.filter(({ from, before }) => before === "landing" && from < portion.to);
  portion.lost.push({ from: portion.from, to: portion.to, before: "audit" });
}

/** Names the messages that differ, or at least the counts. */
async function explain(
  { witnesses }: AuditRun,
  portion: Portion,
  [topic, files, tables]: [Tally | null, Tally, Tally],
): Promise<string[]> {
  const { partition, from, to } = portion;
  const numbers = [
    ...(topic === null ? [] : [`${topic.messages} messages in the topic`]),
    `${files.messages} rows in files`,
    `${tables.messages} rows in tables`,
  ];
  const same = new Set(numbers.map((one) => parseInt(one))).size === 1;
  const text = `partition ${partition}, offsets [${from}, ${to}): ${numbers.join(", ")}`;
  const problem = same ? `${text}, but not the same ones` : text;
  if (topic === null) return [problem];
  return [problem, ...(await witnesses.explain(portion))];
}

/** "300,000 messages audited" */
export function progressText({ messages }: { messages: number }): string {
  return `${messages.toLocaleString("en")} messages audited`;
}

/** "Kafka deleted offsets [0, 9) of partition 1 before their audit" */
export function lostText(partition: number, { from, to, before }: LostOffsets): string {
  const when = before === "audit" ? "before their audit" : "before they were landed";
  return `partition ${partition}: Kafka deleted offsets [${from}, ${to}) ${when}`;
}

function provenBy(records: readonly AuditRecord[]): Proven {
  const rows = records.flatMap(({ counts }) => counts);
  return { messages: rows.reduce((sum, { in_tables }) => sum + in_tables, 0), audits: records.length };
}

function lostIn(ledgers: readonly Ledger[]): Proof["lost"] {
  return ledgers.flatMap(({ key, records }) =>
    records.flatMap(({ lost }) => lost.map((one) => ({ ...one, partition: key.partition }))),
  );
}

/** The days of new records; without any, those of the last records. */
function daysOf(made: readonly AuditRecord[], ledgers: readonly Ledger[]): string[] {
  const records = made.length > 0 ? made : ledgers.flatMap((ledger) => ledger.records.at(-1) ?? []);
  return daysIn(records);
}

function daysIn(records: readonly AuditRecord[]): string[] {
  return [...new Set(records.flatMap(({ counts }) => counts.map(({ day }) => day)))].sort();
}
