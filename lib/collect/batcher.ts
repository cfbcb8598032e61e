/**
 * Many publishers → one send at a time; each publisher resolves when the send that carried its
 * message has succeeded, with what that says of it, and rejects when it has failed.
 *
 * No timer gathers. What comes in one turn of the event loop goes together, and while a send is
 * under way the next batch grows: a lone request waits for nobody, and under load batches grow by
 * themselves. (With a timer of 5 ms a lone request took 8 ms instead of 2, and 50 at once went no faster.)
 * One send at a time is correctness, not thrift: a batch of the idempotent producer that failed
 * may only be followed by itself (see publish.ts).
 */
import { setImmediate as turn } from "node:timers/promises";

/** A message and its key, both text. */
export interface Message {
  key: string;
  value: string;
}

/** Where an accepted message is: in the topic, or only on this machine's disk, on its way there. */
export type Way = "kafka" | "spool";

export interface GatherOptions {
  /** Sends a batch until `deadline` (milliseconds, as `Date.now()`); rejects with Unavailable. */
  send: (batch: Message[], deadline: number) => Promise<Way>;
  maxBatch?: number; // messages in one send
  maxBatchLength?: number; // characters in one send; Kafka takes 1 MiB a batch and partition
  maxQueued?: number; // messages that wait; more are refused
  maxQueuedLength?: number; // characters that wait
  timeoutMs?: number; // from publish to its answer
}

export interface Gatherer {
  publish: (message: Message) => Promise<Way>;
  /** Refuses new messages, and resolves when those that wait have had their answer. */
  close: () => Promise<void>;
}

/** Gathers messages into sends. */
export function gather({
  send,
  maxBatch = 1000,
  maxBatchLength = 256 * 1024,
  maxQueued = 10_000,
  maxQueuedLength = 32 * 1024 * 1024,
  timeoutMs = 4500,
}: GatherOptions): Gatherer {
  let queue: Waiting[] = [];
  let queuedLength = 0;
  let sending: Promise<void> | undefined;
  let closed = false;

  function publish(message: Message): Promise<Way> {
    if (closed) return Promise.reject(new Unavailable("shutting down", "no"));
    if (queue.length >= maxQueued || queuedLength > maxQueuedLength)
      return Promise.reject(new Unavailable(`${queue.length} messages are waiting for Kafka`, "no"));
    return new Promise((resolve, reject) => {
      queuedLength += lengthOf(message);
      queue.push({ message, since: Date.now(), resolve, reject });
      sending ??= sendAll();
    });
  }

  async function sendAll(): Promise<void> {
    for (let first = queue[0]; first; first = queue[0]) {
      await turn();
      const batch = takeBatch();
      try {
        const way = await send(
          batch.map(({ message }) => message),
          first.since + timeoutMs,
        );
        for (const { resolve } of batch) resolve(way);
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    sending = undefined;
  }

  function takeBatch(): Waiting[] {
    let length = 0;
    let count = 0;
    for (const { message } of queue) {
      const more = lengthOf(message);
      if (count === maxBatch || (count > 0 && length + more > maxBatchLength)) break;
      length += more;
      count++;
    }
    queuedLength -= length;
    const batch = queue.slice(0, count);
    queue = queue.slice(count);
    return batch;
  }

  async function close(): Promise<void> {
    closed = true;
    await sending;
  }

  return { publish, close };
}

/**
 * Thrown when a message was not accepted. `written` is "no" if it certainly is neither in the topic
 * nor on the disk, "unknown" if one of them got it and no answer came: then it may have been written.
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
  message: Message;
  since: number;
  resolve: (way: Way) => void;
  reject: (error: unknown) => void;
}

function lengthOf({ key, value }: Message): number {
  return key.length + value.length;
}
