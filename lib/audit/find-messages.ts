/**
 * An event's id → its messages: the rows of tables, or the messages of a topic.
 *
 * A failed event has its id in its text: in the field event_id, or anywhere in a text that is no
 * JSON object.
 */
import { uniqueView } from "../ask/views.ts";
import { failedEvents } from "../catalog.ts";
import { peek } from "../envelope.ts";
import { events } from "../events.ts";
import { isObject, Misfit } from "../misfit.ts";
import { readRefused, type RefusedRecord } from "../refused.ts";
import { identifier, literal } from "../sql.ts";
import { readTopic } from "../topic.ts";
import { query } from "../trino.ts";

/** A message with the event's id, from a table or from the topic. */
export interface FoundMessage {
  table: string | null; // null: the message is only in the topic
  reason: string | null; // of a failed event
  topic: string;
  raw_event: string;
  timestamp: Date;
  kafka_partition: number;
  kafka_offset: number;
  day: string;
  isFirst: boolean; // of its id in its table: the table's view has it
}

/** The position of the message that counts, of all messages with the event's id. */
export interface CountedPosition {
  event_type: string;
  kafka_partition: number;
  kafka_offset: number;
}

/** The rows of an event: of each message with its id, and of each failed event with its id. */
export async function findRows(eventId: string, topic: string, schema: string): Promise<FoundMessage[]> {
  const columns = `raw_event, "timestamp", kafka_partition, kafka_offset, CAST(day AS varchar) AS day`;
  const selects = events.map(
    ({ table }) => `
    SELECT ${literal(table)} AS "table", CAST(NULL AS varchar) AS reason, ${literal(topic)} AS topic, ${columns},
      (kafka_partition, kafka_offset) IN (
        SELECT kafka_partition, kafka_offset FROM ${uniqueView(table)} WHERE event_id = ?
      ) AS "isFirst"
    FROM ${identifier(table)} WHERE event_id = ?
    UNION ALL`,
  );
  const sql = `${selects.join("")}
    SELECT ${literal(failedEvents.table)}, reason, topic, ${columns}, false
    FROM ${failedEvents.table} WHERE strpos(lower(raw_event), ?) > 0
    ORDER BY "timestamp", kafka_partition, kafka_offset`;
  const parameters = [...events.flatMap(() => [eventId, eventId]), eventId];
  const rows = await query<FoundMessage>(sql, { schema, parameters });
  return rows.filter(({ reason, raw_event }) => reason === null || isOf(raw_event, eventId));
}

/** Finds the message that counts; undefined: Trino shows none. */
export async function findCounted(eventId: string, schema: string): Promise<CountedPosition | undefined> {
  const sql = "SELECT event_type, kafka_partition, kafka_offset FROM events WHERE event_id = ?";
  const [position] = await query<CountedPosition>(sql, { schema, parameters: [eventId] });
  return position;
}

/** Whether a message is at the position that counts. */
export function isAt(
  { table, kafka_partition, kafka_offset }: FoundMessage,
  position: CountedPosition,
): boolean {
  return (
    events.some((event) => event.table === table && event.type === position.event_type) &&
    kafka_partition === position.kafka_partition &&
    kafka_offset === position.kafka_offset
  );
}

/** Whether a text is of the event: by its event_id; without a JSON object, by any part of it. */
function isOf(text: string, eventId: string): boolean {
  const { event_id } = peek(text);
  if (event_id !== null) return event_id.toLowerCase() === eventId;
  return !isJsonObject(text) && text.toLowerCase().includes(eventId);
}

function isJsonObject(text: string): boolean {
  try {
    return isObject(JSON.parse(text));
  } catch {
    return false;
  }
}

/** The messages of an event that has not landed. A refused event lies inside of its message. */
export async function findMessages(
  eventId: string,
  topic: string,
  isRefused: boolean,
): Promise<FoundMessage[]> {
  const found: FoundMessage[] = [];
  await readTopic({
    topic,
    onMessage: ({ partition, offset, timestamp, value }) => {
      if (value === null || !value.toLowerCase().includes(eventId)) return;
      const { raw, reason } = isRefused ? refusedIn(value) : { raw: value, reason: null };
      if (!isOf(raw, eventId)) return;
      found.push({
        table: null,
        reason,
        topic,
        raw_event: raw,
        timestamp: new Date(timestamp),
        kafka_partition: partition,
        kafka_offset: offset,
        day: "",
        isFirst: false,
      });
    },
  });
  return found;
}

/** The refused text and the reason in a message; a message of another form is the text. */
function refusedIn(message: string): RefusedRecord {
  try {
    return readRefused(message);
  } catch (error) {
    if (!(error instanceof Misfit)) throw error;
    return { raw: message, reason: error.message };
  }
}
