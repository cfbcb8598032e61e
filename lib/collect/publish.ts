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
 * While Kafka is away, messages go to the spool (spool.ts), and from there to the topic when it is
 * back. As long as anything is spooled, what comes goes behind it, so a player's events stay in order; and
 * only one of the two, this way or the direct one, sends at a time. When little is left, the next
 * batch waits for it and then goes directly: else traffic that does not pause would be spooled for ever.
 *
 * What no producer can know: whether a batch was stored whose answer never came. It is spooled
 * and sent once more; it may be in the topic twice then, and its first copy may yet arrive after later messages.
 * Its event_id tells a repetition from a second event.
 */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Partitioners, type Producer } from "kafkajs";
import { settings } from "../settings.js";
import { gather, type Message, Unavailable, type Way } from "./gather.js";
import { kafkaClient, kafkaReason } from "./kafka.js";
import { Spool, type SpoolState } from "./spool.js";
import { createTopic, TopicDiffers } from "./topic.js";

const RECONNECT_MS = { first: 200, longest: 2000 };
const DISK_MS = 1500; // of the time for an answer, kept for the spool if Kafka does not answer
const LEAST_SEND_MS = 500; // with less time it is not worth asking Kafka
const DRAIN_MS = 3000; // for Kafka's answer to a portion of the spool
const LITTLE = { messages: 2000, waitMs: 300 }; // so much of the spool is waited for, and so long

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
 * every 2 s at most. `onState` is told each change: one line.
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
  let draining: Promise<void> | undefined; // undefined: nothing is spooled
  let spooling = false; // that something is has been told
  let drainedAtOnce = Infinity; // messages

  const gatherer = gather({ send: accept });

  async function accept(batch: Message[], deadline: number): Promise<Way> {
    let written: "no" | "unknown" = "no";
    const timeLeftMs = deadline - DISK_MS - Date.now(); // little: Kafka is slow, and the batch has waited long
    if (timeLeftMs > LEAST_SEND_MS && (await goesDirectly())) {
      try {
        await send(batch, deadline - DISK_MS);
        return "kafka";
      } catch {
        written = "unknown"; // and why has been told
      }
    }
    const appended = spool.append(batch); // what has begun here makes the spool not empty, so `drain` waits for it
    draining ??= drain();
    try {
      await before(deadline, appended);
      if (!spooling) onState(`topic ${topic}: spooling to ${spoolFolder}`);
      spooling = true;
      return "spool";
    } catch (error) {
      if (error instanceof Unavailable && written === "no") throw error;
      throw new Unavailable(`spool ${spoolFolder}: ${(error as Error).message}`, "unknown", error);
    }
  }

  async function goesDirectly(): Promise<boolean> {
    if (producer && draining && spool.state().messages <= LITTLE.messages)
      await before(Date.now() + LITTLE.waitMs, draining).catch(() => undefined); // then it is spooled as well
    return producer !== undefined && draining === undefined;
  }

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

  /** Sends what is spooled until nothing is left, or the topic is closed. */
  async function drain(): Promise<void> {
    const since = Date.now();
    let count = 0;
    while (!spool.isEmpty() && !closing.signal.aborted) {
      if (producer === undefined) {
        await connecting;
        continue;
      }
      try {
        count += await drainPortion();
      } catch (error) {
        if (producer === undefined) continue; // Kafka failed, which has been told
        onState((error as Error).message);
        await sleep(RECONNECT_MS.longest, undefined, { signal: closing.signal }).catch(() => undefined);
      }
    }
    [draining, spooling] = [undefined, false];
    const { messages } = spool.state();
    if (count + messages > 0)
      onState(
        `topic ${topic}: spooling ended after ${seconds(since)} s: ` +
          `${count} messages went to Kafka, ${messages} stay in ${spoolFolder}`,
      );
  }

  async function drainPortion(): Promise<number> {
    const portion = await spool.first(drainedAtOnce);
    if (portion === undefined) return 0; // it is on its way to the disk, or failed there
    const { messages, remove } = portion;
    const [message] = messages;
    try {
      if (message) await send(messages, Date.now() + DRAIN_MS);
      drainedAtOnce *= 2;
    } catch (error) {
      if (!isTooLarge(error)) throw error;
      drainedAtOnce = Math.ceil(messages.length / 2); // until the one that is too large is alone
      if (!message || messages.length > 1) return 0;
      const file = await spool.setAside(message);
      onState(`topic ${topic} takes no message of ${message.value.length} characters: it is kept in ${file}`);
    }
    await remove();
    return messages.length;
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
  if (!spool.isEmpty()) {
    onState(`topic ${topic}: ${spool.state().messages} messages wait in ${spoolFolder}`);
    [draining, spooling] = [drain(), true];
  }

  return {
    publish: (value, key) => gatherer.publish({ key, value }),
    isHere: () => producer !== undefined,
    spoolState: () => spool.state(),
    close: async () => {
      await gatherer.close();
      closing.abort();
      await connecting;
      await draining;
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

/** Whether the broker, or its setting for the topic, refuses the size of what was sent, and will always do so. */
function isTooLarge(error: unknown): boolean {
  for (let inner = error; inner instanceof Error; inner = inner.cause)
    if ((inner as { type?: string }).type === "MESSAGE_TOO_LARGE") return true;
  return false;
}

/** A topic with more or fewer partitions takes events as well; `npm run up` is who complains. */
function allowOtherPartitions(error: unknown): void {
  if (!(error instanceof TopicDiffers)) throw error;
}

function seconds(since: number): string {
  return ((Date.now() - since) / 1000).toFixed(1);
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
