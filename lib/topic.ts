/**
 * The topic as a whole: create it, read it from its beginning, count its messages.
 *
 * kafkajs reads only as a consumer group. So each reading joins a group with a random name, commits
 * nothing, and deletes the group. A slow reader (a pager on the pipe) can lose the group. Then
 * kafkajs joins again, and this module goes on behind the last message that `onMessage` has had.
 */
import { isUtf8 } from "node:buffer";
import { randomUUID } from "node:crypto";
import { peek } from "./envelope.ts";
import { settings } from "./settings.ts";
import type { Admin, Consumer, EachBatchPayload } from "./kafka.ts";
import { kafkaClient, PATIENT, withAdmin } from "./kafka.ts";

/** The brokers and the name of a topic. The settings are the defaults. */
export interface TopicAddress {
  brokers?: string[];
  topic?: string;
}

/** One message of the topic. */
export interface TopicMessage {
  partition: number;
  offset: number;
  timestamp: number; // milliseconds
  key: string | null;
  value: string | null;
  isUtf8: boolean; // false: `value` has U+FFFD for other bytes
}

/** The offsets that a partition holds: [low, high). */
export interface PartitionOffsets {
  partition: number;
  low: number;
  high: number;
}

export interface TopicCount {
  total: number;
  per_type: Record<string, number>; // by event_type; NOT_AN_EVENT without one
  partitions: PartitionOffsets[];
}

const LOOK_MS = 2_000; // until a reader that follows notices new partitions
const MAX_JOINS = 30; // attempts, 0.3 s apart, while the broker still loads its groups

/** The type of messages that are not a JSON object with an event_type. */
export const NOT_AN_EVENT = "not_an_event";

/**
 * Creates the topic, or finds it; an existing topic stays as it is. The brokers choose the number
 * of replicas. It is asked for first: a user may have the right to use a topic, not to create one.
 * @throws Error if Kafka is away.
 */
export async function createTopic({
  brokers = settings.kafkaBrokers,
  topic = settings.topic,
  partitions = settings.topicPartitions,
}: TopicAddress & { partitions?: number } = {}): Promise<"created" | "found"> {
  return withAdmin(brokers, async (admin) => {
    if ((await admin.listTopics()).includes(topic)) return "found";
    const created = await admin.createTopics({ topics: [{ topic, numPartitions: partitions }] });
    return created ? "created" : "found";
  });
}

/**
 * Reads the topic from its beginning to its end at the time of the call, and resolves with the
 * offsets that it read. `high` is the offset behind a partition's last message. Kafka's own end may
 * be greater, because each transaction ends with a record that no consumer sees.
 *
 * `from` has other offsets to begin at, by partition. With `follow` the reading goes on until
 * `signal` aborts. Messages of one partition come in order. `onMessage` is awaited, so a slow
 * reader slows the reading.
 * @throws Error if the topic does not exist, or Kafka is away or goes away.
 */
export async function readTopic({
  brokers = settings.kafkaBrokers,
  topic = settings.topic,
  from = new Map(),
  follow = false,
  signal,
  onMessage,
}: TopicAddress & {
  from?: ReadonlyMap<number, number>;
  follow?: boolean;
  signal?: AbortSignal;
  onMessage: (message: TopicMessage) => void | Promise<void>;
}): Promise<PartitionOffsets[]> {
  return withAdmin(brokers, async (admin) => {
    const offsets = await offsetsOf(admin, topic);
    const ends = follow ? undefined : new Map(offsets.map(({ partition, high }) => [partition, high]));
    const next = firstOffsets(offsets, from);
    const behind = new Map(next); // partition → the offset behind its last message
    const isEmpty = offsets.every(({ partition, high }) => next.get(partition)! >= high);
    if (signal?.aborted || (!follow && isEmpty)) return offsets;
    const groupId = `questlog_reader_${randomUUID()}`;
    let attempts = 1;
    const consumer = kafkaClient(brokers, { retries: PATIENT }).consumer({
      groupId,
      maxWaitTimeInMs: 200,
      metadataMaxAge: LOOK_MS,
      allowAutoTopicCreation: false,
      retry: {
        restartOnFailure: (error) => Promise.resolve(isGroupLoading(error) && attempts++ < MAX_JOINS),
      },
    });
    try {
      await consumer.connect();
      await consumer.subscribe({ topics: [topic], fromBeginning: true });
      const handOut = (message: TopicMessage) => {
        behind.set(message.partition, message.offset + 1);
        return onMessage(message);
      };
      await consume(consumer, { topic, next, ends, signal, onMessage: handOut });
    } finally {
      await consumer.disconnect();
    }
    await admin.deleteGroups([groupId]);
    if (follow || signal?.aborted) return offsets;
    return offsets.map((one) => ({ ...one, high: Math.min(one.high, behind.get(one.partition)!) }));
  });
}

/**
 * Reads the present offsets of the topic.
 * @throws Error if the topic does not exist, or Kafka is away.
 */
export async function readOffsets({
  brokers = settings.kafkaBrokers,
  topic = settings.topic,
}: TopicAddress = {}): Promise<PartitionOffsets[]> {
  return withAdmin(brokers, (admin) => offsetsOf(admin, topic));
}

/**
 * Whether a partition has a message at offset `from` or behind it. The end of a transaction and the
 * messages of an aborted one have offsets too, but no consumer sees them.
 */
export async function hasMessageFrom(
  from: number,
  partition: number,
  address: TopicAddress = {},
): Promise<boolean> {
  const offsets = await readOffsets(address);
  const found = new AbortController();
  await readTopic({
    ...address,
    from: new Map(offsets.map((one) => [one.partition, one.partition === partition ? from : one.high])),
    signal: found.signal,
    onMessage: () => found.abort(),
  });
  return found.signal.aborted;
}

/** Reads the topic, and counts its messages by event_type. */
export async function countTopic(address: TopicAddress = {}): Promise<TopicCount> {
  const perType: Record<string, number> = {};
  let total = 0;
  const partitions = await readTopic({
    ...address,
    onMessage: ({ value }) => {
      const type = peek(value).event_type ?? NOT_AN_EVENT;
      perType[type] = (perType[type] ?? 0) + 1;
      total++;
    },
  });
  return { total, per_type: perType, partitions };
}

/** The conditions of a message to find. */
export interface MessageSearch extends TopicAddress {
  type: string; // event_type
  having?: string; // a parameter that the player sent
  since?: readonly PartitionOffsets[]; // earlier offsets of the topic: only later messages
  ids?: readonly string[]; // only messages with one of these event ids
}

/**
 * Finds the newest message of an event type.
 * @throws Error if the topic has no such message, or Kafka is away.
 */
export async function findMessage({
  type,
  having,
  since = [],
  ids,
  ...address
}: MessageSearch): Promise<TopicMessage & { value: string }> {
  const own = ids === undefined ? null : new Set<string | null>(ids);
  let newest: (TopicMessage & { value: string }) | undefined;
  await readTopic({
    ...address,
    from: new Map(since.map(({ partition, high }) => [partition, high])),
    onMessage: ({ value, ...position }) => {
      const { event_id, event_type, params } = peek(value);
      if (value === null || event_type !== type) return;
      if (own?.has(event_id) === false) return;
      if (having !== undefined && !Object.hasOwn(params ?? {}, having)) return;
      if (newest === undefined || position.timestamp >= newest.timestamp) newest = { ...position, value };
    },
  });
  if (newest !== undefined) return newest;
  const wanted = having === undefined ? type : `${type} with the parameter ${having}`;
  throw new Error(`topic ${address.topic ?? settings.topic}: expected a message of ${wanted}, found none`);
}

interface Reading {
  topic: string;
  next: Map<number, number>; // partition → next offset for `onMessage`
  ends: Map<number, number> | undefined; // partition → end, exclusive; undefined: follow
  signal: AbortSignal | undefined;
  onMessage: (message: TopicMessage) => void | Promise<void>;
}

/** Runs the consumer until all ends are reached or `signal` aborts; rejects when it fails. */
function consume(consumer: Consumer, { topic, next, ends, signal, onMessage }: Reading): Promise<void> {
  const hasEnded = () =>
    ends !== undefined && [...ends].every(([partition, end]) => (next.get(partition) ?? 0) >= end);
  return new Promise((resolve, reject) => {
    const onAbort = () => resolve();
    signal?.addEventListener("abort", onAbort, { once: true });
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      if (!payload.restart) reject(payload.error);
    });
    const pass = (partition: number, offset: string) => {
      next.set(partition, Math.max(next.get(partition) ?? 0, Number(offset) + 1));
      if (hasEnded()) resolve();
    };
    // kafkajs hands out no batch without messages, but tells its end. Any other batch may be handed
    // out only in part, when the reader has lost its group.
    consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload: { batchSize, partition, lastOffset } }) => {
      if (batchSize === 0) pass(partition, lastOffset);
    });
    // Only the reader's own errors end the reading at once; kafkajs repeats after others.
    const isTaken = (message: TopicMessage) =>
      Promise.resolve(message)
        .then(onMessage)
        .then(
          () => true,
          (error: Error) => {
            reject(error);
            return false;
          },
        );
    const eachBatch = async (payload: EachBatchPayload) => {
      const { batch } = payload;
      const { partition } = batch;
      const end = ends === undefined ? Infinity : (ends.get(partition) ?? 0);
      for (const { offset, timestamp, key, value } of batch.messages) {
        if (!payload.isRunning() || signal?.aborted) return;
        const at = Number(offset);
        if (at < (next.get(partition) ?? 0) || at >= end) continue;
        const texts = { key: textOf(key), value: textOf(value), isUtf8: value === null || isUtf8(value) };
        if (!(await isTaken({ partition, offset: at, timestamp: Number(timestamp), ...texts }))) return;
        next.set(partition, at + 1);
        // It throws if the group is lost; kafkajs then joins again.
        if (at % 1000 === 999) await payload.heartbeat();
      }
      pass(partition, batch.lastOffset());
    };
    // Also after a loss of the group, or if the broker still loaded its groups at the first time.
    consumer.on(consumer.events.GROUP_JOIN, () => {
      for (const [partition, offset] of next) consumer.seek({ topic, partition, offset: String(offset) });
    });
    consumer.run({ autoCommit: false, eachBatch }).catch(reject);
  });
}

function textOf(bytes: Buffer | null): string | null {
  return bytes?.toString("utf8") ?? null;
}

/** Whether a broker that has just started still loads its consumer groups. */
function isGroupLoading(error: Error): boolean {
  return (error as { type?: string }).type === "GROUP_LOAD_IN_PROGRESS";
}

async function offsetsOf(admin: Admin, topic: string): Promise<PartitionOffsets[]> {
  if (!(await admin.listTopics()).includes(topic))
    throw new Error(`topic ${topic} does not exist; npm run up creates it`);
  const offsets = await admin.fetchTopicOffsets(topic);
  return offsets
    .map(({ partition, low, high }) => ({ partition, low: Number(low), high: Number(high) }))
    .sort((a, b) => a.partition - b.partition);
}

function firstOffsets(offsets: PartitionOffsets[], from: ReadonlyMap<number, number>): Map<number, number> {
  return new Map(offsets.map(({ partition, low }) => [partition, Math.max(low, from.get(partition) ?? 0)]));
}
