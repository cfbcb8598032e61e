/**
 * One partition's messages → commits: fills one batch while the batch before it is being committed.
 *
 * A batch is due when it is full, when it is old, or when no message has come for a while. A batch
 * is also due when the lander has read all messages that were there at its start. A message after a
 * silence waits less, because it is mostly alone: a silence makes at most one file more. With both
 * batches full the lander takes no more messages: that limits its memory. The caller then stops
 * fetching until `onRoom`.
 *
 * Offsets can be missing between messages: ends of transactions, or messages that Kafka deleted.
 * Missing offsets below the partition's lowest offset were deleted, and the commit names them.
 */
import { BatchBuilder, type BatchLimits, type Message, type ParseMessage } from "./batch.ts";
import type { Chain, CommitRecord, DeletedOffsets } from "./commits.ts";

export interface Pace {
  limits: BatchLimits;
  maxAgeMs: number; // from a batch's first message to its commit
  idleMs: number; // a batch is due earlier when no message has come for so long
  loneMs: number; // the same, for a batch whose first message came after a silence of `idleMs`
}

/** Facts about a batch that its commit record does not contain. */
export type BatchSummary = Pick<BatchBuilder, "failed" | "timestamps">;

/** A partition with its open chain. */
export interface OpenPartition {
  topic: string;
  partition: number;
  chain: Chain;
  high: number; // the offset after the partition's last message
  logStart: () => Promise<number>; // asks Kafka for the partition's lowest offset
  parse?: ParseMessage; // default: messages are events
}

export interface PartitionEvents {
  onCommit: (record: CommitRecord, batch: BatchSummary) => void;
  onRoom: () => void; // the lander takes messages again
  /** The lander is closed. The caller must read the uncommitted messages again. */
  onError: (error: unknown) => void;
}

/** The message at a committed offset is another one now: the topic was deleted and made anew. */
export class OtherTopicError extends Error {
  override name = "OtherTopicError";

  constructor(topic: string, partition: number, facts: string) {
    super(
      `topic ${topic}, partition ${partition}: ${facts}. The topic was deleted and made anew after its events were ` +
        "landed; its offsets mean other events now. Land it into another folder and schema (QUESTLOG_HDFS_ROOT, " +
        "QUESTLOG_SCHEMA), or delete the old data (npm run down -- --wipe)",
    );
  }
}

/** Kafka moved the position back: the broker no longer has the next offset. */
export class PositionResetError extends Error {
  override name = "PositionResetError";
}

export class PartitionLander {
  high: number; // the offset after the partition's last message, as last seen
  readonly #topic: string;
  readonly #partition: number;
  readonly #chain: Chain;
  readonly #commit: (commit: () => Promise<CommitRecord>) => Promise<CommitRecord>;
  readonly #pace: Pace;
  readonly #parse: ParseMessage | undefined;
  readonly #logStart: () => Promise<number>;
  readonly #events: PartitionEvents;
  #filling: BatchBuilder;
  #deleted: Promise<DeletedOffsets[]>[] = []; // of the filling batch: one for each missing range
  #position: number; // the next message has this offset or a higher one
  #firstAt = 0;
  #lastAt = 0;
  #isAfterSilence = false; // of the filling batch's first message
  #isBehind: boolean; // messages that were there at the start are still unread
  #committing: Promise<void> | null = null;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  /** @param commit runs a commit, and repeats it while HDFS is away */
  constructor(
    { topic, partition, chain, high, logStart, parse }: OpenPartition,
    commit: (commit: () => Promise<CommitRecord>) => Promise<CommitRecord>,
    pace: Pace,
    events: PartitionEvents,
  ) {
    this.#topic = topic;
    this.#partition = partition;
    this.#chain = chain;
    this.high = high;
    this.#commit = commit;
    this.#pace = pace;
    this.#parse = parse;
    this.#logStart = logStart;
    this.#events = events;
    this.#filling = this.#newBatch();
    this.#position = this.start;
    this.#isBehind = this.next < high;
  }

  /**
   * The offset to read from: that of the last committed message, if its timestamp is known. A
   * second look at that message shows whether the topic is still the same.
   */
  get start(): number {
    const { last, next } = this.#chain;
    return last === null || last.last_timestamp === null ? next : last.last;
  }

  /** The first offset that is not yet committed. */
  get next(): number {
    return this.#chain.next;
  }

  get isCommitting(): boolean {
    return this.#committing !== null;
  }

  /** Takes messages as long as there is room; returns how many. */
  take(messages: readonly Message[]): number {
    if (this.#closed) return 0;
    let taken = 0;
    for (const message of messages) {
      if (this.#filling.full) this.#beginCommit();
      if (this.#filling.full) break;
      this.#takeOne(message);
      taken++;
    }
    const isCaughtUp = this.#isBehind && this.#position >= this.high;
    if (isCaughtUp) this.#isBehind = false;
    if (isCaughtUp || this.#filling.full) this.#beginCommit();
    this.#lastAt = Date.now();
    this.#schedule();
    return taken;
  }

  /** Takes no more messages, and commits those that were taken. */
  async drain(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#committing;
    this.#beginCommit();
    await this.#committing;
  }

  /** Drops the uncommitted messages. A commit under way may still succeed; the chain allows it. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#filling = this.#newBatch();
    this.#deleted = [];
  }

  #takeOne(message: Message): void {
    const offset = Number(message.offset);
    if (offset < this.#position) {
      throw new PositionResetError(`expected offset ${this.#position} or more, got ${offset}`);
    }
    const expected = Math.max(this.#position, this.next);
    this.#position = offset + 1;
    const { last } = this.#chain;
    if (this.#filling.rows === 0 && last?.last === offset) {
      if (last.last_timestamp === Number(message.timestamp)) return;
      const [was, is] = [last.last_timestamp!, Number(message.timestamp)].map((ms) =>
        new Date(ms).toISOString(),
      );
      const facts = `the landed message at offset ${offset} had the time ${was}, the topic's message has ${is}`;
      throw new OtherTopicError(this.#topic, this.#partition, facts);
    }
    if (offset > expected) this.#deleted.push(this.#deletedIn(expected, offset));
    if (this.#filling.rows === 0) {
      this.#firstAt = Date.now();
      this.#isAfterSilence = this.#firstAt - this.#lastAt >= this.#pace.idleMs;
    }
    this.#filling.push(message);
  }

  /** The part of the missing offsets `[from, to)` that Kafka deleted. */
  #deletedIn(from: number, to: number): Promise<DeletedOffsets[]> {
    const found = this.#logStart().then((low) => (low > from ? [{ from, to: Math.min(low, to) }] : []));
    found.catch(() => {}); // the commit fails with this error
    return found;
  }

  #beginCommit(): void {
    if (this.#committing !== null || this.#filling.rows === 0) return;
    const builder = this.#filling;
    const deleted = this.#deleted;
    this.#filling = this.#newBatch();
    this.#deleted = [];
    this.#committing = this.#commitBatch(builder, deleted);
  }

  async #commitBatch(builder: BatchBuilder, asked: Promise<DeletedOffsets[]>[]): Promise<void> {
    try {
      const deleted = (await Promise.all(asked)).flat();
      const batch = { ...builder.finish(), deleted };
      const record = await this.#commit(() => this.#chain.commit(batch));
      this.#committing = null;
      this.#events.onCommit(record, builder);
      if (this.#closed) return;
      if (this.#filling.full) this.#beginCommit();
      this.#schedule();
      this.#events.onRoom();
    } catch (error) {
      this.#committing = null;
      if (this.#closed) return;
      this.close();
      this.#events.onError(error);
    }
  }

  /** Commits the batch when it is due, now or later. */
  #schedule(): void {
    clearTimeout(this.#timer);
    if (this.#closed || this.#committing !== null || this.#filling.rows === 0) return;
    const { maxAgeMs, idleMs, loneMs } = this.#pace;
    const pauseMs = this.#isAfterSilence ? loneMs : idleMs;
    const dueAt = Math.min(this.#firstAt + maxAgeMs, this.#lastAt + pauseMs);
    const wait = dueAt - Date.now();
    if (wait <= 0) this.#beginCommit();
    else this.#timer = setTimeout(() => this.#schedule(), wait);
  }

  #newBatch(): BatchBuilder {
    return new BatchBuilder(this.#topic, this.#partition, this.#pace.limits, this.#parse);
  }
}
