/**
 * The table failed_events → failed events with their reasons, judged by the present catalogue.
 *
 * A failed event is named by its place: TOPIC/PARTITION/OFFSET. An event that the API refused is a
 * message of the failed topic, with the text that it would have had. A message that came to the
 * events' topic in another way, and is no event, stands there as it is.
 */
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
  reason: string; // when it failed
  place: string; // topic/kafka_partition/kafka_offset
  topic: string;
  kafka_partition: number;
  kafka_offset: number;
  raw_event: string | null;
}

/** Where to look; the settings' schema unless told otherwise. */
export interface FailedOptions {
  schema?: string;
}

const COLUMNS = `timestamp AS time, reason,
  topic || '/' || CAST(kafka_partition AS varchar) || '/' || CAST(kafka_offset AS varchar) AS place,
  topic, kafka_partition, kafka_offset, raw_event`;
const PAGE_ROWS = 100; // a raw text can have a megabyte

/** The newest failed events, newest first. */
export async function listFailed({ limit = 20, schema }: FailedOptions & { limit?: number } = {}): Promise<
  FailedEvent[]
> {
  return query<FailedEvent>(
    `SELECT ${COLUMNS} FROM ${failedEvents.table}
     ORDER BY timestamp DESC, topic, kafka_partition, kafka_offset DESC LIMIT ?`,
    { schema, parameters: [limit] },
  );
}

/**
 * Finds the failed event at a place.
 * @throws Error if the text is no place, or no failed event is there.
 */
export async function findFailed(place: string, { schema }: FailedOptions = {}): Promise<FailedEvent> {
  const [, topic = "", partition, offset] = /^([\w.-]+)\/(\d{1,9})\/(\d{1,15})$/.exec(place) ?? [];
  if (topic === "") throw new Error(`expected a place TOPIC/PARTITION/OFFSET, got "${place}"`);
  const [found] = await query<FailedEvent>(
    `SELECT ${COLUMNS} FROM ${failedEvents.table} WHERE topic = ? AND kafka_partition = ? AND kafka_offset = ?`,
    { schema, parameters: [topic, Number(partition), Number(offset)] },
  );
  if (found) return found;
  throw new Error(`${place}: expected a failed event's place, and none is there; npm run failed lists them`);
}

/** All failed events by topic, partition and offset, a page in memory. */
export async function* pagesOfFailed({ schema }: FailedOptions = {}): AsyncGenerator<FailedEvent[]> {
  let last: FailedEvent | undefined;
  for (;;) {
    const behind = last
      ? "WHERE topic > ? OR (topic = ? AND (kafka_partition > ? OR (kafka_partition = ? AND kafka_offset > ?)))"
      : "";
    const page: FailedEvent[] = await query<FailedEvent>(
      `SELECT ${COLUMNS} FROM ${failedEvents.table} ${behind}
       ORDER BY topic, kafka_partition, kafka_offset LIMIT ${PAGE_ROWS}`,
      { schema, parameters: last ? placeParameters(last) : [] },
    );
    if (page.length > 0) yield page;
    if (page.length < PAGE_ROWS) return;
    last = page.at(-1);
  }
}

function placeParameters({ topic, kafka_partition, kafka_offset }: FailedEvent): (string | number)[] {
  return [topic, topic, kafka_partition, kafka_partition, kafka_offset];
}

/** What the present catalogue says of a failed event. */
export type Assessment =
  | { fits: true; raw: string; event_id: string; event_type: string; player: string }
  | { fits: false; why: string };

/** Judges a failed event as the stream would assess its text if it came now. */
export function assess(failed: FailedEvent, { failedTopic = settings.failedTopic } = {}): Assessment {
  const { topic, reason, raw_event: raw, kafka_partition: partition, kafka_offset: offset } = failed;
  if (raw === null) return { fits: false, why: "the message had no value" };
  if (raw === "" && topic === failedTopic) {
    return { fits: false, why: "nothing of its text was kept (QUESTLOG_RETENTION), or it had none" };
  }
  if (reason === NOT_UTF8) return { fits: false, why: "raw_event is not what was sent: that was not UTF-8" };
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
      why: `raw_event was shortened to ${bytes} bytes when it was kept: it is not whole`,
    };
  }
}

/** A text of an event's row, as its table has it: half a surrogate pair is not UTF-8. */
function valueOf({ event, values }: EventRow, column: string): string {
  const index = eventColumns.get(event.table)!.findIndex(({ name }) => name === column);
  return Buffer.from(String(values[index])).toString();
}
