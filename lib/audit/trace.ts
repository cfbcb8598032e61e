/**
 * An event's id → the journeys of its messages: request, message, commit, file, table, report.
 *
 * Several messages can carry one id: copies of an event, or other events by mistake. Each message
 * has a journey of its own, and one message counts.
 * Trino finds a message that has landed. To find any other message, both topics are read from
 * beginning to end: that takes longer the more messages they hold.
 */
import { join } from "node:path";
import { contentOf } from "../content.ts";
import { forTerminal } from "../untrusted.ts";
import { failedEvents } from "../catalog.ts";
import { events } from "../events.ts";
import { peek } from "../envelope.ts";
import { commitPath } from "../layout.ts";
import { readCommits, readFileRows } from "./coverage.ts";
import { settings } from "../settings.ts";
import { countedBy, type CountingTarget } from "./counted-by.ts";
import { conflictWith } from "./conflicts.ts";
import { findCounted, findMessages, findRows, type FoundMessage, isAt } from "./find-messages.ts";
import type { SightingsOptions } from "./sightings.ts";

/** The request that a message records. */
interface Request {
  received_at: string;
  route: string;
  params: string;
  player: string | null; // null: the request named no player
  remote_addr: string;
}

/** The journey of one message; null: the message has not come so far. */
export interface Journey {
  request: Request | null;
  message: { topic: string; partition: number; offset: number; timestamp: string };
  commit: { path: string; writer: string; committed_at: string; first: number; last: number } | null;
  files: { path: string; row: number }[]; // more than one: the file has a copy
  row: { table: string; day: string; counts: string } | null; // "yes", or "no" with the reason
  bars: string[]; // of charts, and numbers of sentences: "report of …: bar gold of Swords purchased"
  uncounted: string | null; // why no report has counted the message; null: `bars` count it
}

export interface Trace {
  event_id: string;
  looked_in: string[];
  ways: Journey[]; // one for each message, in the order of their times; empty: not found
}

export interface TraceOptions extends SightingsOptions {
  failedTopic?: string; // of events that the API refused
  report?: string; // path of the page; its record, beside it, names the events that it counted
}

/**
 * Follows one event.
 * @throws QueryError, HdfsError or Error if Trino, HDFS or Kafka does not answer
 */
export async function traceEvent(eventId: string, options: TraceOptions = {}): Promise<Trace> {
  const { topic = settings.topic, failedTopic = settings.failedTopic } = options;
  const { root = settings.hdfsRoot, schema = settings.schema } = options;
  const { report = join(settings.out, "report.html") } = options;
  const tables = [...events.map(({ table }) => table), failedEvents.table];
  const looked_in = [`tables ${tables.join(", ")} of schema ${schema}`];
  const [found, position] = await Promise.all([
    findRows(eventId, topic, schema),
    findCounted(eventId, schema),
  ]);
  if (found.length === 0) {
    for (const one of [topic, failedTopic]) {
      found.push(...(await findMessages(eventId, one, one === failedTopic)));
      looked_in.push(`topic ${one}, from its beginning to its end`);
    }
  }
  const counted = position && found.find((one) => isAt(one, position));
  const ways = found.map(async (one): Promise<Journey> => {
    const landed = await findFiles(one, root);
    const count = await findCounts(eventId, one, report, { root, schema });
    const request = requestOf(one.raw_event);
    return { request, message: messageOf(one), ...landed, row: rowOf(one, counted), ...count };
  });
  return { event_id: eventId, looked_in, ways: await Promise.all(ways) };
}

/** A trace as lines for people. */
export function describeTrace({ event_id, looked_in, ways }: Trace): string {
  if (ways.length === 0) return `event ${event_id} was not found; looked in ${looked_in.join(", and in ")}`;
  return [`event ${event_id}`, ways.map(describeJourney).join("\n\n")].join("\n");
}

function describeJourney({ request, message, commit, files, row, bars, uncounted }: Journey): string {
  const [firstBar = `no report has counted it: ${uncounted}`, ...otherBars] = bars;
  const notInFile = commit ? "in none" : "not yet";
  const facts: [name: string, fact: string][] = [
    ["request", request ? describeRequest(request) : "not an event's envelope"],
    [
      "message",
      `${message.topic}, partition ${message.partition}, offset ${message.offset}, ${message.timestamp}`,
    ],
    ["commit", commit ? describeCommit(commit) : "not yet"],
    ["file", files.map(({ path, row }) => `${path}, row ${row}`).join(" and ") || notInFile],
    ["row", row ? `table ${row.table}, day ${row.day}; counts: ${row.counts}` : "not yet visible to Trino"],
    ["bars", firstBar],
    ...otherBars.map((bar): [string, string] => ["", bar]),
  ];
  return facts.map(([name, fact]) => `  ${name.padEnd(9)}${forTerminal(fact)}`).join("\n");
}

function describeRequest(request: NonNullable<Journey["request"]>): string {
  const { received_at, route, params, player, remote_addr } = request;
  const from = remote_addr === "" ? "" : `, from ${remote_addr}`; // an item that was replayed has none
  return `received ${received_at}, ${route} ${params}, ${player === null ? "no player" : `player ${player}`}${from}`;
}

function describeCommit({ path, first, last, committed_at, writer }: NonNullable<Journey["commit"]>): string {
  return `${path}, offsets ${first} to ${last}, ${committed_at}, by ${writer}`;
}

/** The commit that made the message visible, and its rows in files. */
async function findFiles(one: FoundMessage, root: string): Promise<Pick<Journey, "commit" | "files">> {
  const { topic, kafka_partition: partition, kafka_offset: from } = one;
  const range = { partition, from, to: from + 1 };
  const [commit] = await readCommits([range], { topic, root });
  if (commit === undefined) return { commit: null, files: [] };
  const files = await readFileRows([range], { topic, root });
  const { writer, committed_at, first, last } = commit;
  const path = commitPath({ root, topic, partition }, first);
  return {
    commit: { path, writer, committed_at, first, last },
    files: files.map(({ path, row }) => ({ path, row })),
  };
}

/** The bars and sentences of the report that count the message, or why none of them does. */
async function findCounts(
  event_id: string,
  one: FoundMessage,
  report: string,
  target: CountingTarget,
): Promise<Pick<Journey, "bars" | "uncounted">> {
  const event = events.find(({ table }) => table === one.table);
  if (one.table === null && one.reason !== null) return { bars: [], uncounted: `it failed: ${one.reason}` };
  if (one.table === null) return { bars: [], uncounted: "Trino does not show the message yet" };
  const { topic, kafka_partition: partition, kafka_offset: offset, timestamp, isFirst } = one;
  if (event === undefined || !isFirst) return { bars: [], uncounted: "this message does not count" };
  const message = { event, event_id, topic, partition, offset, timestamp };
  const { bars, reason } = await countedBy(message, report, target);
  return { bars, uncounted: reason };
}

function messageOf({ topic, kafka_partition, kafka_offset, timestamp }: FoundMessage): Journey["message"] {
  return { topic, partition: kafka_partition, offset: kafka_offset, timestamp: timestamp.toISOString() };
}

/** The row of a message in a table; `counted` is the message with the same id that counts. */
function rowOf(one: FoundMessage, counted: FoundMessage | undefined): Journey["row"] {
  const { table, day, reason } = one;
  if (table === null) return null;
  if (one === counted) return { table, day, counts: "yes" };
  if (reason !== null) return { table, day, counts: `no, ${reason}` };
  if (counted === undefined) return { table, day, counts: "no" };
  const { kafka_partition: partition, kafka_offset: offset } = counted;
  const isCopy = contentOf(one.raw_event) === contentOf(counted.raw_event);
  const why = isCopy
    ? `it is a double of partition ${partition}, offset ${offset}`
    : conflictWith({ partition, offset });
  return { table, day, counts: `no, ${why}` };
}

/** The request that a message records; null: the message is not the envelope of a known event. */
function requestOf(message: string): Request | null {
  const { event_type, received_at, player, remote_addr, params } = peek(message);
  const event = events.find(({ type }) => type === event_type);
  if (event === undefined || received_at === null || remote_addr === null) return null;
  return { received_at, route: event.route, params: JSON.stringify(params), player, remote_addr };
}
