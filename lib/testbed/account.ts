/**
 * What really happened, told by others than the code under test: Kafka's own console consumer reads the
 * topic, Trino's plain REST protocol reads the tables; the ledger says what was promised.
 */
import { $ } from "zx";
import { failedEvents } from "../catalog.ts";
import { events } from "../game.ts";
import { prepareArtifacts } from "../services/artifacts.ts";
import { runStatement } from "../services/ready.ts";
import { settings } from "../settings.ts";
import { until } from "../until.ts";
import type { Ledger } from "./players.ts";
import type { Pipeline } from "./pipeline.ts";

const CONSUMER_IDLE_MS = 5_000; // the console consumer ends when nothing has come for so long
const LANDED_LIMIT_MS = 120_000; // from the call to everything being visible in Trino
const POLL_MS = 500;

/** What was promised, and what there is. The goal is 0 lost, 0 double, 0 unlanded, 0 twice_landed. */
export interface Account {
  accepted: number; // distinct events that a client was told are accepted
  messages: number; // in the topic
  rows: number; // in the tables, failed ones included
  lost: number; // accepted events that are not in the view `events`
  double: number; // events that the view `events` shows more than once
  unlanded: number; // messages without a row
  twice_landed: number; // messages with more than one row
  doubles_removed: number; // messages that repeat another one's event_id: shown once by the view
}

/**
 * Waits until everything in the topic is visible in Trino, then settles the account.
 * @throws Error naming what was lost or is double, with the first ids; or that it never became visible
 */
export async function settle(pipeline: Pipeline, ledger: Ledger): Promise<Account> {
  const places = await readTopicPlaces(pipeline.topic);
  await untilVisible(pipeline, places.length);
  const account = await takeAccount(pipeline, ledger, places);
  const wrong = (["lost", "double", "unlanded", "twice_landed"] as const).filter((name) => account[name] > 0);
  if (wrong.length > 0) throw new Error(`expected 0 ${wrong.join(", 0 ")}, got ${JSON.stringify(account)}`);
  return account;
}

async function takeAccount(pipeline: Pipeline, ledger: Ledger, places: TopicPlace[]): Promise<Account> {
  const rows = await selectPlaces(pipeline);
  const rowCounts = countBy(rows.map(([place]) => place));
  const shown = countBy(
    (await runStatement(`SELECT event_id FROM ${pipeline.id}.events`)).map(([id]) => String(id)),
  );
  const ids = places.flatMap(({ eventId }) => eventId ?? []);
  return {
    accepted: ledger.accepted.size,
    messages: places.length,
    rows: rows.length,
    lost: [...ledger.accepted.keys()].filter((id) => !shown.has(id)).length,
    double: [...shown.values()].filter((count) => count > 1).length,
    unlanded: places.filter(({ place }) => !rowCounts.has(place)).length,
    twice_landed: [...rowCounts.values()].filter((count) => count > 1).length,
    doubles_removed: ids.length - new Set(ids).size,
  };
}

/** Where a message stands, as "partition/offset", and the id that it bears, if any. */
export interface TopicPlace {
  place: string;
  eventId: string | null;
}

/** Reads the whole topic with Kafka's own console consumer. */
export async function readTopicPlaces(topic: string): Promise<TopicPlace[]> {
  const { java, jars } = await prepareArtifacts(() => {});
  const properties = ["partition", "offset"].flatMap((name) => ["--property", `print.${name}=true`]);
  const { stdout } = await $({ quiet: true, nothrow: true })`${java} -XX:TieredStopAtLevel=1 -Xmx256m \
    -cp ${jars.kafka.join(":")} org.apache.kafka.tools.consumer.ConsoleConsumer \
    --bootstrap-server ${settings.kafkaBrokers.join(",")} --topic ${topic} --from-beginning \
    --timeout-ms ${CONSUMER_IDLE_MS} ${properties}`;
  const places: TopicPlace[] = [];
  for (const [, partition, offset, value] of stdout.matchAll(/^Partition:(\d+)\tOffset:(\d+)\t(.*)$/gm)) {
    const eventId = /"event_id":"([^"]*)"/.exec(value!)?.[1] ?? null;
    places.push({ place: `${partition}/${offset}`, eventId });
  }
  return places;
}

/** The places that the tables' rows name, each with its table. */
async function selectPlaces({ id, topic }: Pipeline): Promise<[place: string, table: string][]> {
  const selects = events.map(
    ({ table }) => `SELECT kafka_partition, kafka_offset, '${table}' FROM ${id}.${table}`,
  );
  selects.push(
    `SELECT kafka_partition, kafka_offset, '${failedEvents.table}' FROM ${id}.${failedEvents.table} WHERE topic = '${topic}'`,
  );
  const rows = await runStatement(selects.join(" UNION ALL "));
  return rows.map(([partition, offset, table]) => [`${String(partition)}/${String(offset)}`, String(table)]);
}

/** Waits until Trino shows at least `messages` rows. */
async function untilVisible(pipeline: Pipeline, messages: number): Promise<void> {
  const ask = async () => {
    await registerDays(pipeline);
    const visible = (await selectPlaces(pipeline)).length;
    if (visible >= messages) return true;
    throw new Error(`${visible} rows`);
  };
  const what = `Trino shows the topic's ${messages} messages`;
  await until(what, ask, { limitMs: LANDED_LIMIT_MS, everyMs: POLL_MS });
}

async function registerDays({ id }: Pipeline): Promise<void> {
  for (const table of [...events.map(({ table }) => table), failedEvents.table])
    await runStatement(
      `CALL ${settings.catalog}.system.sync_partition_metadata('${id}', '${table}', 'ADD', false)`,
    );
}

function countBy(keys: string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}
