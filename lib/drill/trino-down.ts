/**
 * Drill `trino-down`: Trino, then the metastore, is killed and stays away. Landing goes on, and a
 * report fails with the service's name. Days that began meanwhile are registered afterwards.
 */
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { $ } from "zx";
import { exampleParameters } from "../catalog.ts";
import type { Envelope } from "../envelope.ts";
import { events } from "../events.ts";
import { kafkaClient, Partitioners } from "../kafka.ts";
import { readOffsets } from "../topic.ts";
import { untilLanded } from "../audit/landed.ts";
import { runStatement } from "../services/plain-trino.ts";
import { settings } from "../settings.ts";
import { underLoad } from "./drill.ts";
import type { Ledger } from "../testbed/players.ts";
import type { Pipeline } from "../testbed/pipeline.ts";
import { withoutServices } from "../testbed/outages.ts";
import { until } from "../until.ts";

const event = events[0]!; // it is sent with the time of a day long ago
const OUTAGES = [
  { service: "trino", day: "2020-02-01" },
  { service: "metastore", day: "2020-02-02" },
] as const;
const EVENTS_OF_DAY = 10;
const WARM_MS = 1_000; // under load before the first kill
const LANDED_LIMIT_MS = 10_000; // from the message in the topic
const REGISTERED_LIMIT_MS = 30_000; // from the ready service
const POLL_MS = 200;

export const trinoDown = underLoad(
  {
    name: "trino-down",
    what: "kill -9 ends Trino, then the metastore, and each stays away: landing goes on, a report names the service, and new days are registered afterwards",
    perSecond: 100,
  },
  async ({ pipeline, players, short, log }) => {
    const awayMs = short ? 5_000 : 60_000;
    const landedMs: number[] = [];
    const registeredMs: number[] = [];
    await sleep(WARM_MS);
    for (const { service, day } of OUTAGES) {
      const { killedAt, readyAt } = await withoutServices([service], async () => {
        const end = Date.now() + awayMs;
        await sendFrom(day, pipeline, players.ledger);
        landedMs.push(await landTopic(pipeline));
        log(`${service} is away: "${await failReport(pipeline, service)}"`);
        landedMs.push(await landTopic(pipeline));
        await sleep(Math.max(0, end - Date.now()));
      });
      registeredMs.push(await untilShown(day, pipeline));
      log(
        `${service} was away for ${readyAt - killedAt} ms; the new day is visible after ${registeredMs.at(-1)} ms`,
      );
    }
    return {
      landed_slowest_ms: Math.max(...landedMs),
      registered_slowest_ms: Math.max(...registeredMs),
    };
  },
);

/** Puts events of a day long ago on the topic, and into the ledger. */
async function sendFrom(day: string, { topic }: Pipeline, { accepted }: Ledger): Promise<void> {
  const time = new Date(`${day}T12:00:00Z`);
  const ids = Array.from({ length: EVENTS_OF_DAY }, () => randomUUID());
  const producer = kafkaClient(settings.kafkaBrokers).producer({
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  try {
    const messages = ids.map((id) => ({
      key: "player_1",
      value: JSON.stringify(eventOf(id, time)),
      timestamp: String(time.getTime()),
    }));
    await producer.send({ topic, messages });
  } finally {
    await producer.disconnect();
  }
  for (const id of ids) accepted.set(id, Date.now());
}

function eventOf(event_id: string, time: Date): Envelope {
  return {
    event_id,
    event_type: event.type,
    received_at: time.toISOString(),
    player: "player_1",
    params: exampleParameters(event, 1),
    headers: {},
    remote_addr: "127.0.0.1",
  };
}

/** Waits until all messages of the topic have landed. Resolves with the milliseconds. */
async function landTopic({ topic, root }: Pipeline): Promise<number> {
  const since = Date.now();
  await untilLanded(await readOffsets({ topic }), { topic, root, timeoutMs: LANDED_LIMIT_MS });
  return Date.now() - since;
}

/**
 * Runs a notebook that needs tables. Resolves with the line about its failure.
 * @throws Error unless the report fails, and names the service
 */
async function failReport({ env, home }: Pipeline, service: string): Promise<string> {
  const report = $({
    cwd: settings.root,
    env: { ...process.env, ...env, QUESTLOG_OUT: join(home, "out") },
    nothrow: true,
    quiet: true,
  })`npm run --silent report -- 4-tables`;
  const { exitCode, stdout, stderr } = await report;
  const [said = ""] = /^Failed.*(?:\n {2}.*)*/m.exec(stdout + stderr) ?? []; // with the cause below
  if (exitCode === 1 && said.toLowerCase().includes(service)) return said;
  throw new Error(
    `report without ${service}: expected exit code 1 and its name, got ${exitCode} and:\n${stdout}${stderr}`,
  );
}

/**
 * Waits until Trino shows the events of a day that only the stream registers. Resolves with the
 * milliseconds.
 */
async function untilShown(day: string, { schema }: Pipeline): Promise<number> {
  const since = Date.now();
  const ask = async () => {
    const [[rows] = []] = await runStatement(
      `SELECT count(*) FROM ${schema}.${event.table} WHERE day = DATE '${day}'`,
    );
    if (rows === EVENTS_OF_DAY) return Date.now() - since;
    throw new Error(`${String(rows)} rows`);
  };
  const what = `Trino shows ${EVENTS_OF_DAY} rows of ${day}`;
  return until(what, ask, { limitMs: REGISTERED_LIMIT_MS, everyMs: POLL_MS });
}
