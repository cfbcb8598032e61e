/**
 * A pipeline and its players' ledger → an account of all events: accepted, lost, double.
 *
 * The account does not depend on the code under test. Kafka's own tools read the topic and its end
 * offsets, and Trino's plain REST protocol reads the tables. This module imports no client, and
 * nothing of collect, land or ask.
 */
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { $ } from "zx";
import { failedEvents } from "../catalog.ts";
import { events } from "../events.ts";
import { namesIn } from "../folders.ts";
import { swappedDaysFolder } from "../layout.ts";
import { prepareArtifacts } from "../services/artifacts.ts";
import { runStatement } from "../services/plain-trino.ts";
import { settings } from "../settings.ts";
import { readRemoved, readSwaps, swappedTables } from "../swaps.ts";
import { until } from "../until.ts";
import type { Ledger } from "./players.ts";
import type { Pipeline } from "./pipeline.ts";

const CONSUMER_IDLE_MS = 5_000; // without a message, after which the console consumer ends
const LANDED_LIMIT_MS = 120_000; // from the call until all messages are visible in Trino
const POLL_MS = 500;

/** The consumer logs its time-out on stdout, like any error, and exits with 0 after both. */
const TIMED_OUT = /^[\d:.]+ \[main\] ERROR \S+ConsoleConsumer - .*\n\S+\.TimeoutException(: null)?\n$/;

/** Numbers of accepted events, and of stored ones. */
export interface Account {
  accepted: number; // distinct events for which a client got a 200
  messages: number; // in the topic
  rows: number; // in the tables, failed ones and the doubles that compactions left out included
  given_up: number; // events for which no try got a 200: each may or may not be in the topic
  lost: number; // accepted events that are not in the view `events`
  double: number; // events that the view `events` shows more than once
  unlanded: number; // messages without a row
  twice_landed: number; // messages with more than one row
  doubles_removed: number; // messages with the event_id of another one: the view shows one of them
}

const GOAL_IS_ZERO = ["given_up", "lost", "double", "unlanded", "twice_landed"] as const;

/**
 * Waits until all messages of the topic are visible in Trino, then takes the account and checks it.
 * @throws Error that names the missed goals; also if the topic cannot be read, or rows stay
 * invisible
 */
export async function settle(pipeline: Pipeline, ledger: Ledger): Promise<Account> {
  const messages = await readMessages(pipeline.topic);
  await untilVisible(pipeline, messages.length);
  const account = await takeAccount(pipeline, ledger, messages);
  requireKept(account);
  return account;
}

/**
 * @throws Error if an accepted event is missing or double, or if the account is empty or too small
 */
export function requireKept(account: Account): void {
  const broken: string[] = [];
  if (account.accepted === 0) broken.push("more than 0 accepted");
  if (account.messages < account.accepted) broken.push("a message for each accepted event");
  for (const name of GOAL_IS_ZERO) if (account[name] > 0) broken.push(`0 ${name}`);
  if (broken.length > 0) throw new Error(`expected ${broken.join(", ")}; got ${JSON.stringify(account)}`);
}

async function takeAccount(pipeline: Pipeline, ledger: Ledger, messages: TopicEntry[]): Promise<Account> {
  const rows = await selectPositions(pipeline);
  const rowCounts = countBy(rows);
  const shown = countBy(
    (await runStatement(`SELECT event_id FROM ${pipeline.schema}.events`)).map(([id]) => String(id)),
  );
  const ids = messages.flatMap(({ eventId }) => eventId ?? []);
  return {
    accepted: ledger.accepted.size,
    messages: messages.length,
    rows: rows.length,
    given_up: ledger.givenUp.size,
    lost: [...ledger.accepted.keys()].filter((id) => !shown.has(id)).length,
    double: [...shown.values()].filter((count) => count > 1).length,
    unlanded: messages.filter(({ position }) => !rowCounts.has(position)).length,
    twice_landed: [...rowCounts.values()].filter((count) => count > 1).length,
    doubles_removed: ids.length - new Set(ids).size,
  };
}

/** A message of the topic: its position as "partition/offset", and its event_id if it has one. */
export interface TopicEntry {
  position: string;
  eventId: string | null;
}

/** Output of one of Kafka's tools. */
export interface ToolOutput {
  stdout: string;
  stderr: string;
  exitCode: number | null;
}

/**
 * Reads the whole topic with Kafka's console consumer, and checks the result by Kafka's end
 * offsets.
 */
async function readMessages(topic: string): Promise<TopicEntry[]> {
  const separator = `\n${randomUUID()}\n`; // no message contains it
  const properties = ["print.partition=true", "print.offset=true", `line.separator=${separator}`];
  const [consumed, offsets] = await Promise.all([
    runKafkaTool("org.apache.kafka.tools.consumer.ConsoleConsumer", [
      ...["--topic", topic, "--from-beginning", "--timeout-ms", String(CONSUMER_IDLE_MS)],
      ...properties.flatMap((property) => ["--property", property]),
    ]),
    runKafkaTool("org.apache.kafka.tools.GetOffsetShell", ["--topic", topic]),
  ]);
  const entries = parseConsumed(consumed, separator);
  requireAllRead(entries, parseEndOffsets(offsets, topic));
  return entries;
}

/** Runs a tool of Kafka's own on the settings' brokers; `input` is its stdin. */
export async function runKafkaTool(mainClass: string, args: string[], input = ""): Promise<ToolOutput> {
  const { java, jars } = await prepareArtifacts(() => {});
  const folder = mkdtempSync(join(tmpdir(), "questlog-kafka-"));
  try {
    const file = join(folder, "client.properties");
    writeFileSync(file, clientProperties(), { mode: 0o600 });
    const option = /Console(Consumer|Producer)$/.exec(mainClass)?.[1]?.toLowerCase();
    const config = [option === undefined ? "--command-config" : `--${option}.config`, file];
    return await $({ quiet: true, nothrow: true, input })`${java} -XX:TieredStopAtLevel=1 -Xmx256m \
      -cp ${jars.kafka.join(":")} ${mainClass} --bootstrap-server ${settings.kafkaBrokers.join(",")} ${config} ${args}`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The settings' authority, user and password, in the form of Kafka's own clients. */
function clientProperties({ tls, login } = settings.kafkaAccess): string {
  const protocol = `${login ? "SASL_" : ""}${tls ? "SSL" : "PLAINTEXT"}`;
  const lines = [`security.protocol=${protocol}`];
  if (tls?.ca !== undefined) {
    const certificates = tls.ca.trim().replaceAll("\n", "\\n");
    lines.push("ssl.truststore.type=PEM", `ssl.truststore.certificates=${certificates}`);
  }
  if (login?.mechanism.startsWith("scram") && "password" in login) {
    const { user, password, mechanism } = login;
    const jaas = "org.apache.kafka.common.security.scram.ScramLoginModule required";
    lines.push(`sasl.mechanism=${mechanism.toUpperCase()}`);
    lines.push(`sasl.jaas.config=${jaas} username="${user}" password="${password.read()}";`);
  }
  return lines.map((line) => `${line}\n`).join("");
}

/**
 * Parses the console consumer's output: records that each end with `separator`, then the time-out.
 * @throws Error for a record of another form, or for another end than the time-out
 */
export function parseConsumed(output: ToolOutput, separator: string): TopicEntry[] {
  requireExit("console consumer", output);
  const records = output.stdout.split(separator);
  const rest = records.pop() ?? "";
  if (!TIMED_OUT.test(rest))
    throw new Error(`console consumer: expected its time-out after the last message, got ${excerpt(rest)}`);
  return records.map((record) => {
    const [, partition, offset, value] = /^Partition:(\d+)\tOffset:(\d+)\t([^]*)$/.exec(record) ?? [];
    if (value === undefined)
      throw new Error(`console consumer: expected "Partition:P\\tOffset:O\\tVALUE", got ${excerpt(record)}`);
    const eventId = /"event_id":"([^"]*)"/.exec(value)?.[1] ?? null;
    return { position: `${partition}/${offset}`, eventId };
  });
}

/**
 * Parses lines "TOPIC:PARTITION:OFFSET", one for each partition from 0.
 * @throws Error for a line of another form, and for no line
 */
export function parseEndOffsets(output: ToolOutput, topic: string): number[] {
  requireExit("offset tool", output);
  const lines = output.stdout.trim().split("\n");
  return lines.map((line, expected) => {
    const [, name, partition, offset] = /^(.+):(\d+):(\d+)$/.exec(line) ?? [];
    if (name !== topic || Number(partition) !== expected)
      throw new Error(`offset tool: expected "${topic}:${expected}:OFFSET", got ${excerpt(line)}`);
    return Number(offset);
  });
}

/** @throws Error unless `entries` holds each offset below `endOffsets` once */
export function requireAllRead(entries: readonly TopicEntry[], endOffsets: readonly number[]): void {
  const positions = new Set(entries.map(({ position }) => position));
  const expected = endOffsets.reduce((sum, offset) => sum + offset, 0);
  if (entries.length !== expected || positions.size !== expected)
    throw new Error(
      `console consumer: expected ${expected} messages, as the end offsets [${endOffsets.join()}] say, ` +
        `got ${entries.length} at ${positions.size} positions`,
    );
}

function requireExit(tool: string, { exitCode, stderr }: ToolOutput): void {
  if (exitCode !== 0) throw new Error(`${tool}: expected exit code 0, got ${exitCode}:\n${stderr}`);
}

function excerpt(text: string): string {
  return JSON.stringify(text.slice(0, 200));
}

/** The position of each row in the tables, and of each double that a compaction left out. */
async function selectPositions(pipeline: Pipeline): Promise<string[]> {
  const { schema, topic } = pipeline;
  const selects = events.map(({ table }) => `SELECT kafka_partition, kafka_offset FROM ${schema}.${table}`);
  const failed = `${schema}.${failedEvents.table}`;
  selects.push(`SELECT kafka_partition, kafka_offset FROM ${failed} WHERE topic = '${topic}'`);
  const rows = await runStatement(selects.join(" UNION ALL "));
  const shown = rows.map(([partition, offset]) => `${String(partition)}/${String(offset)}`);
  return [...shown, ...(await positionsOfDoubles(pipeline))];
}

async function positionsOfDoubles({ hdfs, root, topic }: Pipeline): Promise<string[]> {
  const positions: string[] = [];
  for (const day of await namesIn(hdfs, swappedDaysFolder(root)))
    for (const table of await swappedTables(hdfs, root, day))
      for (const row of await readRemoved(hdfs, await readSwaps(hdfs, { root, table, day })))
        if (row.topic === topic) positions.push(`${row.partition}/${row.offset}`);
  return positions;
}

/** Waits until Trino shows at least `messages` rows. */
async function untilVisible(pipeline: Pipeline, messages: number): Promise<void> {
  const ask = async () => {
    await registerDays(pipeline);
    const visible = (await selectPositions(pipeline)).length;
    if (visible >= messages) return true;
    throw new Error(`${visible} rows`);
  };
  const what = `Trino shows a row for each of the ${messages} messages in the topic`;
  await until(what, ask, { limitMs: LANDED_LIMIT_MS, everyMs: POLL_MS });
}

async function registerDays({ schema }: Pipeline): Promise<void> {
  for (const table of [...events.map(({ table }) => table), failedEvents.table])
    await runStatement(
      `CALL ${settings.catalog}.system.sync_partition_metadata('${schema}', '${table}', 'ADD', false)`,
    ).catch(unlessSwapped);
}

/** Trino refuses this for a table with a compacted day. Then the stream registers new days. */
function unlessSwapped(error: Error): void {
  if (!/already exist/i.test(error.message)) throw error;
}

function countBy(keys: string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}
