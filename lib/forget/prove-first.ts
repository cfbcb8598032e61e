/**
 * A running pipeline → all messages in tables and ledger, before some of them are removed.
 *
 * The order matters. First the spool is emptied and the stream lands all messages. Then an audit
 * proves them, so that the ledger has a record of each message. Only then a plan is made, of
 * messages before the ledger's end.
 */
import { join } from "node:path";
import { registerDays } from "../ask/tables.ts";
import { assertProven, audit } from "../audit/audit.ts";
import { type AuditRecord, readLedger } from "../audit/ledger.ts";
import { untilLanded } from "../audit/landed.ts";
import { failedEvents } from "../catalog.ts";
import { removeDeadSwaps } from "../compact/staged-swaps.ts";
import { events } from "../events.ts";
import { namesIn } from "../folders.ts";
import type { ForgetPoint } from "../kill-at.ts";
import { findLastCommit, openChain } from "../land/commits.ts";
import { chainsFolder, commitsFolder } from "../layout.ts";
import { identifier, sql } from "../sql.ts";
import { readOffsets } from "../topic.ts";
import { query } from "../trino.ts";
import type { RowPlace } from "./find-rows.ts";
import { clearDay, emptyDay } from "./old-days.ts";
import type { PlanWork, ReplacingHdfs } from "./removal-plan.ts";
import { type ChooseLine, countSpooled, emptySpool } from "./spooled.ts";
import { deleteMessages } from "./topic-messages.ts";

/** The places in which events are looked for. */
export interface ForgetPlace extends RowPlace {
  hdfs: ReplacingHdfs;
  failedTopic: string;
  home: string; // of the spool and the logs
  texts: readonly string[]; // files and folders that are only listed
}

export interface ForgetOptions {
  log: (line: string) => void;
  at?: (point: ForgetPoint) => Promise<void> | void;
  waitMs?: number; // for the spool, and for the stream
}

/** A table of the user, which is only listed. */
export interface OwnTable {
  table: string; // "schema.name"
  rows: number | null; // null: unreadable
}

const WAIT_MS = 60_000;

/**
 * Empties the spool of the chosen lines, waits for the stream, and audits. Resolves with the
 * records of all ledgers.
 * @throws Error before any change if the spool or the stream is behind, or if an audit fails
 */
export async function prepare(
  place: ForgetPlace,
  choose: ChooseLine,
  { log, waitMs = WAIT_MS }: ForgetOptions,
): Promise<AuditRecord[]> {
  const { hdfs, root, schema, topic, failedTopic, home } = place;
  await refuseRebuild(place);
  for (const name of [topic, failedTopic]) await emptySpool(spoolFolder(home, name), choose, waitMs);
  log("waiting until the stream has landed all messages");
  for (const name of [topic, failedTopic])
    await untilLanded(await readOffsets({ topic: name }), { topic: name, root, timeoutMs: waitMs });
  await removeDeadStaging(place);
  await registerDays({ schema });
  log("auditing, so that the ledger has a record of each message");
  assertProven(await audit({ hdfs, topic, root, schema, days: "all" }));
  return recordsOf(place);
}

/**
 * The messages up to which the stream has landed all of their partition: only these may be deleted,
 * with those in front of them.
 */
export async function landedMessages<T extends { topic: string; partition: number; last: number }>(
  { hdfs, root }: ForgetPlace,
  messages: readonly T[],
): Promise<T[]> {
  const landed: T[] = [];
  for (const one of messages) {
    const commit = await findLastCommit(hdfs, { root, topic: one.topic, partition: one.partition });
    if (commit !== null && one.last <= commit.last) landed.push(one);
  }
  return landed;
}

/** All that the work on a plan needs. */
export function planWork(place: ForgetPlace, { at = () => {} }: Pick<ForgetOptions, "at">): PlanWork {
  const { hdfs, root } = place;
  return {
    hdfs,
    root,
    deleteMessages,
    emptyDay: (day) => emptyDay(place, day),
    clearDay: (day) => clearDay(place, day),
    at,
  };
}

/** The number of chosen lines in the spools of both topics. */
export function countInSpools({ home, topic, failedTopic }: ForgetPlace, choose: ChooseLine): number {
  return (
    countSpooled(spoolFolder(home, topic), choose) + countSpooled(spoolFolder(home, failedTopic), choose)
  );
}

/** Tables with a column `player` that are not of the catalogue, in all schemas, with such a row. */
export function ownTablesOf(players: readonly string[]): Promise<OwnTable[]> {
  return findOwnTables("player", sql`CAST(player AS varchar) IN (${players})`);
}

/** As `ownTablesOf`, with a column `day` and rows of earlier days. */
export function ownTablesBefore(before: string): Promise<OwnTable[]> {
  return findOwnTables("day", sql`CAST(day AS varchar) < ${before}`);
}

async function findOwnTables(column: string, where: string): Promise<OwnTable[]> {
  const ours = [...events.map(({ table }) => table), failedEvents.table];
  const tables = await query<{ schema: string; name: string }>(
    `SELECT table_schema AS schema, table_name AS name
     FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
     WHERE column_name = ? AND table_type = 'BASE TABLE' AND table_schema <> 'information_schema'`,
    { parameters: [column] },
  );
  const own: OwnTable[] = [];
  for (const { schema, name } of tables.filter((one) => !ours.includes(one.name))) {
    const rows = await query<{ rows: number }>(
      `SELECT count(*) AS rows FROM ${identifier(schema)}.${identifier(name)} WHERE ${where}`,
    ).catch((error: unknown) => (error as Error).message);
    if (typeof rows === "string") own.push({ table: `${schema}.${name}`, rows: null });
    else if (rows[0]!.rows > 0) own.push({ table: `${schema}.${name}`, rows: rows[0]!.rows });
  }
  return own;
}

/** The records of all ledgers of the topic. */
async function recordsOf({ hdfs, root, topic }: ForgetPlace): Promise<AuditRecord[]> {
  const records: AuditRecord[] = [];
  for (const { partition } of await readOffsets({ topic }))
    records.push(...(await readLedger(hdfs, { root, topic, partition })).records);
  return records;
}

/** Finishes the last commits, and deletes staged files that can no longer be committed. */
async function removeDeadStaging({ hdfs, root }: ForgetPlace): Promise<void> {
  await removeDeadSwaps(hdfs, root);
  for (const topic of await namesIn(hdfs, commitsFolder(root)))
    for (const partition of await namesIn(hdfs, chainsFolder(root, topic)))
      await openChain(hdfs, { root, topic, partition: Number(partition) });
}

async function refuseRebuild({ hdfs, root }: ForgetPlace): Promise<void> {
  const [table] = await namesIn(hdfs, `${root}/rebuild`);
  if (table !== undefined)
    throw new Error(`table ${table}: its rebuild comes first: npm run tables -- --rebuild ${table}`);
}

function spoolFolder(home: string, topic: string): string {
  return join(home, "spool", topic);
}
