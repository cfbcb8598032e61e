/**
 * Topic → tables: reads from the earliest event, lands each exactly once.
 *
 * The consumer group only says who reads which partition. Where to read from is
 * said by the commit chain in HDFS (commits.ts): when a partition is assigned it
 * stays paused until its chain is open, then reading begins at the chain's end.
 * The offset committed to Kafka is for monitors. After a crash, a rebalance or a
 * lost place, what was not committed is dropped and read again.
 */
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { type Admin, type Consumer, type EachBatchPayload, type Kafka, kafkaClient } from "../kafka.ts";
import { DEFAULT_LIMITS, type ParseMessage } from "./batch.ts";
import { type AtPoint, type CommitRecord, PositionTakenError, openChain } from "./commits.ts";
import { delayMs, type Log, Outage } from "./outage.ts";
import {
  type BatchSummary,
  OtherTopicError,
  type Pace,
  PartitionLander,
  PositionResetError,
} from "./partition.ts";
import { type Hdfs, HdfsError } from "../webhdfs.ts";

export interface StreamOptions {
  brokers: string[]; // "host:port"
  topic: string;
  group: string; // consumer group
  hdfs: Hdfs;
  root: string; // HDFS folder
  parse?: ParseMessage; // what the messages are; default: events
  onCommit?: (record: CommitRecord, batch: BatchSummary) => void;
  at?: AtPoint;
  log?: Log; // one line for each change of state
}

export interface StreamState {
  rows: number; // landed by this process, failed ones included
  failed: number; // landed in failed_events
  commits: number;
  is_reading: boolean; // it is in the group, and all that it was assigned is open
  away: { kafka: boolean; hdfs: boolean };
  partitions: { partition: number; next: number; lag: number }[]; // open ones; lag in events
}

const PACE: Pace = { limits: DEFAULT_LIMITS, maxAgeMs: 2_000, idleMs: 300 };
const SESSION_TIMEOUT_MS = 6_000; // how long the partitions of a killed stream stay without an owner
const REBALANCE_TIMEOUT_MS = 2_000; // how long the others wait for one that is gone, as each of its earlier lives is when Kafka is back
const HEARTBEAT_MS = 750; // and so a member learns that the others wait for it
const MAX_KAFKA_DELAY_MS = 500; // before another life of the consumer
const REQUEST_TIMEOUT_MS = 8_000; // of Kafka's answers; longer than a group takes to agree
const MAX_WAIT_MS = 250; // of a fetch without messages, and until a resumed partition is fetched again
const FETCH_BYTES = 2 << 20; // a partition
const DRAIN_MS = 20_000; // to commit what is buffered before leaving
const DISCONNECT_MS = 5_000;
const MEASURE_MS = 2_000; // for Kafka to say where the partitions end

/** The clients of one life of the consumer. */
interface Session {
  consumer: Consumer;
  admin: Admin;
  asking: Set<Promise<void>>; // what uses the admin client now, such as a chain's opening
}

/** Lands a topic from its construction on. Kafka and HDFS may come up later. */
export class Stream {
  /** Resolves when every assigned partition is being read for the first time. */
  readonly ready: Promise<void>;
  /** Resolves after `stop`; rejects when going on would lose or double events. */
  readonly done: Promise<void>;
  readonly #options: StreamOptions;
  readonly #log: Log;
  readonly #kafka: Kafka;
  readonly #kafkaOutage: Outage;
  readonly #hdfsOutage: Outage;
  readonly #stopping = new AbortController(); // no more messages are taken
  readonly #leaving = new AbortController(); // what is still not committed is given up
  #landers = new Map<number, PartitionLander>();
  #generation = 0; // of the assignment; what belongs to an older one is void
  #assigned: number | null = null; // partitions; null: not in the group
  #session: Session | null = null;
  #crash: (error: unknown) => void = () => {};
  #becomeReady: () => void = () => {};
  #totals = { rows: 0, failed: 0, commits: 0 };

  constructor(options: StreamOptions) {
    const { topic, brokers, log = () => {} } = options;
    // Trino and Hive do not see files whose names begin so, and ours begin with the topic's.
    if (/^[._]/.test(topic))
      throw new Error(`topic: expected a name that begins with a letter or digit, got "${topic}"`);
    this.#options = options;
    this.#log = log;
    this.#kafka = kafkaClient(brokers, { clientId: "questlog-stream", requestTimeoutMs: REQUEST_TIMEOUT_MS });
    this.#kafkaOutage = new Outage("Kafka", log);
    this.#hdfsOutage = new Outage("HDFS", log);
    this.ready = new Promise((resolve) => (this.#becomeReady = resolve));
    this.done = this.#run();
    this.done.catch(() => {}); // whoever awaits it hears of it
  }

  get topic(): string {
    return this.#options.topic;
  }

  state(): StreamState {
    const partitions = [...this.#landers]
      .map(([partition, { next, high }]) => ({ partition, next, lag: Math.max(0, high - next) }))
      .sort((a, b) => a.partition - b.partition);
    const away = { kafka: this.#kafkaOutage.isOn, hdfs: this.#hdfsOutage.isOn };
    return { ...this.#totals, is_reading: this.#landers.size === this.#assigned, away, partitions };
  }

  /** Asks Kafka where the open partitions end, for the lag; without an answer in 2 s the last known ends stand. */
  async measureLag(): Promise<void> {
    const session = this.#session;
    if (session === null || this.#landers.size === 0) return;
    const measured = session.admin.fetchTopicOffsets(this.topic).then(
      (ends) => {
        for (const { partition, high } of ends) {
          const lander = this.#landers.get(partition);
          if (lander) lander.high = Math.max(lander.high, Number(high));
        }
      },
      () => {},
    );
    await Promise.race([this.#keep(session, measured), sleep(MEASURE_MS, undefined, { ref: false })]);
  }

  /** Commits what has been read, leaves the group, ends. What cannot be committed within 20 s is read again by the next stream. */
  async stop(): Promise<void> {
    if (!this.#stopping.signal.aborted) {
      this.#stopping.abort();
      this.#session?.consumer.pause([{ topic: this.#options.topic }]);
      const timer = setTimeout(() => this.#leaving.abort(), DRAIN_MS);
      const drained = Promise.all([...this.#landers.values()].map((lander) => lander.drain()));
      await Promise.race([drained, once(this.#leaving.signal, "abort")]);
      clearTimeout(timer);
      this.#leaving.abort();
    }
    await this.done;
  }

  /** Consumes again and again, until told to stop. */
  async #run(): Promise<void> {
    for (let failures = 0; !this.#stopping.signal.aborted; failures++) {
      const before = this.#generation;
      try {
        await this.#consume();
      } catch (error) {
        if (error instanceof OtherTopicError) throw error;
        if (this.#stopping.signal.aborted) return;
        this.#kafkaOutage.begin(error);
        if (this.#generation > before) failures = 0; // it had joined the group meanwhile
        await sleep(delayMs(failures, MAX_KAFKA_DELAY_MS), undefined, {
          signal: this.#stopping.signal,
        }).catch(() => {});
      }
    }
  }

  /** One life of a consumer. Its own restarts are off: there is one place here that decides and waits. */
  async #consume(): Promise<void> {
    const { topic, group } = this.#options;
    const consumer = this.#kafka.consumer({
      groupId: group,
      allowAutoTopicCreation: false,
      sessionTimeout: SESSION_TIMEOUT_MS,
      rebalanceTimeout: REBALANCE_TIMEOUT_MS,
      heartbeatInterval: HEARTBEAT_MS,
      maxWaitTimeInMs: MAX_WAIT_MS,
      maxBytesPerPartition: FETCH_BYTES,
      retry: { restartOnFailure: () => Promise.resolve(false) },
    });
    const admin = this.#kafka.admin();
    const over = new AbortController(); // of this life
    const ended = new Promise<void>((resolve, reject) => {
      this.#crash = reject;
      this.#leaving.signal.addEventListener("abort", () => resolve(), { once: true, signal: over.signal });
    });
    ended.catch(() => {}); // it may end before it is awaited
    consumer.on("consumer.crash", ({ payload }) => this.#crash(payload.error));
    // kafkajs would ask again on the same connection, which may be dead without anybody knowing.
    consumer.on("consumer.network.request_timeout", ({ payload }) =>
      this.#crash(new Error(`no answer from ${payload.broker} to ${payload.apiName}`)),
    );
    consumer.on("consumer.group_join", ({ payload }) => {
      this.#kafkaOutage.end();
      this.#assign(session, payload.memberAssignment[topic] ?? []);
    });
    const session: Session = { consumer, admin, asking: new Set() };
    this.#session = session;
    try {
      await Promise.all([consumer.connect(), admin.connect()]);
      await consumer.subscribe({ topics: [topic], fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        eachBatch: (payload) => Promise.resolve(this.#take(session, payload)),
      });
      await ended;
    } catch (error) {
      if ((error as { type?: string }).type !== "UNKNOWN_TOPIC_OR_PARTITION") throw error;
      throw new Error(`topic ${topic} does not exist; npm run up creates it`, { cause: error });
    } finally {
      over.abort();
      this.#session = null;
      this.#assigned = null;
      this.#closeLanders();
      // kafkajs repeats a call that a disconnect cut off, on a new connection that nobody ends.
      const idle = Promise.allSettled(session.asking).then(() => admin.disconnect());
      const left = Promise.allSettled([consumer.disconnect(), idle]);
      await Promise.race([left, sleep(DISCONNECT_MS, undefined, { ref: false })]);
    }
  }

  /** A new assignment: nothing of the old one counts any more. */
  #assign(session: Session, partitions: number[]): void {
    this.#closeLanders();
    this.#assigned = partitions.length;
    if (partitions.length > 0) session.consumer.pause([{ topic: this.#options.topic, partitions }]);
    const opened = partitions.map((partition) => this.#open(session, partition));
    Promise.all(opened).then(this.#becomeReady, () => {}); // each failure has crashed the consumer
  }

  #closeLanders(): void {
    this.#generation++;
    for (const lander of this.#landers.values()) lander.close();
    this.#landers = new Map();
  }

  /** Finds the end of a partition's chain and reads from there, unless a new assignment comes first. */
  #open(session: Session, partition: number): Promise<void> {
    return this.#keep(session, this.#openChain(session, partition, this.#generation));
  }

  /** Has the session's end wait for what still uses its admin client. */
  #keep(session: Session, asking: Promise<void>): Promise<void> {
    session.asking.add(asking);
    return asking.finally(() => session.asking.delete(asking));
  }

  async #openChain(session: Session, partition: number, generation: number): Promise<void> {
    const { consumer, admin } = session;
    const { topic, hdfs, root, parse, at } = this.#options;
    const current = () => generation === this.#generation && !this.#stopping.signal.aborted;
    try {
      const chain = await this.#outlastHdfs(() => openChain(hdfs, { root, topic, partition }, at));
      const { low, high } = await this.#watermarks(admin, partition);
      if (!current()) return;
      if (chain.next > high) {
        const facts = `events up to offset ${chain.next - 1} are landed, but it ends before offset ${high}`;
        throw new OtherTopicError(topic, partition, facts);
      }
      if (chain.next < low) {
        const gone = `offsets ${chain.next} to ${low - 1} were deleted before they could be landed`;
        this.#log(`topic ${topic}, partition ${partition}: ${gone}`);
      }
      const lander = new PartitionLander(
        { topic, partition, chain, high, parse },
        (commit) => this.#outlastHdfs(commit),
        PACE,
        {
          onCommit: (record, batch) => this.#committed(consumer, record, batch, current()),
          onRoom: () => current() && consumer.resume([{ topic, partitions: [partition] }]),
          onError: (error) => current() && this.#reopen(session, partition, error),
        },
      );
      this.#landers.set(partition, lander);
      consumer.seek({ topic, partition, offset: String(Math.max(lander.start, low)) });
      consumer.resume([{ topic, partitions: [partition] }]);
    } catch (error) {
      if (current()) this.#crash(error);
    }
  }

  /** Another writer was faster, or the position is no longer valid: begin again from the chain. */
  #reopen(session: Session, partition: number, error: unknown): void {
    if (!(error instanceof PositionTakenError || error instanceof PositionResetError))
      return this.#crash(error);
    const { topic } = this.#options;
    this.#log(`topic ${topic}, partition ${partition}: begins again from its last commit: ${error.message}`);
    session.consumer.pause([{ topic, partitions: [partition] }]);
    this.#landers.get(partition)?.close();
    this.#landers.delete(partition);
    void this.#open(session, partition);
  }

  #take(session: Session, payload: EachBatchPayload): void {
    const { batch } = payload;
    const { topic, partition, messages } = batch;
    const lander = this.#landers.get(partition);
    if (lander === undefined) return; // not open yet: it is read again, from where the chain ends
    lander.high = Number(batch.highWatermark);
    try {
      // While a commit waits for HDFS there is no hurry to read on; when it is through, there is room.
      const taken = this.#hdfsOutage.isOn && lander.isCommitting ? 0 : lander.take(messages);
      if (taken > 0) payload.resolveOffset(messages[taken - 1]!.offset);
      if (taken < messages.length) session.consumer.pause([{ topic, partitions: [partition] }]);
    } catch (error) {
      this.#reopen(session, partition, error);
    }
  }

  #committed(consumer: Consumer, record: CommitRecord, batch: BatchSummary, current: boolean): void {
    const { topic, partition, last, files } = record;
    this.#totals.rows += files.reduce((sum, { rows }) => sum + rows, 0);
    this.#totals.failed += batch.failed;
    this.#totals.commits++;
    this.#options.onCommit?.(record, batch);
    // For monitors only, so a failure is of no consequence: the next commit tells it again.
    if (current) consumer.commitOffsets([{ topic, partition, offset: String(last + 1) }]).catch(() => {});
  }

  async #watermarks(admin: Admin, partition: number): Promise<{ low: number; high: number }> {
    const found = (await admin.fetchTopicOffsets(this.#options.topic)).find(
      (one) => one.partition === partition,
    );
    if (found === undefined) throw new Error(`topic ${this.#options.topic} has no partition ${partition}`);
    return { low: Number(found.low), high: Number(found.high) };
  }

  #outlastHdfs<T>(call: () => Promise<T>): Promise<T> {
    const passing = (error: unknown) => error instanceof HdfsError;
    return this.#hdfsOutage.outlast(call, { passing, signal: this.#leaving.signal });
  }
}
