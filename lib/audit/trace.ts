/**
 * An event's id → its way: request, message, commit, row of a file, row of a table, bars of the report.
 *
 * An id can stand in several messages; each has a way of its own, and only one of them counts. What has
 * landed is found by Trino; otherwise the topic is read, which takes as long as the topic is.
 */
import { query } from "../trino.ts";
import { forTerminal } from "../untrusted.ts";
import { uniqueView } from "../ask/views.ts";
import { type EventDefinition, failedEvents } from "../catalog.ts";
import { events } from "../game.ts";
import type { Envelope } from "../envelope.ts";
import { readTopic } from "../topic.ts";
import { commitsFolder } from "../land/commits.ts";
import { readCommits, readFileRows } from "./coverage.ts";
import { settings } from "../settings.ts";
import { isCode, type Notebook } from "../report/notebook.ts";
import type { SightingsOptions } from "./sightings.ts";

/** The way of one message; null: not there yet. */
export interface Way {
  request: { received_at: string; route: string; params: string; player: string; remote_addr: string } | null;
  message: { topic: string; partition: number; offset: number; timestamp: string };
  commit: { path: string; writer: string; committed_at: string; first: number; last: number } | null;
  files: { path: string; row: number }[]; // more than one: somebody copied the file
  row: { table: string; day: string; counts: string } | null; // "yes", or why not
  bars: string[]; // "chart: bar" of the report, if it is about the time of this event
}

export interface Trace {
  event_id: string;
  looked_in: string[];
  ways: Way[]; // in the order of the messages' times; empty: not found
}

interface Found {
  table: string | null; // null: only in the topic
  reason: string | null; // why it is in failed_events
  raw_event: string;
  timestamp: Date;
  kafka_partition: number;
  kafka_offset: number;
  day: string;
  counts: boolean;
}

/**
 * Follows one event. `report` is the notebook whose charts may count it.
 * @throws QueryError, HdfsError or Error when a service that is asked is away
 */
export async function traceEvent(
  eventId: string,
  report: Notebook,
  { topic = settings.topic, root = settings.hdfsRoot, schema = settings.schema }: SightingsOptions = {},
): Promise<Trace> {
  const tables = [...events.map(({ table }) => table), failedEvents.table];
  const looked_in = [`tables ${tables.join(", ")} of schema ${schema}`];
  let found = await findRows(eventId, schema);
  if (found.length === 0) {
    found = await findMessages(eventId, topic);
    looked_in.push(`topic ${topic}, from its beginning to its end`);
  }
  const counted = found.find(({ counts }) => counts);
  const ways = found.map(async (one): Promise<Way> => {
    const place = { partition: one.kafka_partition, from: one.kafka_offset, to: one.kafka_offset + 1 };
    const [commit] = await readCommits([place], { topic, root });
    const files = commit ? await readFileRows([place], { topic, root }) : [];
    const message = messageOf(one, topic);
    return {
      request: requestOf(one.raw_event),
      message,
      commit: commit
        ? {
            path: `${commitsFolder({ root, ...message })}/${String(commit.first).padStart(20, "0")}.json`,
            ...{ writer: commit.writer, committed_at: commit.committed_at },
            ...{ first: commit.first, last: commit.last },
          }
        : null,
      files: files.map(({ path, row }) => ({ path, row })),
      row: one.table === null ? null : { table: one.table, day: one.day, counts: verdictOf(one, counted) },
      bars: one.counts ? barsOf(one.raw_event, report) : [],
    };
  });
  return { event_id: eventId, looked_in, ways: await Promise.all(ways) };
}

/** A trace as lines for people. */
export function describeTrace({ event_id, looked_in, ways }: Trace): string {
  if (ways.length === 0) return `event ${event_id} was not found; looked in ${looked_in.join(", and in ")}`;
  const lines = ways.map(({ request, message, commit, files, row, bars }) => {
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
      ["bars", bars.join("; ") || "none"],
    ];
    return facts.map(([name, fact]) => `  ${name.padEnd(9)}${forTerminal(fact)}`).join("\n");
  });
  return [`event ${event_id}`, lines.join("\n\n")].join("\n");
}

/** The bars that count an event, by the charts of a notebook: those of its type, and of the values of its parameters. */
export function barsOf(message: string, report: Notebook): string[] {
  const envelope = envelopeOf(message);
  const event = eventOf(envelope);
  if (envelope === null || event === undefined) return [];
  const values: Record<string, string> = { event_type: event.type, ...envelope.params };
  const code = report.cells
    .filter(isCode)
    .map(({ source }) => source)
    .join("\n");
  const charts = code.matchAll(/\bbars\([^;]*?category: "(\w+)"[^;]*?title: "([^"]+)"/g);
  return [...charts].flatMap(([, category, title]) => {
    const isOfEvent = category === "event_type" || Object.hasOwn(event.parameters, category!);
    return isOfEvent ? [`${title}: ${Object.hasOwn(values, category!) ? values[category!] : "(none)"}`] : [];
  });
}

async function findRows(eventId: string, schema: string): Promise<Found[]> {
  const columns = `raw_event, "timestamp", kafka_partition, kafka_offset, CAST(day AS varchar) AS day`;
  const selects = events.map(
    ({ table }) =>
      `SELECT '${table}' AS "table", CAST(NULL AS varchar) AS reason, ${columns}, ` +
      `(kafka_partition, kafka_offset) IN (SELECT kafka_partition, kafka_offset FROM ${uniqueView(table)} ` +
      `WHERE event_id = ?) AS counts FROM ${table} WHERE event_id = ?`,
  );
  selects.push(
    `SELECT '${failedEvents.table}', reason, ${columns}, false FROM ${failedEvents.table} WHERE strpos(raw_event, ?) > 0`,
  );
  const parameters = [...events.flatMap(() => [eventId, eventId]), eventId];
  const order = `ORDER BY "timestamp", kafka_partition, kafka_offset`;
  return query<Found>(`${selects.join(" UNION ALL ")} ${order}`, { schema, parameters });
}

async function findMessages(eventId: string, topic: string): Promise<Found[]> {
  const found: Found[] = [];
  await readTopic({
    topic,
    onMessage: ({ partition, offset, timestamp, value }) => {
      if (value === null || envelopeOf(value)?.event_id !== eventId) return;
      const time = { timestamp: new Date(timestamp), day: "" };
      const place = { kafka_partition: partition, kafka_offset: offset };
      found.push({ table: null, reason: null, raw_event: value, ...time, ...place, counts: false });
    },
  });
  return found;
}

function messageOf({ kafka_partition, kafka_offset, timestamp }: Found, topic: string): Way["message"] {
  return { topic, partition: kafka_partition, offset: kafka_offset, timestamp: timestamp.toISOString() };
}

function verdictOf({ counts, reason }: Found, counted: Found | undefined): string {
  if (counts) return "yes";
  if (reason !== null) return `no, ${reason}`;
  if (counted === undefined) return "no";
  return `no, it is a double of partition ${counted.kafka_partition}, offset ${counted.kafka_offset}`;
}

function requestOf(message: string): Way["request"] {
  const envelope = envelopeOf(message);
  const event = eventOf(envelope);
  if (envelope === null || event === undefined) return null;
  const { received_at, player, remote_addr, params } = envelope;
  return { received_at, route: event.route, params: JSON.stringify(params), player, remote_addr };
}

function eventOf(envelope: Envelope | null): EventDefinition | undefined {
  return events.find(({ type }) => type === envelope?.event_type);
}

/** The message as an envelope, or null; what lands as an event has been checked when it landed. */
function envelopeOf(message: string): Envelope | null {
  try {
    return JSON.parse(message) as Envelope | null;
  } catch {
    return null;
  }
}
