/**
 * Messages → the topic, each acknowledged by all in-sync replicas before its publisher resolves.
 *
 * The producer is idempotent: what kafkajs sends again after a lost answer is recognised by the
 * broker and stored once. kafkajs 2.2.4 keeps that promise only under two conditions, and both
 * are met here. First, one send at a time (gather.ts does so): it gives a failed batch's numbers
 * to whatever is sent next, and the broker acknowledges, and drops, another batch that bears the
 * numbers of a stored one. Second, for the same reason, a producer whose send has failed is thrown
 * away and a new one, with a new id, takes over.
 *
 * What no producer can know: whether a batch was stored whose answer never came. Such a message
 * is rejected with `written: "unknown"`; it may be in the topic, or yet arrive there out of order.
 * Its event_id tells a repetition from a second event.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Partitioners, type Producer } from "kafkajs";
import { settings } from "../settings.js";
import { gather, type Message, Unavailable } from "./gather.js";
import { kafkaClient, kafkaReason } from "./kafka.js";
import { createTopic, TopicDiffers } from "./topic.js";

const RECONNECT_MS = { first: 200, longest: 2000 };

export interface OpenTopic {
  /** Resolves when Kafka has the message; rejects with Unavailable otherwise, within 4.5 s. */
  publish: (value: string, key: string) => Promise<void>;
  /** Whether Kafka was there when last asked. */
  isHere: () => boolean;
  /** Sends what waits, then disconnects. */
  close: () => Promise<void>;
}

/**
 * Opens the topic for writing, and creates it if it does not exist. Resolves after the first attempt to
 * connect, also if that failed: then publishing is refused until Kafka is there, which is tried again
 * every 2 s at most. `onState` is told each change: one line.
 */
export async function openTopic({
  brokers = settings.kafkaBrokers,
  topic = settings.topic,
  partitions = settings.topicPartitions,
  onState = (line: string) => console.error(line),
} = {}): Promise<OpenTopic> {
  const kafka = kafkaClient(brokers);
  const closing = new AbortController();
  let producer: Producer | undefined; // undefined: Kafka is away
  let reason = "not tried yet";
  let connecting: Promise<void> = Promise.resolve();

  const gatherer = gather({ send });

  async function send(batch: Message[], deadline: number): Promise<void> {
    const current = producer;
    if (!current) throw new Unavailable(`Kafka at ${brokers.join(",")} is away: ${reason}`, "no");
    const sent = current.send({ topic, acks: -1, timeout: 3000, messages: batch });
    try {
      await before(deadline, sent);
    } catch (error) {
      producer = undefined;
      discard(current, sent);
      reason = kafkaReason(error);
      onState(`Kafka at ${brokers.join(",")} is away: ${reason}`);
      connecting = reconnect();
      throw new Unavailable(`Kafka has not acknowledged: ${reason}`, "unknown", error);
    }
  }

  async function reconnect(): Promise<void> {
    const since = Date.now();
    for (let waitMs = RECONNECT_MS.first; ; waitMs = Math.min(2 * waitMs, RECONNECT_MS.longest)) {
      await sleep(waitMs, undefined, { signal: closing.signal }).catch(() => undefined);
      if (closing.signal.aborted || (await connect())) break;
    }
    if (producer)
      onState(`Kafka at ${brokers.join(",")} is back after ${((Date.now() - since) / 1000).toFixed(1)} s`);
  }

  async function connect(): Promise<boolean> {
    const fresh = kafka.producer({
      idempotent: true,
      createPartitioner: Partitioners.DefaultPartitioner,
      allowAutoTopicCreation: false,
    });
    try {
      await fresh.connect();
      await createTopic({ brokers, topic, partitions }).catch(allowOtherPartitions);
      producer = fresh;
      return true;
    } catch (error) {
      reason = kafkaReason(error);
      await fresh.disconnect();
      return false;
    }
  }

  if (!(await connect())) {
    onState(`Kafka at ${brokers.join(",")} is away: ${reason}`);
    connecting = reconnect();
  }

  return {
    publish: (value, key) => gatherer.publish({ key, value }),
    isHere: () => producer !== undefined,
    close: async () => {
      await gatherer.close();
      closing.abort();
      await connecting;
      await producer?.disconnect();
    },
  };
}

/** Disconnects once kafkajs has given up its last send: before that it would connect again. */
function discard(producer: Producer, sent: Promise<unknown>): void {
  const disconnect = () => producer.disconnect();
  void sent.then(disconnect, disconnect).catch(() => undefined);
}

/** A topic with more or fewer partitions takes events as well; `npm run up` is who complains. */
function allowOtherPartitions(error: unknown): void {
  if (!(error instanceof TopicDiffers)) throw error;
}

async function before<T>(deadline: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const timeoutMs = deadline - Date.now();
    timer = setTimeout(() => reject(new Error(`no answer within ${Math.max(0, timeoutMs)} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
