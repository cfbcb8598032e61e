// A ground with landed events, for live tests that trace or break them.
import { registerDays } from "../ask/tables.ts";
import { events } from "../events.ts";
import { receive, type ReceivedEvent } from "../collect/receive.ts";
import { kafkaClient, Partitioners } from "../kafka.ts";
import { settings } from "../settings.ts";
import { TopicWriter } from "../collect/publish.ts";
import { type PartitionOffsets, readOffsets, readTopic } from "../topic.ts";
import { BatchBuilder, DEFAULT_LIMITS } from "../land/batch.ts";
import { openChain } from "../land/commits.ts";
import { readRefused } from "../refused.ts";
import { Ground } from "./ground.ts";

const guild = events.find(({ type }) => type === "join_a_guild")!;

export class LandedGround extends Ground {
  /** Options that point the product's functions at this ground. */
  get place() {
    return { topic: this.topic, root: this.root, schema: this.schema };
  }

  /**
   * Sends one "join a guild" event for each of `guilds` players, and the first message once more.
   */
  async send(guilds: number): Promise<ReceivedEvent[]> {
    const topic = await TopicWriter.open({ topic: this.name });
    const received = Array.from({ length: guilds }, (_, i) =>
      receive(guild, { query: `region=ny&player=player-${i}`, headers: {}, remoteAddr: "127.0.0.1" }),
    );
    for (const { message, player } of [...received, received[0]!]) await topic.publish(message, player);
    await topic.close();
    return received;
  }

  /** Sends messages with times of their own, and lands them. */
  async sendAt(messages: { value: string; partition?: number; timestamp: string }[]): Promise<void> {
    const client = kafkaClient(settings.kafkaBrokers);
    const producer = client.producer({ createPartitioner: Partitioners.DefaultPartitioner });
    await producer.connect();
    await producer.send({ topic: this.topic, messages });
    await producer.disconnect();
    await this.land();
  }

  /** Lands the topic's new messages as the stream does, with one commit in each partition. */
  async land(): Promise<PartitionOffsets[]> {
    const builders = new Map<number, BatchBuilder>();
    const from = new Map<number, number>();
    for (const { partition } of await readOffsets({ topic: this.name })) {
      const chain = await openChain(this.hdfs, { root: this.root, topic: this.name, partition });
      from.set(partition, chain.next);
    }
    const offsets = await readTopic({
      topic: this.name,
      from,
      onMessage: ({ partition, offset, timestamp, value }) => {
        const builder = builders.get(partition) ?? new BatchBuilder(this.name, partition);
        builders.set(partition, builder);
        builder.push({ offset: String(offset), timestamp: String(timestamp), value: Buffer.from(value!) });
      },
    });
    for (const { partition, high } of offsets) {
      const builder = builders.get(partition);
      if (builder === undefined) continue; // nothing new
      const chain = await openChain(this.hdfs, { root: this.root, topic: this.name, partition });
      await chain.commit({ ...builder.finish(), last: high - 1 });
    }
    await registerDays({ schema: this.name });
    return offsets;
  }
}

/** Lands the new messages of a ground's failed topic. */
export async function landRefused({ hdfs, root, failedTopic }: Ground): Promise<void> {
  for (const { partition, high } of await readOffsets({ topic: failedTopic })) {
    const chain = await openChain(hdfs, { root, topic: failedTopic, partition });
    if (chain.next >= high) continue;
    const builder = new BatchBuilder(failedTopic, partition, DEFAULT_LIMITS, readRefused);
    await readTopic({
      topic: failedTopic,
      from: new Map([[partition, chain.next]]),
      onMessage: ({ partition: of, offset, timestamp, value }) => {
        if (of !== partition) return;
        builder.push({ offset: String(offset), timestamp: String(timestamp), value: Buffer.from(value!) });
      },
    });
    await chain.commit({ ...builder.finish(), last: high - 1 });
  }
}
