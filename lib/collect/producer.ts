/**
 * Batches → one topic, by a producer that is replaced after each failed send.
 *
 * The producer is idempotent: kafkajs sends a batch again after a lost answer, and the broker
 * recognises and stores it once. kafkajs 2.2.4 keeps that promise only under two conditions:
 * - One send at a time (batcher.ts). kafkajs gives the numbers of a failed batch to the next batch.
 *   The broker acknowledges, and drops, a batch that has the numbers of a stored one.
 * - For the same reason a producer whose send has failed is thrown away. A new one, with a new id,
 *   takes over.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type Kafka, kafkaClient, kafkaReason, Partitioners, type Producer } from "../kafka.ts";
import { createTopic } from "../topic.ts";
import type { Pending } from "./batcher.ts";
import { before, type DirectSender } from "./fallback.ts";

const LOOK_MS = 2_000; // until new partitions of the topic get messages
const RECONNECT_MS = { first: 200, longest: 500 };

export interface ProducerOptions {
  brokers: string[];
  topic: string;
  partitions: number; // when the topic is created
  log: (line: string) => void; // one line when Kafka goes away, and one when it is back
}

export class TopicProducer implements DirectSender {
  readonly #kafka: Kafka;
  readonly #options: ProducerOptions;
  readonly #closing = new AbortController();
  #producer: Producer | undefined; // undefined: Kafka is away
  #connecting: Promise<void> = Promise.resolve();

  private constructor(options: ProducerOptions) {
    this.#kafka = kafkaClient(options.brokers);
    this.#options = options;
  }

  /** Resolves after the first attempt to connect. If that failed, attempts go on. */
  static async open(options: ProducerOptions): Promise<TopicProducer> {
    const opened = new TopicProducer(options);
    const problem = await opened.#connect();
    if (problem !== null) opened.#goAway(problem);
    return opened;
  }

  isHere(): boolean {
    return this.#producer !== undefined;
  }

  whenHere(): Promise<void> {
    return this.#connecting;
  }

  /** @throws Error if Kafka fails, or does not answer before `deadline`; then Kafka is away. */
  async send(messages: Pending[], deadline: number): Promise<void> {
    const producer = this.#producer!;
    const sent = producer.send({ topic: this.#options.topic, acks: -1, timeout: 3000, messages });
    try {
      await before(deadline, sent);
    } catch (error) {
      this.#producer = undefined;
      discard(producer, sent);
      this.#goAway(error);
      throw error;
    }
  }

  /** Ends the attempts to connect: whenHere() resolves soon. */
  stopWaiting(): void {
    this.#closing.abort();
  }

  async close(): Promise<void> {
    this.stopWaiting();
    await this.#connecting;
    await this.#producer?.disconnect();
  }

  #goAway(problem: unknown): void {
    const { brokers, log } = this.#options;
    log(`Kafka at ${brokers.join(",")} is away: ${kafkaReason(problem)}`);
    this.#connecting = this.#reconnect();
  }

  async #reconnect(): Promise<void> {
    const { brokers, log } = this.#options;
    const { signal } = this.#closing;
    const since = Date.now();
    for (let waitMs = RECONNECT_MS.first; ; waitMs = Math.min(2 * waitMs, RECONNECT_MS.longest)) {
      await sleep(waitMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted || (await this.#connect()) === null) break;
    }
    const seconds = ((Date.now() - since) / 1000).toFixed(1);
    if (this.#producer) log(`Kafka at ${brokers.join(",")} is back after ${seconds} s`);
  }

  /** Connects a new producer and creates the topic; resolves with the error that prevented it. */
  async #connect(): Promise<unknown> {
    const { brokers, topic, partitions } = this.#options;
    const fresh = this.#kafka.producer({
      idempotent: true,
      metadataMaxAge: LOOK_MS,
      createPartitioner: Partitioners.DefaultPartitioner,
      allowAutoTopicCreation: false,
    });
    try {
      await fresh.connect();
      await createTopic({ brokers, topic, partitions });
      this.#producer = fresh;
      return null;
    } catch (error) {
      await fresh.disconnect();
      return error;
    }
  }
}

/** Disconnects after kafkajs has given up its last send: before that, it would connect again. */
function discard(producer: Producer, sent: Promise<unknown>): void {
  const disconnect = () => producer.disconnect();
  void sent.then(disconnect, disconnect).catch(() => undefined);
}
