/**
 * Messages → the topic. A publisher resolves when all in-sync replicas have its message, or while
 * Kafka is away, when this machine's disk has it.
 *
 * The way of a message: batcher.ts → fallback.ts → producer.ts, or spool.ts and producer.ts later.
 */
import { join } from "node:path";
import { settings } from "../settings.ts";
import { type AcceptedBy, Batcher } from "./batcher.ts";
import { Fallback } from "./fallback.ts";
import { TopicProducer } from "./producer.ts";
import { Spool, type SpoolState } from "./spool.ts";

export interface TopicOptions {
  brokers?: string[];
  topic?: string;
  partitions?: number; // when the topic is created
  spoolFolder?: string;
  spoolMaxBytes?: number;
  log?: (line: string) => void; // one line for each change of state
}

interface Parts {
  spool: Spool;
  producer: TopicProducer;
  fallback: Fallback;
}

export class TopicWriter {
  readonly #parts: Parts;
  readonly #batcher: Batcher;

  private constructor(parts: Parts) {
    this.#parts = parts;
    this.#batcher = new Batcher({ send: (batch, deadline) => parts.fallback.send(batch, deadline) });
  }

  /**
   * Opens the topic for writing, and creates it if it does not exist. Resolves after the first
   * attempt to connect. If that failed, the writer spools and tries again every 0.5 s at most.
   * @throws Error if another process has this topic's spool
   */
  static async open({
    brokers = settings.kafkaBrokers,
    topic = settings.topic,
    partitions = settings.topicPartitions,
    spoolFolder = join(settings.home, "spool", topic),
    spoolMaxBytes = settings.spoolMaxMb * 1024 * 1024,
    log = (line: string) => console.error(line),
  }: TopicOptions = {}): Promise<TopicWriter> {
    const spool = await Spool.open({ folder: spoolFolder, maxBytes: spoolMaxBytes, log });
    const producer = await TopicProducer.open({ brokers, topic, partitions, log });
    const fallback = new Fallback({ spool, kafka: producer, name: `topic ${topic}`, log });
    return new TopicWriter({ spool, producer, fallback });
  }

  /** Resolves with the place of the message; rejects with Unavailable within 4.5 s. */
  publish(value: string, key: string | null): Promise<AcceptedBy> {
    return this.#batcher.publish({ key, value });
  }

  /** Whether Kafka answered the last request. */
  isHere(): boolean {
    return this.#parts.producer.isHere();
  }

  /** The messages on the disk that Kafka does not have yet. */
  spoolState(): SpoolState {
    return this.#parts.spool.state();
  }

  /** Sends or spools the waiting messages, then disconnects. */
  async close(): Promise<void> {
    const { spool, producer, fallback } = this.#parts;
    await this.#batcher.close();
    producer.stopWaiting();
    await fallback.close(); // no send is under way any more
    await producer.close();
    await spool.close();
  }
}
