/**
 * Messages → the topic, each acknowledged by all in-sync replicas, or for now by this machine's disk,
 * before its publisher resolves.
 *
 * The producer is idempotent: what kafkajs sends again after a lost answer is recognised by the
 * broker and stored once. kafkajs 2.2.4 keeps that promise only under two conditions, and both
 * are met here. First, one send at a time (gather.ts does so): it gives a failed batch's numbers
 * to whatever is sent next, and the broker acknowledges, and drops, another batch that bears the
 * numbers of a stored one. Second, for the same reason, a producer whose send has failed is thrown
 * away and a new one, with a new id, takes over.
 *
 * While Kafka is away, messages go to the disk, and from there to the topic when it is back: detour.ts.
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
  /** Resolves with where the message is; rejects with Unavailable, within 4.5 s, if it could not be kept. */
  publish: (value: string, key: string) => Promise<Way>;
  /** Whether Kafka was there when last asked. */
  isHere: () => boolean;
  /** What is on the disk, on its way to Kafka. */
  spoolState: () => SpoolState;
  /** Sends or spools what waits, then disconnects; what is spooled goes to Kafka when the topic is opened again. */
  close: () => Promise<void>;
}

/**
 * Opens the topic for writing, and creates it if it does not exist. Resolves after the first attempt to
 * connect, also if that failed: then messages are spooled until Kafka is there, which is tried again
 * every 0.5 s at most. `onState` is told each change: one line.
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

/** A topic with more or fewer partitions takes events as well; `npm run up` is who complains. */
function allowOtherPartitions(error: unknown): void {
  if (!(error instanceof TopicDiffers)) throw error;
}

function seconds(since: number): string {
  return ((Date.now() - since) / 1000).toFixed(1);
}
