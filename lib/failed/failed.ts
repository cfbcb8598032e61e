/**
 * The table failed_events → failed events with their reasons, assessed by the present catalogue.
 *
 * A place names a failed event: its position as the text TOPIC/PARTITION/OFFSET. An event that the
 * API refused is a message of the failed topic; its raw_event is the text of the envelope. A
 * message that another producer wrote to the events' topic can fail too; its raw_event is the
 * message.
 */
import { UsageError } from "../command.ts";
import { query } from "../trino.ts";
import { failedEvents } from "../catalog.ts";
import { NOT_UTF8 } from "../land/batch.ts";
import { eventColumns, type EventRow, readEvent } from "../envelope.ts";
import { Misfit } from "../misfit.ts";
import { isShortened } from "../refused.ts";
import { settings } from "../settings.ts";

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
const PAGE_ROWS = 100; // in memory at once: a raw_event can have a megabyte

/** The newest failed events, newest first. */
export async function listFailed({ limit = 20, schema }: FailedOptions & { limit?: number } = {}): Promise<
  FailedEvent[]
> {
  return query<FailedEvent>(
    `SELECT ${COLUMNS}
     FROM ${failedEvents.table}
     ORDER BY timestamp DESC, topic, kafka_partition, kafka_offset DESC
     LIMIT ?`,
    { schema, parameters: [limit] },
  );
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

/** All failed events by topic, partition and offset, page by page. */
export async function* pagesOfFailed({ schema }: FailedOptions = {}): AsyncGenerator<FailedEvent[]> {
  let after = { topic: "", kafka_partition: -1, kafka_offset: -1 }; // before every position
  for (;;) {
    const { topic, kafka_partition: partition, kafka_offset: offset } = after;
    const page: FailedEvent[] = await query<FailedEvent>(
      `SELECT ${COLUMNS}
       FROM ${failedEvents.table}
       WHERE topic > ?
         OR (topic = ? AND kafka_partition > ?)
         OR (topic = ? AND kafka_partition = ? AND kafka_offset > ?)
       ORDER BY topic, kafka_partition, kafka_offset
       LIMIT ${PAGE_ROWS}`,
      { schema, parameters: [topic, topic, partition, topic, partition, offset] },
    );
    if (page.length > 0) yield page;
    if (page.length < PAGE_ROWS) return;
    after = page.at(-1)!;
  }
}

/** Whether a failed event fits the present catalogue; if not, why. */
export type Assessment =
  | { fits: true; raw: string; event_id: string; event_type: string; player: string }
  | { fits: false; why: string };

/** Assesses a failed event as if the stream read its text now. */
export function assess(failed: FailedEvent, { failedTopic = settings.failedTopic } = {}): Assessment {
  const { topic, reason, raw_event: raw, kafka_partition: partition, kafka_offset: offset } = failed;
  if (raw === null) return { fits: false, why: "the message had no value" };
  if (raw === "" && topic === failedTopic) {
    return { fits: false, why: "its text was empty, or not kept (QUESTLOG_RETENTION)" };
  }
  if (reason === NOT_UTF8)
    return { fits: false, why: "raw_event differs from the message, which was not UTF-8" };
  try {
    const row = readEvent(raw, { timestamp: failed.time.getTime(), partition, offset });
    const value = (column: string) => valueOf(row, column);
    const [event_id, player] = [value("event_id"), value("player")];
    return { fits: true, raw, event_id, event_type: row.event.type, player };
  } catch (error) {
    if (!(error instanceof Misfit)) throw error;
    const isCut = topic === failedTopic && isShortened(raw);
    if (!isCut) return { fits: false, why: error.message };
    const bytes = Buffer.byteLength(raw);
    return {
      fits: false,
      why: `raw_event is incomplete: the API shortened it to ${bytes} bytes`,
    };
  }
}

/** A text of an event's row, as its table has it: UTF-8 replaces half a surrogate pair. */
function valueOf({ event, values }: EventRow, column: string): string {
  const index = eventColumns.get(event.table)!.findIndex(({ name }) => name === column);
  return Buffer.from(String(values[index])).toString();
}
