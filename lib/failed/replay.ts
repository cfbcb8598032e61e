/**
 * Failed events that fit the present catalogue → messages of the events' topic, each event once.
 *
 * A replayed event keeps its event_id, so the tables show whether it was sent before. So replay
 * first waits until the stream has landed the whole topic, and registers the days. It sends one
 * message at a time: when Kafka does not answer, only the last message is in doubt, and another
 * replay decides it.
 */
import { join } from "node:path";
import { registerDays } from "../ask/tables.ts";
import { kafkaClient, kafkaReason, Partitioners, PATIENT } from "../kafka.ts";
import { withLock } from "../lock.ts";
import { readOffsets } from "../topic.ts";
import { untilLanded } from "../audit/landed.ts";
import { settings } from "../settings.ts";
import { assess } from "./assess.ts";
import { blockedTables } from "./blocked-tables.ts";
import { type FailedOptions, findFailed, pagesOfFailed } from "./failed.ts";
import { type Judged, KnownEvents } from "./known.ts";

/** The result of replaying one failed event. */
export interface Outcome {
  place: string;
  outcome: "sent" | "already there" | "still unfit";
  event_id: string | null; // null when still unfit
  why: string | null; // the reason when still unfit
}

export interface ReplayOptions extends FailedOptions {
  places?: readonly string[]; // default: all
  waiting?: boolean; // of all, only those that wait
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
  const { places, waiting, schema, topic = settings.topic, failedTopic, root } = options;
  await registerDays({ schema });
  const chosen = places && (await Promise.all(places.map((place) => findFailed(place, { schema }))));
  await untilLanded(await readOffsets({ topic }), { topic, root });
  await registerDays({ schema });
  const blocked = await blockedTables(root);
  const known = new KnownEvents({ schema });
  const sender = await openSender(topic);
  try {
    for await (const page of chosen ? [chosen] : pagesOfFailed({ schema, waiting })) {
      const assessed = page.map((failed) => ({ failed, now: assess(failed, { failedTopic, blocked }) }));
      await known.judge(assessed);
      for (const { failed, now } of assessed)
        yield await replayOne(known.judgeOne(failed, now), known, sender);
    }
  } finally {
    await sender.close();
  }
}

/** Runs a replay alone: two at once could send an event twice. `signal` ends the wait. */
export function withReplayLock<T>(
  log: (line: string) => void,
  work: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  return withLock(join(settings.home, "replay.lock"), log, work, signal);
}

/** Sends an event, unless a table has it or an event before it has its id. */
async function replayOne(
  { failed: { place }, now, isThere }: Judged,
  known: KnownEvents,
  { send }: Sender,
): Promise<Outcome> {
  if (!now.fits) return { place, outcome: "still unfit", event_id: null, why: now.why };
  const { event_id, raw, player } = now;
  if (isThere) return { place, outcome: "already there", event_id, why: null };
  await send(raw, player).catch((error: unknown) => {
    const message = `${place}: Kafka did not acknowledge the event: ${kafkaReason(error)}; replay again when Kafka is back`;
    throw new Error(message, { cause: error });
  });
  known.add(event_id, raw);
  return { place, outcome: "sent", event_id, why: null };
}

interface Sender {
  send: (value: string, key: string | null) => Promise<void>;
  close: () => Promise<void>;
}

async function openSender(topic: string): Promise<Sender> {
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
