/**
 * Topic → tables: reads a topic from its earliest event and lands each event exactly once.
 *
 * The consumer group decides only which process reads which partition. The commit chain in HDFS
 * (commits.ts) decides where reading begins. A newly assigned partition stays paused until its
 * chain is open; then reading begins at the chain's end. The offset committed to Kafka serves
 * monitors only. A crash, a rebalance or a taken position drops the uncommitted messages; the
 * stream reads them again.
 *
 *   idle ── joins the group ──▶ assigned ── every chain is open ──▶ landing;
 *   landing ── a position is taken or reset ──▶ opens that partition's chain again;
 *   assigned, landing ── HDFS fails ──▶ waits for HDFS ── HDFS answers ──▶ goes on as before;
 *   assigned, landing ── a rebalance ──▶ assigned;
 *   any state ── the consumer fails ──▶ waits for Kafka ── a delay ──▶ idle, with a new consumer;
 *   assigned, landing ── the topic gets more partitions ──▶ idle, with a new consumer;
 *   any state ── stop() ──▶ stopping, with commits for up to 20 s ──▶ ended, `done` resolves;
 *   assigned, landing ── another topic under the same name ──▶ ended, `done` rejects.
 */
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { type Admin, type Consumer, type EachBatchPayload, type Kafka, kafkaClient } from "../kafka.ts";
import { DEFAULT_LIMITS, type ParseMessage } from "./batch.ts";
import {
  type AtPoint,
  type CommitRecord,
  describeDeleted,
  openChain,
  PositionTakenError,
} from "./commits.ts";
import { delayMs, type Log, Outage } from "./outage.ts";
import {
  type BatchSummary,
  OtherTopicError,
  type Pace,
  PartitionLander,
  PositionResetError,
} from "./partition.ts";
import type { PartitionOffsets } from "../topic.ts";
import { type Hdfs, HdfsError } from "../webhdfs.ts";

export interface StreamOptions {
  brokers: string[]; // "host:port"
  topic: string;
  group: string; // consumer group
  hdfs: Hdfs;
  root: string; // HDFS folder
  parse?: ParseMessage; // default: messages are events
  prepare?: () => Promise<void>; // runs before a partition is read; repeated while HDFS is away
  onCommit?: (record: CommitRecord, batch: BatchSummary) => void;
  at?: AtPoint;
  log?: Log; // one line for each change of state
}

export interface StreamState {
  rows: number; // landed by this process, failed events included
  failed: number; // landed in failed_events
  commits: number;
  /** The consumer is in the group, its partitions are open, and the group knows all partitions. */
  is_reading: boolean;
  away: { kafka: boolean; hdfs: boolean };
  /** Open partitions, and new ones that nobody reads yet; lag in events. */
  partitions: { partition: number; next: number; lag: number }[];
}

const PACE: Pace = { limits: DEFAULT_LIMITS, maxAgeMs: 2_000, idleMs: 300, loneMs: 50 };
const SESSION_TIMEOUT_MS = 6_000; // how long a killed stream's partitions stay without an owner
// How long a rebalance waits for members that no longer exist. After a restart of Kafka, every
// earlier consumer of this process is such a member.
const REBALANCE_TIMEOUT_MS = 2_000;
const HEARTBEAT_MS = 750; // also the delay until a member notices a rebalance
const MAX_KAFKA_DELAY_MS = 500; // before a new consumer replaces a failed one
const REQUEST_TIMEOUT_MS = 8_000; // of a request to Kafka; longer than a rebalance takes
const MAX_WAIT_MS = 250; // of a fetch without messages; a resumed partition waits as long
const FETCH_BYTES = 2 << 20; // per partition
const DRAIN_MS = 20_000; // limit for the last commits before the consumer leaves the group
const DISCONNECT_MS = 5_000;
const MEASURE_MS = 2_000; // limit for Kafka's answer to a question for the ends of partitions
const LOOK_MS = 2_000; // between two such questions; kafkajs looks for new partitions every 5 min

/** One consumer with its admin client, from connecting to disconnecting. */
interface Session {
  consumer: Consumer;
  admin: Admin;
  pending: Set<Promise<void>>; // operations that use the admin client now
  known: number; // number of the topic's partitions before the consumer joined
  end: () => void; // ends the consumer; another one follows
}

/** Lands a topic from its construction on. Kafka and HDFS may come up later. */
export class Stream {
  /** Resolves when every assigned partition is being read for the first time. */
  readonly ready: Promise<void>;
  /** Resolves after `stop`; rejects when the stream would lose or double events. */
  readonly done: Promise<void>;
  readonly #options: StreamOptions;
  readonly #log: Log;
  readonly #kafka: Kafka;
  readonly #kafkaOutage: Outage;
  readonly #hdfsOutage: Outage;
  readonly #stopping = new AbortController(); // aborted: the stream takes no more messages
  readonly #leaving = new AbortController(); // aborted: the stream gives up uncommitted messages
  #landers = new Map<number, PartitionLander>(); // by partition
  #generation = 0; // of the assignment; work for an older assignment is void
  #assigned: number | null = null; // number of partitions; null: not in the group
  #unread: PartitionOffsets[] = []; // new partitions, which the group does not know yet
  #session: Session | null = null;
  #crash: (error: unknown) => void = () => {};
  #becomeReady: () => void = () => {};
  #totals = { rows: 0, failed: 0, commits: 0 };

  constructor(options: StreamOptions) {
    const { topic, brokers, log = () => {} } = options;
    // Our file names begin with the topic. Trino and Hive ignore files that begin with "." or "_".
    if (/^[._]/.test(topic))
      throw new Error(`topic: expected a name that begins with a letter or digit, got "${topic}"`);
    this.#options = options;
    this.#log = log;
    this.#kafka = kafkaClient(brokers, { clientId: "questlog-stream", requestTimeoutMs: REQUEST_TIMEOUT_MS });
    this.#kafkaOutage = new Outage("Kafka", log);
    this.#hdfsOutage = new Outage("HDFS", log);
    this.ready = new Promise((resolve) => (this.#becomeReady = resolve));
    this.done = this.#run();
    this.done.catch(() => {}); // a caller that awaits `done` gets the error
  }

  get topic(): string {
    return this.#options.topic;
  }

  state(): StreamState {
    const open = [...this.#landers].map(([partition, { next, high }]) => ({ partition, next, high }));
    const unread = this.#unread.map(({ partition, low, high }) => ({ partition, next: low, high }));
    const partitions = [...open, ...unread]
      .map(({ partition, next, high }) => ({ partition, next, lag: Math.max(0, high - next) }))
      .sort((a, b) => a.partition - b.partition);
    const away = { kafka: this.#kafkaOutage.isOn, hdfs: this.#hdfsOutage.isOn };
    const isReading = this.#landers.size === this.#assigned && unread.length === 0;
    return { ...this.#totals, is_reading: isReading, away, partitions };
  }

  /** Asks Kafka for the ends of the partitions; without an answer in 2 s, known ends stand. */
  async measureLag(): Promise<void> {
    const session = this.#session;
    if (session === null || this.#assigned === null) return;
    const measured = this.#offsets(session.admin).then(
      (offsets) => {
        if (session !== this.#session) return;
        for (const { partition, high } of offsets) {
          const lander = this.#landers.get(partition);
          if (lander) lander.high = Math.max(lander.high, high);
        }
        this.#unread = offsets.filter(
          ({ partition }) => partition >= session.known && !this.#landers.has(partition),
        );
      },
      () => {},
    );
    await Promise.race([this.#track(session, measured), sleep(MEASURE_MS, undefined, { ref: false })]);
  }

  /**
   * Commits the messages read so far, leaves the group, ends. The next stream reads again the
   * messages that this one could not commit within 20 s.
   */
  async stop(): Promise<void> {
    if (!this.#stopping.signal.aborted) {
      this.#stopping.abort();
      // Before the consumer joins its group, kafkajs would throw.
      if (this.#assigned !== null) this.#session?.consumer.pause([{ topic: this.#options.topic }]);
      const timer = setTimeout(() => this.#leaving.abort(), DRAIN_MS);
      const drained = Promise.all([...this.#landers.values()].map((lander) => lander.drain()));
      await Promise.race([drained, once(this.#leaving.signal, "abort")]);
      clearTimeout(timer);
      this.#leaving.abort();
    }
    await this.done;
  }

  /** Runs one consumer after another until `stop`. */
  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#stopping.signal.aborted) {
      const before = this.#generation;
      try {
        await this.#consume();
      } catch (error) {
        if (error instanceof OtherTopicError) throw error;
        if (this.#stopping.signal.aborted) return;
        this.#kafkaOutage.begin(error);
        if (this.#generation > before) failures = 0; // the consumer had joined the group
        await sleep(delayMs(failures++, MAX_KAFKA_DELAY_MS), undefined, {
          signal: this.#stopping.signal,
        }).catch(() => {});
      }
    }
  }

  /** Runs one consumer to its end. kafkajs' own restarts are off: only `#run` starts another. */
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
    const over = new AbortController(); // aborted: this consumer has ended
    let end = () => {};
    const ended = new Promise<void>((resolve, reject) => {
      end = resolve;
      this.#crash = reject;
      this.#leaving.signal.addEventListener("abort", () => resolve(), { once: true, signal: over.signal });
    });
    ended.catch(() => {}); // it may reject before the code below awaits it
    consumer.on("consumer.crash", ({ payload }) => this.#crash(payload.error));
    // kafkajs would repeat the request on the same connection, which may be dead unnoticed.
    consumer.on("consumer.network.request_timeout", ({ payload }) =>
      this.#crash(new Error(`no answer from ${payload.broker} to ${payload.apiName}`)),
    );
    consumer.on("consumer.group_join", ({ payload }) => {
      this.#kafkaOutage.end();
      this.#assign(session, payload.memberAssignment[topic] ?? []);
    });
    const session: Session = { consumer, admin, pending: new Set(), known: 0, end };
    this.#session = session;
    try {
      await Promise.all([consumer.connect(), admin.connect()]);
      await consumer.subscribe({ topics: [topic], fromBeginning: true });
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
      session.known = topics[0]!.partitions.length;
      void this.#lookForPartitions(session, over.signal);
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
      // kafkajs repeats a call that a disconnect interrupts, and never closes its new connection.
      const adminClosed = Promise.allSettled(session.pending).then(() => admin.disconnect());
      const closed = Promise.allSettled([consumer.disconnect(), adminClosed]);
      await Promise.race([closed, sleep(DISCONNECT_MS, undefined, { ref: false })]);
    }
  }

  /** Ends the session when the topic has new partitions: the next consumer's group knows them. */
  async #lookForPartitions(session: Session, over: AbortSignal): Promise<void> {
    const { known } = session;
    for (;;) {
      await sleep(LOOK_MS, undefined, { ref: false, signal: over }).catch(() => {});
      if (over.aborted) return;
      await this.measureLag();
      if (this.#unread.length > 0 && !over.aborted && !this.#stopping.signal.aborted) break;
    }
    const now = Math.max(...this.#unread.map(({ partition }) => partition)) + 1;
    this.#log(`topic ${this.topic} has ${now} partitions, not ${known} any more: joins its group again`);
    session.end();
  }

  /** Starts on a new assignment; the old one's uncommitted messages are dropped. */
  #assign(session: Session, partitions: number[]): void {
    this.#closeLanders();
    this.#assigned = partitions.length;
    this.#unread = [];
    if (partitions.length > 0) session.consumer.pause([{ topic: this.#options.topic, partitions }]);
    const opened = partitions.map((partition) => this.#open(session, partition));
    Promise.all(opened).then(this.#becomeReady, () => {}); // a failure has ended the consumer
  }

  #closeLanders(): void {
    this.#generation++;
    for (const lander of this.#landers.values()) lander.close();
    this.#landers = new Map();
  }

  /** Opens a partition's chain and reads from its end, unless a new assignment comes first. */
  #open(session: Session, partition: number): Promise<void> {
    return this.#track(session, this.#openChain(session, partition, this.#generation));
  }

  /** Keeps the session's admin client connected until `operation` ends. */
  #track(session: Session, operation: Promise<void>): Promise<void> {
    session.pending.add(operation);
    return operation.finally(() => session.pending.delete(operation));
  }

  async #openChain(session: Session, partition: number, generation: number): Promise<void> {
    const { consumer, admin } = session;
    const { topic, hdfs, root, parse, prepare, at } = this.#options;
    const current = () => generation === this.#generation && !this.#stopping.signal.aborted;
    try {
      if (prepare) await this.#outlastHdfs(prepare);
      const chain = await this.#outlastHdfs(() => openChain(hdfs, { root, topic, partition }, at));
      const { low, high } = await this.#watermarks(admin, partition);
      if (!current()) return;
      if (chain.next > high) {
        const facts = `events up to offset ${chain.next - 1} are landed, but the topic ends before offset ${high}`;
        throw new OtherTopicError(topic, partition, facts);
      }
      const lander = new PartitionLander(
        { topic, partition, chain, high, logStart: () => this.#logStart(session, partition), parse },
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

  /** Opens a partition's chain again after another writer took the position, or Kafka reset it. */
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
    if (lander === undefined) return; // not open yet: reading begins again at the chain's end
    lander.high = Number(batch.highWatermark);
    try {
      // While a commit waits for HDFS, the partition is paused; `onRoom` resumes it afterwards.
      const taken = this.#hdfsOutage.isOn && lander.isCommitting ? 0 : lander.take(messages);
      if (taken > 0) payload.resolveOffset(messages[taken - 1]!.offset);
      if (taken < messages.length) session.consumer.pause([{ topic, partitions: [partition] }]);
    } catch (error) {
      this.#reopen(session, partition, error);
    }
  }

  #committed(consumer: Consumer, record: CommitRecord, batch: BatchSummary, current: boolean): void {
    const { topic, partition, last, files, deleted = [] } = record;
    this.#totals.rows += files.reduce((sum, { rows }) => sum + rows, 0);
    this.#totals.failed += batch.failed;
    this.#totals.commits++;
    for (const one of deleted) this.#log(`topic ${topic}, partition ${partition}: ${describeDeleted(one)}`);
    this.#options.onCommit?.(record, batch);
    // Only monitors read this offset. A failure does no harm: the next commit sends a newer one.
    if (current) consumer.commitOffsets([{ topic, partition, offset: String(last + 1) }]).catch(() => {});
  }

  /** Asks Kafka for a partition's lowest offset. */
  async #logStart(session: Session, partition: number): Promise<number> {
    const asked = this.#watermarks(session.admin, partition);
    await this.#track(
      session,
      asked.then(() => {}),
    );
    return (await asked).low;
  }

  async #watermarks(admin: Admin, partition: number): Promise<PartitionOffsets> {
    const found = (await this.#offsets(admin)).find((one) => one.partition === partition);
    if (found === undefined) throw new Error(`topic ${this.topic} has no partition ${partition}`);
    return found;
  }

  /** Asks Kafka for the topic's partitions, new ones included: the admin client keeps no list. */
  async #offsets(admin: Admin): Promise<PartitionOffsets[]> {
    const offsets = await admin.fetchTopicOffsets(this.topic);
    return offsets.map(({ partition, low, high }) => ({ partition, low: Number(low), high: Number(high) }));
  }

  #outlastHdfs<T>(call: () => Promise<T>): Promise<T> {
    const passing = (error: unknown) => error instanceof HdfsError;
    return this.#hdfsOutage.outlast(call, { passing, signal: this.#leaving.signal });
  }
}
