/**
 * A day → the events of earlier days in all places, and their removal from these places.
 *
 * An event's day is that of Kafka's time, in UTC, as in the tables. The plan, its steps and its
 * record are those of a player's removal. But a whole day of a table goes at once: old-days.ts.
 */
import { registerDays } from "../ask/tables.ts";
import type { AuditRecord } from "../audit/ledger.ts";
import { untilSwapsEnd } from "../compact/staged-swaps.ts";
import { forgetFolder } from "../layout.ts";
import { findTextsBefore, type NamingFile } from "./find-texts.ts";
import {
  countOldRows,
  findOldDays,
  MovedError,
  type OldDay,
  type OldFiles,
  requireSwaps,
} from "./old-days.ts";
import {
  countInSpools,
  type ForgetOptions,
  type ForgetPlace,
  ownTablesBefore,
  type OwnTable,
  planWork,
  landedMessages,
  prepare,
} from "./prove-first.ts";
import { carryOut, decide, type ForgetPlan, planOf, writePlan } from "./removal-plan.ts";
import { oldLine } from "./spooled.ts";
import { findOldMessages, type OldMessages } from "./topic-messages.ts";

/** All events of old days. */
export interface OldFindings extends OldFiles {
  messages: OldMessages[];
  spooled: number; // lines
  own: OwnTable[]; // only listed
  texts: NamingFile[]; // only listed: last written on old days
}

const DAY_MS = 86_400_000;

/** The first day that stays: `days` days before today, in UTC. */
export function firstKeptDay(days: number, now = Date.now()): string {
  return new Date(now - days * DAY_MS).toISOString().slice(0, 10);
}

/** Looks through all places; changes nothing. @param before YYYY-MM-DD */
export async function findOlder(place: ForgetPlace, before: string): Promise<OldFindings> {
  const { schema, topic, failedTopic, texts } = place;
  await registerDays({ schema });
  return {
    ...(await findOldDays(place, before)),
    messages: [...(await findOldMessages(topic, before)), ...(await findOldMessages(failedTopic, before))],
    spooled: countInSpools(place, oldLine(before)),
    own: await ownTablesBefore(before),
    texts: findTextsBefore(texts, before),
  };
}

/**
 * Removes all events of days before `before`, and resolves with the findings before it.
 * @throws Error before any change if the spool or the stream is behind, or if an audit fails
 */
export async function forgetOlder(
  place: ForgetPlace,
  before: string,
  options: ForgetOptions,
): Promise<OldFindings> {
  const { hdfs, root } = place;
  const { log } = options;
  const records = await prepare(place, oldLine(before), options);
  log("looking for old events in all places");
  const found = await findOlder(place, before);
  const plan = await planOfDays(place, before, found, records);
  const { days, others, below } = plan;
  if (days.length + others.length + below.length === 0) return found;
  if (days[0] !== undefined) await requireSwaps(place, days[0]); // before anything changes
  const work = planWork(place, options);
  await writePlan(work, plan);
  try {
    await work.at("plan_written");
    await untilSwapsEnd(hdfs, root);
    if (namesIn((await findOldDays(place, before)).days) !== namesIn(days)) throw new MovedError("tables");
  } catch (error) {
    await hdfs.remove(forgetFolder(root));
    throw error;
  }
  await decide(work, plan);
  log(`removing ${days.length} days of tables, and messages of ${below.length} partitions`);
  await carryOut(work, plan);
  return found;
}

async function planOfDays(
  place: ForgetPlace,
  before: string,
  { days, others, messages }: OldFindings,
  records: readonly AuditRecord[],
): Promise<ForgetPlan> {
  const { removed, ends } = await countOldRows(place, days, before, records);
  const landed = (await landedMessages(place, messages)).filter(({ topic, partition, last }) => {
    return topic !== place.topic || records.some((one) => one.partition === partition && last < one.to);
  });
  const last = ends.map(({ offset, ...one }) => ({ ...one, messages: 0, last: offset - 1 }));
  return { ...planOf(place.topic, [], [...landed, ...last], []), removed, days, others };
}

function namesIn(days: readonly OldDay[]): string {
  const names = days.flatMap(({ table, files }) => files.map(({ name }) => `${table}/${name}`));
  return names.sort().join("\n");
}
