/**
 * Drill `compact`: yesterday's files are rewritten again and again, while the stream writes today's
 * and Trino reads. `kill -9` ends the compaction at each of its points.
 *
 * Yesterday's messages go to the topic with times of their own, some of them twice.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { audit, assertProven } from "../audit/audit.ts";
import { findFiles } from "../audit/files.ts";
import { receive } from "../collect/receive.ts";
import { events } from "../events.ts";
import { kafkaClient, Partitioners } from "../kafka.ts";
import { SWAP_POINTS } from "../kill-at.ts";
import { settings } from "../settings.ts";
import { startRepeating } from "../testbed/repeating.ts";
import type { Pipeline } from "../testbed/pipeline.ts";
import { exampleRequests } from "../traffic/examples.ts";
import { query } from "../trino.ts";
import { until } from "../until.ts";
import { underLoad } from "./drill.ts";

const DAY_MS = 86_400_000;
const SENDS = 5; // of yesterday's messages, so that there are several files
const EVENTS_A_SEND = 400;
const DOUBLES = 20; // in each send: its first events once more
const EVENTS = SENDS * EVENTS_A_SEND;
const SEND_PAUSE_MS = 2_500; // longer than a batch of the stream waits
const LANDED_LIMIT_MS = 60_000;
const GRACE_MINUTES = 1; // the reader's queries take seconds
const CALL_LIMIT_MS = 240_000;
const MAX_FILES = 2; // of a table and day, after the last call
const WHOLE_SWAP = 6; // points up to the end of a swap; the others delete the old files

export const compaction = underLoad(
  {
    name: "compact",
    what: "yesterday's files are rewritten under load, and kill -9 ends that at each of its points: no reader sees a wrong count, and the audit proves all",
    perSecond: 100,
  },
  async ({ pipeline, random, short, log, settled }) => {
    const day = new Date(Date.now() - DAY_MS).toISOString().slice(0, 10);
    await land(pipeline, day);
    const files = await countFiles(pipeline, day);
    const reader = startReader(pipeline, day);
    const points = short ? [SWAP_POINTS[Math.floor(random() * WHOLE_SWAP)]!] : SWAP_POINTS;
    for (const [i, point] of points.entries()) {
      if (i === WHOLE_SWAP) await sleep(GRACE_MINUTES * 60_000 + 1_000); // else no file is deleted
      const { signalCode } = await compact(pipeline, day, { QUESTLOG_KILL_AT: point });
      if (signalCode !== "SIGKILL") throw new Error(`expected compact to be killed at ${point}, got an end`);
      log(`killed at ${point}`);
    }
    log((await compact(pipeline, day)).output.trim());
    const queries = await reader.stop();
    await settled();
    const most = await countFiles(pipeline, day);
    if (most > MAX_FILES) throw new Error(`expected at most ${MAX_FILES} files of a table, got ${most}`);
    const { topic, root, schema } = pipeline;
    assertProven(await audit({ topic, root, schema, days: "all" }));
    return { kills: points.length, queries, files_before: files, files_after: most };
  },
);

/** Sends events of `day`, some twice, and resolves when Trino shows all of them. */
async function land({ topic, schema }: Pipeline, day: string): Promise<void> {
  const noon = Date.parse(day) + DAY_MS / 2;
  const producer = kafkaClient(settings.kafkaBrokers).producer({
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  for (let send = 0; send < SENDS; send++) {
    const values = Array.from({ length: EVENTS_A_SEND }, (_, i) => newMessage(i));
    values.push(...values.slice(0, DOUBLES));
    const timestamp = String(noon + send);
    await producer.send({ topic, messages: values.map((value) => ({ value, timestamp })) });
    await sleep(SEND_PAUSE_MS);
  }
  await producer.disconnect();
  const ask = async () => {
    const { rows } = await readDay(schema, day);
    if (rows === EVENTS + SENDS * DOUBLES) return true;
    throw new Error(`${rows} rows`);
  };
  await until(`Trino shows all rows of ${day}`, ask, { limitMs: LANDED_LIMIT_MS, everyMs: 500 });
}

function newMessage(i: number): string {
  const examples = exampleRequests();
  const { event_type, params } = examples[i % examples.length]!;
  const event = events.find(({ type }) => type === event_type)!;
  const request = { headers: {}, remoteAddr: "127.0.0.1" };
  return receive(event, { query: new URLSearchParams(params).toString(), ...request }).message;
}

/** Runs `npm run compact` on the day, to its end or to the point at which it is killed. */
async function compact(
  pipeline: Pipeline,
  day: string,
  env: NodeJS.ProcessEnv = {},
): Promise<{ signalCode: NodeJS.Signals | null; output: string }> {
  const own = { ...pipeline.rewritingEnv, QUESTLOG_GRACE_MINUTES: String(GRACE_MINUTES) };
  const child = pipeline.spawn("compact", { env: { ...own, ...env }, args: ["--day", day] });
  await child.ended(CALL_LIMIT_MS);
  const { exitCode, signalCode } = child.process;
  if (exitCode !== 0 && signalCode === null) throw new Error(`compact failed:\n${child.output}`);
  return { signalCode, output: child.output };
}

/** Asks Trino again and again: each event is there, and a double never comes back. */
function startReader({ schema }: Pipeline, day: string) {
  let most = EVENTS + SENDS * DOUBLES;
  return startRepeating(async () => {
    const { rows, ids } = await readDay(schema, day);
    const shown = await count(`SELECT event_id FROM events WHERE day = DATE '${day}'`, schema);
    if (shown.rows !== EVENTS || shown.ids !== EVENTS)
      throw new Error(
        `expected each of ${EVENTS} events once in the view, got ${shown.ids} in ${shown.rows} rows`,
      );
    if (ids !== EVENTS || rows < EVENTS || rows > most)
      throw new Error(`expected ${EVENTS} events in at most ${most} rows, got ${ids} in ${rows}`);
    most = rows;
  }, 0);
}

function readDay(schema: string, day: string): Promise<Found> {
  const selects = events.map(({ table }) => `SELECT event_id FROM ${table} WHERE day = DATE '${day}'`);
  return count(selects.join(" UNION ALL "), schema);
}

interface Found {
  rows: number;
  ids: number;
}

async function count(from: string, schema: string): Promise<Found> {
  const sql = `SELECT count(*) AS rows, count(DISTINCT event_id) AS ids FROM (${from})`;
  const [row] = await query<Found>(sql, { schema });
  return row!;
}

/** The number of files of the table that has the most. */
async function countFiles({ hdfs, root }: Pipeline, day: string): Promise<number> {
  const files = (await findFiles(hdfs, root)).filter((file) => file.day === day);
  return Math.max(0, ...[...Map.groupBy(files, ({ table }) => table).values()].map(({ length }) => length));
}
