/**
 * The table failed_events → failed events with their reasons.
 *
 * A place names a failed event: its position as the text TOPIC/PARTITION/OFFSET. An event that the
 * API refused is a message of the failed topic; its raw_event is the text of the envelope, or the
 * text as sent. A message of the events' topic can fail too; its raw_event is the message.
 */
import { UsageError } from "../command.ts";
import { failedEvents } from "../catalog.ts";
import { events } from "../events.ts";
import { identifier } from "../sql.ts";
import { query } from "../trino.ts";
import { WAITING } from "../waiting.ts";

/** A row of failed_events. */
export interface FailedEvent {
  time: Date; // Kafka's
  reason: string; // of the failure, by the catalogue of that time
  place: string; // topic/kafka_partition/kafka_offset
  topic: string;
  kafka_partition: number;
  kafka_offset: number;
  raw_event: string | null;
}

export interface FailedOptions {
  schema?: string; // of the table failed_events; default: the settings' schema
}

const COLUMNS = `timestamp AS time, reason,
  topic || '/' || CAST(kafka_partition AS varchar) || '/' || CAST(kafka_offset AS varchar) AS place,
  topic, kafka_partition, kafka_offset, raw_event`;
const ID = "TRY(lower(json_extract_scalar(raw_event, '$.event_id')))";
const FIELDS = ["event_type", "player", "session", "occurred_at"].map(
  (name) => `json_extract_scalar(raw_event, '$.${name}')`,
);
// As lib/content.ts; json_parse sorts the parameters by name.
const CONTENT = `TRY(json_format(CAST(ARRAY[${FIELDS.join(", ")},
  json_format(json_extract(json_parse(raw_event), '$.params'))] AS json)))`;
const ALL_TABLES = events.map(({ table }) => `SELECT event_id, raw_event FROM ${identifier(table)}`);
// The failed events without those that a table has, as far as SQL can tell: after an outage there
// can be many of them. known.ts decides.
const UNSENT = `(
  SELECT failed.*
  FROM (SELECT *, ${ID} AS id, ${CONTENT} AS content FROM ${failedEvents.table}) failed
  LEFT JOIN (
    SELECT event_id, ${CONTENT} AS content
    FROM (${ALL_TABLES.join(" UNION ALL ")})
    WHERE event_id IN (SELECT ${ID} FROM ${failedEvents.table})
  ) sent ON failed.id = sent.event_id AND failed.content = sent.content
  WHERE sent.event_id IS NULL
)`;
const AFTER_ALL = {
  time: new Date("9999-12-31T23:59:59.999Z"),
  topic: "",
  kafka_partition: 0,
  kafka_offset: 0,
};
const PAGE_ROWS = 100; // in memory at once: a raw_event can have a megabyte

/** All failed events, or those that no table has, the newest first, page by page. */
export async function* newestFailed({
  schema,
  all = false,
}: FailedOptions & { all?: boolean } = {}): AsyncGenerator<FailedEvent[]> {
  let before: FailedEvent | undefined; // the last event of the page before
  for (;;) {
    const { time, topic, kafka_partition: partition, kafka_offset: offset } = before ?? AFTER_ALL;
    const parameters = [time, time, topic, time, topic, partition, time, topic, partition, offset];
    const page: FailedEvent[] = await query<FailedEvent>(
      `SELECT ${COLUMNS}
       FROM ${all ? failedEvents.table : UNSENT}
       WHERE timestamp < ?
         OR (timestamp = ? AND topic > ?)
         OR (timestamp = ? AND topic = ? AND kafka_partition > ?)
         OR (timestamp = ? AND topic = ? AND kafka_partition = ? AND kafka_offset < ?)
       ORDER BY timestamp DESC, topic, kafka_partition, kafka_offset DESC
       LIMIT ${PAGE_ROWS}`,
      { schema, parameters },
    );
    if (page.length > 0) yield page;
    if (page.length < PAGE_ROWS) return;
    before = page.at(-1)!;
  }
}

/**
 * Finds the failed event at a place.
 * @throws Error if no failed event has that place, UsageError if the text is not a place
 */
export async function findFailed(place: string, { schema }: FailedOptions = {}): Promise<FailedEvent> {
  const { topic, partition, offset } = parsePlace(place);
  const [found] = await query<FailedEvent>(
    `SELECT ${COLUMNS}
     FROM ${failedEvents.table}
     WHERE topic = ? AND kafka_partition = ? AND kafka_offset = ?`,
    { schema, parameters: [topic, partition, offset] },
  );
  if (found) return found;
  throw new Error(
    `${place}: expected a failed event's place, got another one; npm run failed lists the places`,
  );
}

/** @throws UsageError if the text is not TOPIC/PARTITION/OFFSET */
export function parsePlace(place: string): { topic: string; partition: number; offset: number } {
  const [, topic = "", partition, offset] = /^([\w.-]+)\/(\d{1,9})\/(\d{1,15})$/.exec(place) ?? [];
  if (topic === "") throw new UsageError(`expected a place TOPIC/PARTITION/OFFSET, got "${place}"`);
  return { topic, partition: Number(partition), offset: Number(offset) };
}

/**
 * All failed events, or those that wait and that no table has, by topic, partition and offset, page
 * by page.
 */
export async function* pagesOfFailed({
  schema,
  waiting = false,
}: FailedOptions & { waiting?: boolean } = {}): AsyncGenerator<FailedEvent[]> {
  let after = { topic: "", kafka_partition: -1, kafka_offset: -1 }; // before every position
  for (;;) {
    const { topic, kafka_partition: partition, kafka_offset: offset } = after;
    const page: FailedEvent[] = await query<FailedEvent>(
      `SELECT ${COLUMNS}
       FROM ${waiting ? UNSENT : failedEvents.table}
       WHERE (topic > ?
         OR (topic = ? AND kafka_partition > ?)
         OR (topic = ? AND kafka_partition = ? AND kafka_offset > ?))
         AND starts_with(reason, ?)
       ORDER BY topic, kafka_partition, kafka_offset
       LIMIT ${PAGE_ROWS}`,
      { schema, parameters: [topic, topic, partition, topic, partition, offset, waiting ? WAITING : ""] },
    );
    if (page.length > 0) yield page;
    if (page.length < PAGE_ROWS) return;
    after = page.at(-1)!;
  }
}
