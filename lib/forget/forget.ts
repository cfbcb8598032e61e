/**
 * A player's name → the places that name the player, and their removal from these places.
 *
 * The plan is made of messages before the ledger's end (prove-first.ts). Events of the player that
 * come later are not removed: the search at the end finds them, and another call removes them.
 */
import { registerDays } from "../ask/tables.ts";
import type { AuditRecord } from "../audit/ledger.ts";
import { createRetention } from "../collect/retention.ts";
import { untilSwapsEnd } from "../compact/staged-swaps.ts";
import { forgetDecidedPath, forgetFolder } from "../layout.ts";
import { settings } from "../settings.ts";
import { findRows, type FoundFile } from "./find-rows.ts";
import { findTexts, type NamingFile } from "./find-texts.ts";
import {
  countInSpools,
  type ForgetOptions,
  type ForgetPlace,
  ownTablesOf,
  type OwnTable,
  planWork,
  landedMessages,
  prepare,
} from "./prove-first.ts";
import { carryOut, decide, type ForgetPlan, planOf, readPlan, writePlan } from "./removal-plan.ts";
import { namingLine } from "./spooled.ts";
import { findMessages, type FoundMessages } from "./topic-messages.ts";

/** All that names a player. */
export interface Findings {
  files: FoundFile[];
  messages: FoundMessages[];
  spooled: number; // lines
  own: OwnTable[]; // only listed
  texts: NamingFile[]; // only listed
}

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
  const { schema, topic, failedTopic, texts } = place;
  await registerDays({ schema });
  return {
    files: await findRows(place, players),
    messages: [...(await findMessages(topic, players)), ...(await findMessages(failedTopic, players))],
    spooled: countInSpools(place, namingLine(players)),
    own: await ownTablesOf(players),
    texts: findTexts(texts, players),
  };
}

/**
 * Finishes a removal that was interrupted. One that had changed nothing is dropped: its plan may
 * have grown old.
 */
export async function finishRemoval(
  place: ForgetPlace,
  options: ForgetOptions,
): Promise<"finished" | "dropped" | "none"> {
  const { hdfs, root } = place;
  const plan = await readPlan(hdfs, root);
  if (plan === null || (await hdfs.status(forgetDecidedPath(root))) === null) {
    await hdfs.remove(forgetFolder(root)); // nothing has changed yet
    return plan === null ? "none" : "dropped";
  }
  await carryOut(planWork(place, options), plan);
  return "finished";
}

/**
 * Removes all that names a player, and resolves with the findings before it.
 * @throws Error before any change if the spool or the stream is behind, or if an audit fails
 */
export async function forgetPlayer(
  place: ForgetPlace,
  players: readonly string[],
  options: ForgetOptions,
): Promise<Findings> {
  const { topic } = place;
  const { log } = options;
  const records = await prepare(place, namingLine(players), options);
  log("looking for the player in all places");
  const found = await findPlayer(place, players);
  const messages = await landedMessages(place, found.messages);
  const plan = planOf(topic, ...audited({ ...found, messages }, records, topic), records);
  if (plan.files.length === 0 && plan.below.length === 0) return found;
  const work = planWork(place, options);
  await writePlan(work, plan);
  await work.at("plan_written");
  await refuseMoved(place, players, plan, records);
  await decide(work, plan);
  log(`removing rows from ${plan.files.length} files, and messages of ${plan.below.length} partitions`);
  await carryOut(work, plan);
  return found;
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
