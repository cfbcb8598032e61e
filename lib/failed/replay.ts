/**
 * Failed events that fit the present catalogue → messages of the events' topic, each event once.
 *
 * A replayed event keeps its text, so it keeps its event_id. The tables show whether an event was
 * sent before. So replay first waits until the stream has landed the whole topic, and registers the
 * days. It sends one message at a time: when Kafka does not answer, only the last message is in
 * doubt, and another replay decides it.
 */
import { query } from "../trino.ts";
import { registerDays } from "../ask/tables.ts";
import { events } from "../events.ts";
import { kafkaClient, kafkaReason, Partitioners, PATIENT } from "../kafka.ts";
import { readOffsets } from "../topic.ts";
import { untilLanded } from "../audit/landed.ts";
import { settings } from "../settings.ts";
import {
  assess,
  type Assessment,
  type FailedEvent,
  type FailedOptions,
  findFailed,
  pagesOfFailed,
} from "./failed.ts";

/** The result of replaying one failed event. */
export interface Outcome {
  place: string;
  outcome: "sent" | "already there" | "still unfit";
  event_id: string | null; // null when still unfit
  why: string | null; // the reason when still unfit
}

export interface ReplayOptions extends FailedOptions {
  places?: readonly string[]; // default: all
  topic?: string; // of the events
  failedTopic?: string;
  root?: string; // HDFS folder of the tables
}

/**
 * Sends the failed events that fit now and are in no event table; yields each outcome at once.
 * @throws Error before any sending if a place holds no failed event, or the stream does not land
 *   the whole topic within 60 s
 * @throws Error if Kafka does not acknowledge an event
 */
export async function* replay(options: ReplayOptions = {}): AsyncGenerator<Outcome> {
  const { places, schema, topic = settings.topic, failedTopic, root } = options;
  await registerDays({ schema });
  const chosen = places && (await Promise.all(places.map((place) => findFailed(place, { schema }))));
  await untilLanded(await readOffsets({ topic }), { topic, root });
  await registerDays({ schema });
  const sender = await openSender(topic);
  const known = new Set<string>(); // event_ids in the tables, or sent by this replay
  try {
    for await (const page of chosen ? [chosen] : pagesOfFailed({ schema })) {
      const assessed = page.map((failed) => ({ failed, now: assess(failed, { failedTopic }) }));
      const ids = assessed.flatMap(({ now }) => (now.fits ? now.event_id : []));
      for (const id of await findKnown(ids, { schema })) known.add(id);
      for (const { failed, now } of assessed) yield await replayOne(failed, now, known, sender.send);
    }
  } finally {
    await sender.close();
  }
}

async function replayOne(
  { place }: FailedEvent,
  now: Assessment,
  known: Set<string>,
  send: Send,
): Promise<Outcome> {
  if (!now.fits) return { place, outcome: "still unfit", event_id: null, why: now.why };
  const { event_id, raw, player } = now;
  if (known.has(event_id)) return { place, outcome: "already there", event_id, why: null };
  await send(raw, player).catch((error: unknown) => {
    const message = `${place}: Kafka did not acknowledge the event: ${kafkaReason(error)}; replay again when Kafka is back`;
    throw new Error(message, { cause: error });
  });
  known.add(event_id);
  return { place, outcome: "sent", event_id, why: null };
}

/** Finds the event_ids that are in the tables of events. */
export async function findKnown(ids: readonly string[], { schema }: FailedOptions = {}): Promise<string[]> {
  if (ids.length === 0) return [];
  const all = events.map(({ table }) => `SELECT event_id FROM ${table}`).join("\nUNION ALL ");
  const marks = ids.map(() => "?").join(", ");
  const rows = await query<{ event_id: string }>(
    `SELECT DISTINCT event_id
     FROM (${all})
     WHERE event_id IN (${marks})`,
    { schema, parameters: [...ids] },
  );
  return rows.map(({ event_id }) => event_id);
}

type Send = (value: string, key: string) => Promise<void>;

async function openSender(topic: string): Promise<{ send: Send; close: () => Promise<void> }> {
  const producer = kafkaClient(settings.kafkaBrokers, { retries: PATIENT }).producer({
    idempotent: true,
    createPartitioner: Partitioners.DefaultPartitioner,
    allowAutoTopicCreation: false,
  });
  await producer.connect();
  return {
    send: async (value, key) => {
      await producer.send({ topic, acks: -1, messages: [{ key, value }] });
    },
    close: () => producer.disconnect(),
  };
}
