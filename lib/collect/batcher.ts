/**
 * Pending messages of many publishers → batches, one send at a time.
 *
 * The promise of a publisher settles with the send that carries its message.
 *
 * No timer forms a batch. Messages of one turn of the event loop go together, and the next batch
 * grows while a send is under way. So a lone request does not wait, and batches grow with the load.
 * (With a timer of 5 ms a lone request took 8 ms instead of 2. 50 requests at once were no faster.)
 *
 * Correctness needs one send at a time. After the idempotent producer has failed to send a batch,
 * it may only send the same batch again (see producer.ts).
 */
import { setImmediate as turn } from "node:timers/promises";

/** A message that Kafka does not have yet, and its key; both are text. */
export interface Pending {
  key: string | null; // null: any partition
  value: string;
}

/** Where an accepted message is: in the topic, or only in the spool on this machine's disk. */
export type AcceptedBy = "kafka" | "spool";

export interface BatcherOptions {
  /** Sends a batch before `deadline` (milliseconds since 1970); rejects with Unavailable. */
  send: (batch: Pending[], deadline: number) => Promise<AcceptedBy>;
  maxBatch?: number; // messages in one send
  maxBatchLength?: number; // characters in one send; Kafka takes 1 MiB a batch and partition
  maxQueued?: number; // waiting messages; more are refused
  maxQueuedLength?: number; // characters of the waiting messages
  timeoutMs?: number; // from publish to its answer
}

export class Batcher {
  readonly #options: Required<BatcherOptions>;
  #queue: Waiting[] = [];
  #queuedLength = 0;
  #sending: Promise<void> | undefined;
  #isClosed = false;

  constructor({
    send,
    maxBatch = 1000,
    maxBatchLength = 256 * 1024,
    maxQueued = 10_000,
    maxQueuedLength = 32 * 1024 * 1024,
    timeoutMs = 4500,
  }: BatcherOptions) {
    this.#options = { send, maxBatch, maxBatchLength, maxQueued, maxQueuedLength, timeoutMs };
  }

  /** Resolves when the message is sent; rejects with Unavailable. */
  publish(pending: Pending): Promise<AcceptedBy> {
    const { maxQueued, maxQueuedLength } = this.#options;
    const queued = this.#queue.length;
    if (this.#isClosed) return Promise.reject(new Unavailable("shutting down", "no"));
    if (queued >= maxQueued || this.#queuedLength > maxQueuedLength)
      return Promise.reject(new Unavailable(`${queued} messages are waiting for Kafka`, "no"));
    return new Promise((resolve, reject) => {
      this.#queuedLength += lengthOf(pending);
      this.#queue.push({ pending, since: Date.now(), resolve, reject });
      this.#sending ??= this.#sendAll();
    });
  }

  /** Refuses new messages, and resolves when every waiting message has its answer. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#sending;
  }

  async #sendAll(): Promise<void> {
    const { send, timeoutMs } = this.#options;
    for (let first = this.#queue[0]; first; first = this.#queue[0]) {
      await turn();
      const batch = this.#takeBatch();
      try {
        const messages = batch.map(({ pending }) => pending);
        const acceptedBy = await send(messages, first.since + timeoutMs);
        for (const { resolve } of batch) resolve(acceptedBy);
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#sending = undefined;
  }

  #takeBatch(): Waiting[] {
    const { maxBatch, maxBatchLength } = this.#options;
    let length = 0;
    let count = 0;
    for (const { pending } of this.#queue) {
      const more = lengthOf(pending);
      if (count === maxBatch || (count > 0 && length + more > maxBatchLength)) break;
      length += more;
      count++;
    }
    this.#queuedLength -= length;
    const batch = this.#queue.slice(0, count);
    this.#queue = this.#queue.slice(count);
    return batch;
  }
}

/**
 * Thrown when a message was not accepted. `written: "no"`: neither the topic nor the disk has it.
 * "unknown": Kafka or the disk got the message and did not answer, so it may have been written.
 */
export class Unavailable extends Error {
  override name = "Unavailable";
  written: "no" | "unknown";

  constructor(message: string, written: "no" | "unknown", cause?: unknown) {
    super(message, { cause });
    this.written = written;
  }
}

interface Waiting {
  pending: Pending;
  since: number; // milliseconds since 1970
  resolve: (acceptedBy: AcceptedBy) => void;
  reject: (error: unknown) => void;
}

function lengthOf({ key, value }: Pending): number {
  return (key?.length ?? 0) + value.length;
}
