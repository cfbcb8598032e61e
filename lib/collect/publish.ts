/**
 * Messages → the topic. A publisher resolves when all in-sync replicas have its message, or for now
 * this machine's disk.
 *
 * The producer is idempotent: the broker recognises a batch that kafkajs sends again after a lost
 * answer, and stores it once. kafkajs 2.2.4 keeps that promise only under two conditions:
 * - One send at a time (batcher.ts). kafkajs gives the numbers of a failed batch to the next batch.
 *   The broker acknowledges, and drops, a batch that has the numbers of a stored one.
 * - For the same reason a producer whose send has failed is thrown away. A new one, with a new id,
 *   takes over.
 *
 * While Kafka is away, messages go to the disk, and to the topic when it is back: fallback.ts.
 */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { settings } from "../settings.ts";
import { before, openDetour } from "./fallback.ts";
import { gather, type Message, type Way } from "./batcher.ts";
import { kafkaClient, kafkaReason, Partitioners, type Producer } from "../kafka.ts";
import { Spool, type SpoolState } from "./spool.ts";
import { createTopic, TopicDiffers } from "../topic.ts";

const RECONNECT_MS = { first: 200, longest: 500 };

export interface OpenTopic {
  /** Resolves with the place of the message; rejects with Unavailable within 4.5 s. */
  publish: (value: string, key: string) => Promise<Way>;
  /** Whether Kafka was there when last asked. */
  isHere: () => boolean;
  /** The messages on the disk, on their way to Kafka. */
  spoolState: () => SpoolState;
  /** Sends or spools the waiting messages, then disconnects. */
  close: () => Promise<void>;
}

/**
 * Opens the topic for writing, and creates it if it does not exist. Resolves after the first
 * attempt to connect, also if that failed: messages are then spooled until Kafka is there. The
 * client tries again every 0.5 s at most. `onState` gets one line for each change.
 * @throws Error if another process has this topic's spool.
 */
export async function openTopic({
  brokers = settings.kafkaBrokers,
  topic = settings.topic,
  partitions = settings.topicPartitions,
  spoolFolder = join(settings.home, "spool", topic),
  spoolMaxBytes = settings.spoolMaxMb * 1024 * 1024,
  onState = (line: string) => console.error(line),
} = {}): Promise<OpenTopic> {
  const kafka = kafkaClient(brokers);
  const spool = await Spool.open({ folder: spoolFolder, maxBytes: spoolMaxBytes, say: onState });
  const closing = new AbortController();
  let producer: Producer | undefined; // undefined: Kafka is away
  let reason = "not tried yet";
  let connecting: Promise<void> = Promise.resolve();
  const side = { isHere: () => producer !== undefined, whenHere: () => connecting, send };

  /** @throws what kafkajs does, after which Kafka counts as away. */
  async function send(messages: Message[], deadline: number): Promise<void> {
    const current = producer!;
    const sent = current.send({ topic, acks: -1, timeout: 3000, messages });
    try {
      await before(deadline, sent);
    } catch (error) {
      producer = undefined;
      discard(current, sent);
      reason = kafkaReason(error);
      onState(`Kafka at ${brokers.join(",")} is away: ${reason}`);
      connecting = reconnect();
      throw error;
    }
  }

  async function reconnect(): Promise<void> {
    const since = Date.now();
    for (let waitMs = RECONNECT_MS.first; ; waitMs = Math.min(2 * waitMs, RECONNECT_MS.longest)) {
      await sleep(waitMs, undefined, { signal: closing.signal }).catch(() => undefined);
      if (closing.signal.aborted || (await connect())) break;
    }
    if (producer) onState(`Kafka at ${brokers.join(",")} is back after ${seconds(since)} s`);
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
  const detour = openDetour({ spool, kafka: side, name: `topic ${topic}`, say: onState });
  const gatherer = gather({ send: detour.send });

  return {
    publish: (value, key) => gatherer.publish({ key, value }),
    isHere: () => producer !== undefined,
    spoolState: () => spool.state(),
    close: async () => {
      await gatherer.close();
      closing.abort();
      await Promise.all([connecting, detour.close()]);
      await producer?.disconnect();
      await spool.close();
    },
  };
}

/** Disconnects once kafkajs has given up its last send: before that it would connect again. */
function discard(producer: Producer, sent: Promise<unknown>): void {
  const disconnect = () => producer.disconnect();
  void sent.then(disconnect, disconnect).catch(() => undefined);
}

/** A topic with more or fewer partitions takes events as well; `npm run up` reports it. */
function allowOtherPartitions(error: unknown): void {
  if (!(error instanceof TopicDiffers)) throw error;
}

function seconds(since: number): string {
  return ((Date.now() - since) / 1000).toFixed(1);
}
