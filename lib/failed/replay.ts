/**
 * Failed events that fit the present catalogue → the events' topic again, each at most once.
 *
 * An event is sent as the text that it has, so its event_id is the same. Whether it was sent before
 * is said by the tables. They know of everything in the topic once the stream has landed it
 * and the days are registered, so that is awaited first. One message is sent at a time: when Kafka
 * gives no answer, only the last one is in doubt, and replaying again settles it.
 */
import { query } from "../trino.ts";
import { registerDays } from "../ask/tables.ts";
import { events } from "../game.ts";
import { kafkaClient, kafkaReason, Partitioners, PATIENT } from "../kafka.ts";
import { readOffsets } from "../topic.ts";
import { untilLanded } from "../audit/landed.ts";
import { settings } from "../settings.ts";
import {
  type FailedEvent,
  findFailed,
  type FailedOptions,
  type Assessment,
  assess,
  pagesOfFailed,
} from "./failed.ts";

/** What became of one failed event. */
export interface Outcome {
  place: string;
  outcome: "sent" | "already there" | "still unfit";
  event_id: string | null; // null: it is still unfit
  why: string | null; // it is still unfit
}

export interface ReplayOptions extends FailedOptions {
  places?: readonly string[]; // default: all
  topic?: string; // of the events
  failedTopic?: string;
  root?: string; // HDFS folder of the tables
}

/**
 * Sends failed events again that fit now and are in no event's table; tells of each as it is done.
 * @throws Error if a place holds no failed event, or if the stream has not landed the whole topic
 * within 60 s; nothing is sent then. Also if Kafka does not take an event.
 */
export async function* replay(options: ReplayOptions = {}): AsyncGenerator<Outcome> {
  const { places, schema, topic = settings.topic, failedTopic, root } = options;
  await registerDays({ schema });
  const chosen = places && (await Promise.all(places.map((place) => findFailed(place, { schema }))));
  await untilLanded(await readOffsets({ topic }), { topic, root });
  await registerDays({ schema });
  const sender = await openSender(topic);
  const sent = new Set<string>(); // event_ids, also those that are in the tables
  try {
    for await (const page of chosen ? [chosen] : pagesOfFailed({ schema })) {
      const judged = page.map((failed) => [failed, assess(failed, { failedTopic })] as const);
      for (const id of await findKnown(
        judged.flatMap(([, now]) => (now.fits ? now.event_id : [])),
        { schema },
      ))
        sent.add(id);
      for (const [failed, now] of judged) yield await replayOne(failed, now, { sent, send: sender.send });
    }
  } finally {
    await sender.close();
  }
}

async function replayOne(
  { place }: FailedEvent,
  now: Assessment,
  { sent, send }: { sent: Set<string>; send: Send },
): Promise<Outcome> {
  if (!now.fits) return { place, outcome: "still unfit", event_id: null, why: now.why };
  const { event_id, raw, player } = now;
  if (sent.has(event_id)) return { place, outcome: "already there", event_id, why: null };
  await send(raw, player).catch((error: unknown) => {
    const message = `${place}: Kafka did not acknowledge it: ${kafkaReason(error)}; replay again when Kafka is back`;
    throw new Error(message, { cause: error });
  });
  sent.add(event_id);
  return { place, outcome: "sent", event_id, why: null };
}

/** Which of the ids are in the tables of events. */
export async function findKnown(ids: readonly string[], { schema }: FailedOptions = {}): Promise<string[]> {
  if (ids.length === 0) return [];
  const all = events.map(({ table }) => `SELECT event_id FROM ${table}`).join(" UNION ALL ");
  const marks = ids.map(() => "?").join(", ");
  const rows = await query<{ event_id: string }>(
    `SELECT DISTINCT event_id FROM (${all}) WHERE event_id IN (${marks})`,
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
