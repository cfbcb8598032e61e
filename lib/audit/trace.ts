/**
 * An event's id → its way: request, message, commit, row of a file, row of a table, bars of the report.
 *
 * An id can stand in several messages. Each message has a way of its own, and one of them counts. Trino finds
 * a landed message; for others both topics are read whole, which takes longer the more they hold.
 */
import { join } from "node:path";
import { literal } from "../sql.ts";
import { query } from "../trino.ts";
import { forTerminal } from "../untrusted.ts";
import { uniqueView } from "../ask/views.ts";
import { failedEvents } from "../catalog.ts";
import { events } from "../game.ts";
import { peek } from "../envelope.ts";
import { readTopic } from "../topic.ts";
import { commitPath } from "../layout.ts";
import { readCommits, readFileRows } from "./coverage.ts";
import { settings } from "../settings.ts";
import { countedBy, type CountingPlace } from "./counted-by.ts";
import type { SightingsOptions } from "./sightings.ts";

/** The way of one message; null: not there yet. */
export interface Journey {
  request: { received_at: string; route: string; params: string; player: string; remote_addr: string } | null;
  message: { topic: string; partition: number; offset: number; timestamp: string };
  commit: { path: string; writer: string; committed_at: string; first: number; last: number } | null;
  files: { path: string; row: number }[]; // two: the file has a copy
  row: { table: string; day: string; counts: string } | null; // "yes", or the reason why not
  bars: string[]; // of the report, and numbers of its sentences: "report of …: bar gold of Swords purchased"
  uncounted: string | null; // the reason why no report has counted the message
}

export interface Trace {
  event_id: string;
  looked_in: string[];
  ways: Journey[]; // in the order of the messages' times; empty: not found
}

interface Found {
  table: string | null; // null: only in the topic
  reason: string | null; // of its row in failed_events
  topic: string;
  raw_event: string;
  timestamp: Date;
  kafka_partition: number;
  kafka_offset: number;
  day: string;
  counts: boolean;
}

export interface TraceOptions extends SightingsOptions {
  failedTopic?: string; // of events that the API refused
  report?: string; // its page; the record beside it says which events the report counted
}

/**
 * Follows one event.
 * @throws QueryError, HdfsError or Error when a service that is asked is away
 */
export async function traceEvent(eventId: string, options: TraceOptions = {}): Promise<Trace> {
  const { topic = settings.topic, failedTopic = settings.failedTopic } = options;
  const { root = settings.hdfsRoot, schema = settings.schema } = options;
  const { report = join(settings.out, "report.html") } = options;
  const tables = [...events.map(({ table }) => table), failedEvents.table];
  const looked_in = [`tables ${tables.join(", ")} of schema ${schema}`];
  const found = await findRows(eventId, topic, schema);
  if (found.length === 0) {
    for (const one of [topic, failedTopic]) {
      found.push(...(await findMessages(eventId, one, one === failedTopic)));
      looked_in.push(`topic ${one}, from its beginning to its end`);
    }
  }
  const counted = found.find(({ counts }) => counts);
  const ways = found.map(async (one): Promise<Journey> => {
    const row =
      one.table === null ? null : { table: one.table, day: one.day, counts: verdictOf(one, counted) };
    return {
      request: requestOf(one.raw_event),
      message: messageOf(one),
      ...(await findFiles(one, root)),
      row,
      ...(await findCounts(eventId, one, report, { root, schema })),
    };
  });
  return { event_id: eventId, looked_in, ways: await Promise.all(ways) };
}

/** A trace as lines for people. */
export function describeTrace({ event_id, looked_in, ways }: Trace): string {
  if (ways.length === 0) return `event ${event_id} was not found; looked in ${looked_in.join(", and in ")}`;
  const lines = ways.map(({ request, message, commit, files, row, bars, uncounted }) => {
    const facts: [string, string][] = [
      [
        "request",
        request
          ? `received ${request.received_at}, ${request.route} ${request.params}, player ${request.player}, from ${request.remote_addr}`
          : "not an event's envelope",
      ],
      [
        "message",
        `${message.topic}, partition ${message.partition}, offset ${message.offset}, ${message.timestamp}`,
      ],
      [
        "commit",
        commit
          ? `${commit.path}, offsets ${commit.first} to ${commit.last}, ${commit.committed_at}, by ${commit.writer}`
          : "not yet",
      ],
      [
        "file",
        files.map(({ path, row }) => `${path}, row ${row}`).join(" and ") || (commit ? "in none" : "not yet"),
      ],
      ["row", row ? `table ${row.table}, day ${row.day}; counts: ${row.counts}` : "not yet visible to Trino"],
      ...(bars.length > 0 ? bars : [`no report has counted it: ${uncounted}`]).map(
        (text, i): [string, string] => [i === 0 ? "bars" : "", text],
      ),
    ];
    return facts.map(([name, fact]) => `  ${name.padEnd(9)}${forTerminal(fact)}`).join("\n");
  });
  return [`event ${event_id}`, lines.join("\n\n")].join("\n");
}

/** The commit that made the message visible, and its rows in files. */
async function findFiles(one: Found, root: string): Promise<Pick<Journey, "commit" | "files">> {
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

/** The bars and sentences of the report that count a message. */
async function findCounts(
  event_id: string,
  one: Found,
  report: string,
  place: CountingPlace,
): Promise<Pick<Journey, "bars" | "uncounted">> {
  const event = events.find(({ table }) => table === one.table);
  if (one.table === null) return { bars: [], uncounted: "Trino does not show the message yet" };
  if (event === undefined || !one.counts) return { bars: [], uncounted: "this message does not count" };
  const { topic, kafka_partition: partition, kafka_offset: offset, timestamp } = one;
  const message = { event, event_id, topic, partition, offset, timestamp };
  const { bars, reason } = await countedBy(message, report, place);
  return { bars, uncounted: reason };
}

async function findRows(eventId: string, topic: string, schema: string): Promise<Found[]> {
  const columns = `raw_event, "timestamp", kafka_partition, kafka_offset, CAST(day AS varchar) AS day`;
  const selects = events.map(
    ({ table }) =>
      `SELECT '${table}' AS "table", CAST(NULL AS varchar) AS reason, ${literal(topic)} AS topic, ${columns}, ` +
      `(kafka_partition, kafka_offset) IN (SELECT kafka_partition, kafka_offset FROM ${uniqueView(table)} ` +
      `WHERE event_id = ?) AS counts FROM ${table} WHERE event_id = ?`,
  );
  selects.push(
    `SELECT '${failedEvents.table}', reason, topic, ${columns}, false FROM ${failedEvents.table} WHERE strpos(raw_event, ?) > 0`,
  );
  const parameters = [...events.flatMap(() => [eventId, eventId]), eventId];
  const order = `ORDER BY "timestamp", kafka_partition, kafka_offset`;
  return query<Found>(`${selects.join(" UNION ALL ")} ${order}`, { schema, parameters });
}

/** The messages of an event that has not landed; a refused event's id stands somewhere in its text. */
async function findMessages(eventId: string, topic: string, isRefused: boolean): Promise<Found[]> {
  const found: Found[] = [];
  await readTopic({
    topic,
    onMessage: ({ partition, offset, timestamp, value }) => {
      if (value === null) return;
      const isFound = isRefused ? value.includes(eventId) : peek(value).event_id === eventId;
      if (!isFound) return;
      const time = { timestamp: new Date(timestamp), day: "" };
      const place = { topic, kafka_partition: partition, kafka_offset: offset };
      found.push({ table: null, reason: null, raw_event: value, ...time, ...place, counts: false });
    },
  });
  return found;
}

function messageOf({ topic, kafka_partition, kafka_offset, timestamp }: Found): Journey["message"] {
  return { topic, partition: kafka_partition, offset: kafka_offset, timestamp: timestamp.toISOString() };
}

function verdictOf({ counts, reason }: Found, counted: Found | undefined): string {
  if (counts) return "yes";
  if (reason !== null) return `no, ${reason}`;
  if (counted === undefined) return "no";
  return `no, it is a double of partition ${counted.kafka_partition}, offset ${counted.kafka_offset}`;
}

/** The request that a message tells of; null: the message is not the envelope of a known event. */
function requestOf(message: string): Journey["request"] {
  const { event_type, received_at, player, remote_addr, params } = peek(message);
  const event = events.find(({ type }) => type === event_type);
  if (event === undefined || received_at === null || player === null || remote_addr === null) return null;
  return { received_at, route: event.route, params: JSON.stringify(params), player, remote_addr };
}
