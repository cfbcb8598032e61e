/**
 * A player's name → the places that name the player, and their removal from these places.
 *
 * The order matters. First the spool is emptied and the stream lands all messages. Then an audit
 * proves them, so that the ledger has a record of each message. Only then the plan is made, of
 * messages before the ledger's end. Events of the player that come later are not removed: the
 * search at the end finds them, and another call removes them.
 */
import { join } from "node:path";
import { registerDays } from "../ask/tables.ts";
import { assertProven, audit } from "../audit/audit.ts";
import { type AuditRecord, readLedger } from "../audit/ledger.ts";
import { untilLanded } from "../audit/landed.ts";
import { removeDeadSwaps, untilSwapsEnd } from "../compact/staged-swaps.ts";
import { createRetention } from "../collect/retention.ts";
import { failedEvents } from "../catalog.ts";
import { events } from "../events.ts";
import { namesIn } from "../folders.ts";
import { openChain } from "../land/commits.ts";
import { chainsFolder, commitsFolder, forgetDecidedPath, forgetFolder } from "../layout.ts";
import { settings } from "../settings.ts";
import { identifier, sql } from "../sql.ts";
import { readOffsets } from "../topic.ts";
import { query } from "../trino.ts";
import { deleteMessages, findMessages, type FoundMessages } from "./topic-messages.ts";
import { findRows, type FoundFile, type RowPlace } from "./find-rows.ts";
import { findTexts, type NamingFile } from "./find-texts.ts";
import {
  carryOut,
  decide,
  type ForgetPlan,
  type ForgetStep,
  planOf,
  readPlan,
  type ReplacingHdfs,
  writePlan,
} from "./removal-plan.ts";
import { countSpooled, emptySpool } from "./spooled.ts";

/** The places in which a player is looked for. */
export interface ForgetPlace extends RowPlace {
  hdfs: ReplacingHdfs;
  failedTopic: string;
  home: string; // of the spool and the logs
  texts: readonly string[]; // files and folders that are only listed
}

/** All that names a player. */
export interface Findings {
  files: FoundFile[];
  messages: FoundMessages[];
  spooled: number; // lines
  own: { table: string; rows: number | null }[]; // the user's tables, only listed; null: unreadable
  texts: NamingFile[]; // only listed
}

export interface ForgetOptions {
  log: (line: string) => void;
  at?: (step: ForgetStep) => Promise<void> | void;
  waitMs?: number; // for the spool, and for the stream
}

const WAIT_MS = 60_000;

/** The name as the API stores it: itself, and its hash if the retention hashes players. */
export function storedNames(player: string): string[] {
  const { retention: overrides, retentionSecret: secret } = settings;
  const { retain, changes } = createRetention({ overrides, ...(secret !== undefined && { secret }) });
  if (!changes.includes("player=hash")) return [player];
  const empty = { params: new Map(), headers: new Map(), remote_addr: "" };
  return [player, retain({ player, ...empty }).player ?? player];
}

/** Looks through all places; changes nothing. */
export async function findPlayer(place: ForgetPlace, players: readonly string[]): Promise<Findings> {
  const { schema, topic, failedTopic, home, texts } = place;
  await registerDays({ schema });
  const spools = [topic, failedTopic].map((name) => spoolFolder(home, name));
  return {
    files: await findRows(place, players),
    messages: [...(await findMessages(topic, players)), ...(await findMessages(failedTopic, players))],
    spooled: spools.reduce((sum, folder) => sum + countSpooled(folder, players), 0),
    own: await findOwnTables(players),
    texts: findTexts(texts, players),
  };
}

/** Finishes a removal that was interrupted. Resolves with whether there was one. */
export async function finishRemoval(place: ForgetPlace, { at = () => {} }: ForgetOptions): Promise<boolean> {
  const { hdfs, root } = place;
  const plan = await readPlan(hdfs, root);
  if (plan === null || (await hdfs.status(forgetDecidedPath(root))) === null) {
    await hdfs.remove(forgetFolder(root)); // nothing has changed yet
    return false;
  }
  await carryOut({ hdfs, root, deleteMessages, at }, plan);
  return true;
}

/**
 * Removes all that names a player, and resolves with the findings before it.
 * @throws Error before any change if the spool or the stream is behind, or if an audit fails
 */
export async function forgetPlayer(
  place: ForgetPlace,
  players: readonly string[],
  { log, at = () => {}, waitMs = WAIT_MS }: ForgetOptions,
): Promise<Findings> {
  const { hdfs, root, schema, topic, failedTopic, home } = place;
  await refuseRebuild(place);
  for (const name of [topic, failedTopic]) await emptySpool(spoolFolder(home, name), players, waitMs);
  log("waiting until the stream has landed all messages");
  for (const name of [topic, failedTopic])
    await untilLanded(await readOffsets({ topic: name }), { topic: name, root, timeoutMs: waitMs });
  await removeDeadStaging(place);
  await registerDays({ schema });
  log("auditing, so that the ledger has a record of each message");
  assertProven(await audit({ hdfs, topic, root, schema, days: "all" }));
  log("looking for the player in all places");
  const found = await findPlayer(place, players);
  const records = await recordsOf(place);
  const plan = planOf(topic, ...audited(found, records, topic), records);
  if (plan.files.length === 0 && plan.below.length === 0) return found;
  const work = { hdfs, root, deleteMessages, at };
  await writePlan(work, plan);
  await refuseMoved(place, players, plan, records);
  await decide(work, plan);
  log(`removing rows from ${plan.files.length} files, and messages of ${plan.below.length} partitions`);
  await carryOut(work, plan);
  return found;
}

/** The records of all ledgers of the topic. */
async function recordsOf({ hdfs, root, topic }: ForgetPlace): Promise<AuditRecord[]> {
  const records: AuditRecord[] = [];
  for (const { partition } of await readOffsets({ topic }))
    records.push(...(await readLedger(hdfs, { root, topic, partition })).records);
  return records;
}

/**
 * No swap begins while the plan is there. One that was faster has put the rows into other files.
 * @throws Error then, and removes the plan: nothing has changed
 */
async function refuseMoved(
  place: ForgetPlace,
  players: readonly string[],
  plan: ForgetPlan,
  records: readonly AuditRecord[],
): Promise<void> {
  const { hdfs, root, topic } = place;
  const pathsOf = (list: readonly { path: string }[]) =>
    list
      .map(({ path }) => path)
      .sort()
      .join("\n");
  try {
    await untilSwapsEnd(hdfs, root);
    const [files] = audited({ files: await findRows(place, players), messages: [] }, records, topic);
    if (pathsOf(files) !== pathsOf(plan.files))
      throw new Error("files were compacted meanwhile, and nothing was removed: call the command again");
  } catch (error) {
    await hdfs.remove(forgetFolder(root));
    throw error;
  }
}

/** The rows and messages that audits have counted; those of the failed topic have no ledger. */
function audited(
  { files, messages }: Pick<Findings, "files" | "messages">,
  records: readonly AuditRecord[],
  topic: string,
): [FoundFile[], FoundMessages[]] {
  const isBefore = (one: { topic: string; partition: number }, offset: number) =>
    one.topic !== topic || records.some(({ partition, to }) => partition === one.partition && offset < to);
  const chosen = files.map((file) => ({
    ...file,
    rows: file.rows.filter((row) => isBefore(row, row.offset)),
  }));
  return [chosen.filter(({ rows }) => rows.length > 0), messages.filter((one) => isBefore(one, one.last))];
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

/** Tables with a column `player` that are not of the catalogue, in all schemas. */
async function findOwnTables(players: readonly string[]): Promise<Findings["own"]> {
  const ours = [...events.map(({ table }) => table), failedEvents.table];
  const tables = await query<{ schema: string; name: string }>(
    `SELECT table_schema AS schema, table_name AS name
     FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
     WHERE column_name = 'player' AND table_type = 'BASE TABLE' AND table_schema <> 'information_schema'`,
  );
  const own: Findings["own"] = [];
  for (const { schema, name } of tables.filter((one) => !ours.includes(one.name))) {
    const where = sql`CAST(player AS varchar) IN (${players})`;
    const rows = await query<{ rows: number }>(
      `SELECT count(*) AS rows FROM ${identifier(schema)}.${identifier(name)} WHERE ${where}`,
    ).catch((error: unknown) => (error as Error).message);
    if (typeof rows === "string") own.push({ table: `${schema}.${name}`, rows: null });
    else if (rows[0]!.rows > 0) own.push({ table: `${schema}.${name}`, rows: rows[0]!.rows });
  }
  return own;
}

function spoolFolder(home: string, topic: string): string {
  return join(home, "spool", topic);
}
