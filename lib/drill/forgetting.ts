/**
 * Drill `forget`: a player is forgotten while others play and Trino reads. `kill -9` ends the
 * removal at its first point, the next call at the second point, and so on; the last call does the
 * rest.
 *
 * Old days are removed too, with the point that only they have. Their messages go to the topic with
 * times of their own. A removal deletes the beginning of the topic, so the account asks Trino.
 */
import { randomUUID } from "node:crypto";
import { audit, assertProven } from "../audit/audit.ts";
import { auditAgain } from "../audit/audit-again.ts";
import { untilLanded } from "../audit/landed.ts";
import { receive } from "../collect/receive.ts";
import { events } from "../events.ts";
import { kafkaClient, Partitioners } from "../kafka.ts";
import { FORGET_POINTS, type ForgetPoint } from "../kill-at.ts";
import { runStatement } from "../services/plain-trino.ts";
import { settings } from "../settings.ts";
import { startRepeating } from "../testbed/repeating.ts";
import type { Child } from "../testbed/child.ts";
import { openPipeline, type Pipeline } from "../testbed/pipeline.ts";
import { type Ledger, startPlayers } from "../testbed/players.ts";
import { seeded } from "../testbed/seeded.ts";
import { readOffsets } from "../topic.ts";
import { query, QueryError } from "../trino.ts";
import { until } from "../until.ts";
import type { Drill, DrillOptions, Figures } from "./drill.ts";

const PER_SECOND = 100; // events of the other players
const EVENTS = 40; // of each forgotten player
const KEPT_EVENTS = 200; // of a player whom readers count all the time
const KEPT = "keeper";
const GONE = "gone";
const OLD = "old";
const OLD_DAYS = 3; // the age of old messages
const DAY_MS = 86_400_000;
const LIMIT_MS = 60_000; // until Trino shows sent events
const CALL_LIMIT_MS = 240_000;
const POLL_MS = 300;

export const forgetting: Drill = {
  name: "forget",
  what: "a player is forgotten under load, and kill -9 ends that at each of its points: the next call goes on, no reader sees a wrong count, no other event is lost or double",
  run: async (options) => {
    const pipeline = await openPipeline("forget");
    try {
      return await forgetUnderLoad(pipeline, options);
    } finally {
      await pipeline.close();
    }
  },
};

async function forgetUnderLoad(pipeline: Pipeline, { short, seed, log }: DrillOptions): Promise<Figures> {
  const random = seeded(seed);
  await pipeline.startStream();
  await pipeline.startApi();
  const players = startPlayers({ url: () => pipeline.apiUrl, perSecond: PER_SECOND, random });
  try {
    await send(pipeline, KEPT, KEPT_EVENTS);
    const points = FORGET_POINTS.filter((point) => point !== "day_emptied");
    const one = points[Math.floor(random() * points.length)]!;
    await send(pipeline, GONE, EVENTS);
    const reader = startReader(pipeline, GONE);
    await forget(pipeline, ["--player", GONE], short ? [one] : points, log);
    const figures = { kills: short ? 1 : points.length, ...(await reader.stop()) };
    if (!short) {
      await sendOld(pipeline, OLD);
      const readerOfOld = startReader(pipeline, OLD);
      await forget(pipeline, ["--older-than", String(OLD_DAYS - 1)], ["day_emptied"], log);
      const { queries, failed_queries } = await readerOfOld.stop();
      figures.kills++;
      figures.queries += queries;
      figures.failed_queries += failed_queries;
    }
    for (const player of [GONE, OLD]) {
      const { gone } = await readCounts(pipeline, player);
      if (gone !== 0) throw new Error(`expected no row of ${player}, got ${gone}`);
    }
    players.stop();
    const ledger = await players.done;
    const account = await takeAccount(pipeline, ledger);
    const { topic, root, schema } = pipeline;
    const proof = await audit({ topic, root, schema, days: "all" });
    const { problems } = await auditAgain({ topic, root, schema });
    assertProven({ ...proof, problems: [...proof.problems, ...problems] });
    return { ...figures, retries: ledger.retries, slowest_answer_ms: ledger.slowestMs, ...account };
  } finally {
    players.stop();
  }
}

/** Sends a player's events of all types, and resolves when Trino shows them. */
async function send(pipeline: Pipeline, player: string, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const { route } = events[i % events.length]!;
    const parameters = new URLSearchParams({ player, event_id: randomUUID() });
    const { status } = await fetch(`${pipeline.apiUrl}${route}?${parameters.toString()}`);
    if (status !== 200) throw new Error(`event of ${player}: expected a 200, got ${status}`);
  }
  await untilShown(pipeline, player, count);
}

/** Puts a player's events of an old day into the topic, and resolves when Trino shows them. */
async function sendOld(pipeline: Pipeline, player: string): Promise<void> {
  const producer = kafkaClient(settings.kafkaBrokers).producer({
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  const timestamp = String(Date.now() - OLD_DAYS * DAY_MS);
  const messages = Array.from({ length: EVENTS }, (_, i) => {
    const request = { query: `player=${player}`, headers: {}, remoteAddr: "127.0.0.1" };
    return { value: receive(events[i % events.length]!, request).message, timestamp };
  });
  await producer.send({ topic: pipeline.topic, messages });
  await producer.disconnect();
  await untilShown(pipeline, player, EVENTS);
}

async function untilShown(pipeline: Pipeline, player: string, count: number): Promise<void> {
  const ask = async () => {
    const { gone } = await readCounts(pipeline, player);
    if (gone === count) return true;
    throw new Error(`${gone} rows`);
  };
  await until(`Trino shows ${count} events of ${player}`, ask, { limitMs: LIMIT_MS, everyMs: POLL_MS });
}

/**
 * Calls the command again and again, each time killed at the next point, and then to its end.
 * @throws Error unless nothing is left then
 */
async function forget(
  pipeline: Pipeline,
  words: string[],
  points: readonly ForgetPoint[],
  log: (line: string) => void,
): Promise<void> {
  for (const point of points) {
    const { process, output } = await call(pipeline, words, { QUESTLOG_KILL_AT: point });
    if (process.signalCode !== "SIGKILL")
      throw new Error(`forget: expected to be killed at ${point}, got:\n${output}`);
    log(`killed at ${point}`);
  }
  const { process, output, log: lines } = await call(pipeline, words);
  const counts = lines.filter((line) => /^(table|files|topic|spool)\b.*: \d/.test(line));
  const left = counts.filter((line) => !line.endsWith(", 0 after"));
  if (process.exitCode !== 0 || counts.length === 0 || left.length > 0)
    throw new Error(`forget: expected 0 after in each place, got:\n${output}`);
}

async function call(pipeline: Pipeline, words: string[], env: NodeJS.ProcessEnv = {}): Promise<Child> {
  const own = pipeline.rewritingEnv;
  const child = pipeline.spawn("forget", { env: { ...own, ...env }, args: [...words, "--yes"] });
  await child.ended(CALL_LIMIT_MS);
  return child;
}

/** Asks Trino again and again: the forgotten player's rows only fall, and the other ones stay. */
function startReader(pipeline: Pipeline, player: string) {
  let [failed_queries, most] = [0, EVENTS];
  const repeating = startRepeating(async () => {
    const found = await readCounts(pipeline, player).catch(unlessDeleted);
    if (found === null) {
      failed_queries++;
      return;
    }
    const { gone, kept, ids } = found;
    if (gone > most || kept !== KEPT_EVENTS || ids !== KEPT_EVENTS)
      throw new Error(
        `expected at most ${most} rows of ${player} and ${KEPT_EVENTS} of ${KEPT}, got ${gone} and ${kept} with ${ids} ids`,
      );
    most = gone;
  }, POLL_MS); // the command asks Trino too
  return { stop: async () => ({ queries: await repeating.stop(), failed_queries }) };
}

/** A query in the middle of a file fails when HDFS deletes the file's old blocks. */
function unlessDeleted(error: unknown): null {
  if (error instanceof QueryError && error.code.startsWith("HIVE_")) return null;
  throw error;
}

async function readCounts({ schema }: Pipeline, player: string) {
  const selects = events.map(({ table }) => `SELECT player, event_id FROM ${table}`);
  const [row] = await query<{ gone: number; kept: number; ids: number }>(
    `SELECT count_if(player = '${player}') AS gone, count_if(player = '${KEPT}') AS kept,
       count(DISTINCT event_id) FILTER (WHERE player = '${KEPT}') AS ids
     FROM (${selects.join(" UNION ALL ")})`,
    { schema },
  );
  return row!;
}

/** @throws Error if an accepted event of the other players is missing or double */
async function takeAccount({ topic, root, schema }: Pipeline, { accepted, givenUp }: Ledger) {
  await untilLanded(await readOffsets({ topic }), { topic, root });
  const shown = new Map<string, number>();
  for (const [id] of await runStatement(`SELECT event_id FROM ${schema}.events`))
    shown.set(String(id), (shown.get(String(id)) ?? 0) + 1);
  const selects = events.map(({ table }) => `SELECT kafka_partition, kafka_offset FROM ${schema}.${table}`);
  const landed = (await runStatement(selects.join(" UNION ALL "))).map((row) => row.join("/"));
  const account = {
    accepted: accepted.size,
    given_up: givenUp.size,
    lost: [...accepted.keys()].filter((id) => !shown.has(id)).length,
    double: [...shown.values()].filter((count) => count > 1).length,
    twice_landed: landed.length - new Set(landed).size,
    doubles_removed: landed.length - shown.size,
  };
  const { lost, double, given_up, twice_landed } = account;
  if (accepted.size === 0 || lost + double + given_up + twice_landed > 0)
    throw new Error(`expected no lost and no double event, got ${JSON.stringify(account)}`);
  return account;
}
