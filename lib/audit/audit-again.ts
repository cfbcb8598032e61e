/**
 * The ledger's records → the same audits again, from nothing, compared with the records.
 *
 * Nothing is replaced: a difference is a problem that names the record. Messages that Kafka deleted
 * after their audit are no failure. Their record's digest then stands for the topic, and files and
 * tables are compared with it. Rows that were removed later are subtracted: removals.ts.
 */
import { type AuditOptions, type AuditRun, progressText, withAudit } from "./audit.ts";
import { auditPath } from "../layout.ts";
import { readCommits } from "./coverage.ts";
import type { AuditRecord, Ledger } from "./ledger.ts";
import { removedOf, type Rest, restOf, sumOf } from "./removals.ts";
import type { Tally, TypeDay } from "./tally.ts";

/** The result of repeated audits. */
export interface Again {
  messages: number; // rows in tables, counted again
  audits: number; // records
  removed: number; // messages of these records that a removal took from files and tables
  without_topic: number; // records whose messages Kafka has deleted since, or before their audit
  problems: string[];
}

/** Repeats the audits of all records, or of those with messages of `since` or later days. */
export async function auditAgain({
  since,
  ...options
}: AuditOptions & { since?: string | undefined } = {}): Promise<Again> {
  return withAudit({ ...options, packs: false }, async (run) => {
    const again = { messages: 0, audits: 0, removed: 0, without_topic: 0, problems: run.problems };
    const wanted = run.ledgers.map(({ records }) =>
      records.filter(({ counts }) => since === undefined || counts.some(({ day }) => day >= since)),
    );
    const rounds = Math.max(0, ...wanted.map(({ length }) => length));
    for (let i = 0; i < rounds; i++) {
      const records = wanted.flatMap((one) => one[i] ?? []);
      await repeat(run, records, again);
      options.log?.(`${progressText(again)} again`);
    }
    return again;
  });
}

/** Repeats the audits of one record of each partition. */
async function repeat(
  { hdfs, place, witnesses, ledgers, removals }: AuditRun,
  records: readonly AuditRecord[],
  again: Again,
): Promise<void> {
  const days = new Set(records.flatMap(({ counts }) => counts.map(({ day }) => day)));
  const commits = await readCommits(records, { hdfs, ...place });
  for (const { day } of commits.flatMap(({ files }) => files)) days.add(day);
  const lows = await witnesses.lows();
  const inTopic = records.filter(({ partition, from }) => (lows.get(partition) ?? Infinity) <= from);
  const { tallies: files, refused } = await witnesses.files(records, days);
  const tables = await witnesses.tables(records, days);
  const topic = await witnesses.topic(inTopic, refused);
  const lowsAfter = await witnesses.lows();
  for (const record of records) {
    const { partition, from } = record;
    const hasTopic = inTopic.includes(record) && lowsAfter.get(partition)! <= from;
    const whole = restOf(record, []);
    const removed = removedOf(removals, record);
    const rest = restOf(record, removed);
    again.removed += removed.reduce((sum, range) => sum + sumOf(range), 0);
    const found = [
      ...(hasTopic ? [differences(whole, "topic", topic.get(partition)!)] : []),
      differences(rest, "files", files.get(partition)!),
      differences(rest, "tables", tables.get(partition)!),
    ].flat();
    again.audits++;
    again.messages += tables.get(partition)!.messages;
    if (!hasTopic) again.without_topic++;
    if (found.length === 0) continue;
    const path = auditPath(keyOf(ledgers, partition), from);
    again.problems.push(...found.map((one) => `${path}: ${one}`));
    if (hasTopic) again.problems.push(...(await witnesses.explain(record)));
  }
}

/** The differences between a record and a witness of today. */
function differences(record: Rest, witness: "topic" | "files" | "tables", now: Tally): string[] {
  const messagesOf = (counts: readonly TypeDay[]) =>
    new Map(counts.map(({ type, day, messages }) => [`${type} on ${day}`, messages]));
  const [said, got] = [messagesOf(record.counts), messagesOf(now.counts)];
  const unequal = [...new Set([...said.keys(), ...got.keys()])]
    .filter((key) => (said.get(key) ?? 0) !== (got.get(key) ?? 0))
    .map((key) => `${key}: the record has ${said.get(key) ?? 0}, the ${witness} have ${got.get(key) ?? 0}`);
  if (unequal.length > 0 || String(record.digest) === String(now.digest)) return unequal;
  return [`the ${witness} have as many messages as the record, but other ones`];
}

function keyOf(ledgers: readonly Ledger[], partition: number) {
  return ledgers.find(({ key }) => key.partition === partition)!.key;
}
