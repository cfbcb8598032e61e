// No test: a topic, an HDFS folder and a schema of its own, for live tests that break or follow what has landed.
import { randomUUID } from "node:crypto";
import { query } from "../trino.ts";
import { createTables, registerDays } from "../ask/tables.ts";
import { events } from "../game.ts";
import { receive, type ReceivedEvent } from "../collect/receive.ts";
import { kafkaClient } from "../kafka.ts";
import { openTopic } from "../collect/publish.ts";
import { type PartitionOffsets, readTopic, type TopicMessage } from "../topic.ts";
import { BatchBuilder } from "../land/batch.ts";
import { openChain } from "../land/commits.ts";
import { WebHdfs } from "../webhdfs.ts";
import { settings } from "../settings.ts";

const guild = events.find(({ type }) => type === "join_a_guild")!;

export class Ground {
  readonly name = `test_${randomUUID().replaceAll("-", "_")}`; // of topic and schema
  readonly root = `/test/${this.name}`;
  readonly hdfs = new WebHdfs({ url: settings.webhdfsUrl, user: settings.hdfsUser });

  /** Where the product looks when it looks here. */
  get place() {
    return { topic: this.name, root: this.root, schema: this.name };
  }

  async create(): Promise<void> {
    await query(`CREATE SCHEMA ${this.name} WITH (location = 'hdfs://${this.root}/schema')`);
    await createTables({ schema: this.name, hdfsRoot: this.root });
  }

  /** Removes all of it, and `topics` that a test made beside its own. */
  async remove(...topics: string[]): Promise<void> {
    await query(`DROP SCHEMA ${this.name} CASCADE`);
    await this.hdfs.remove(this.root);
    this.hdfs.close();
    const admin = kafkaClient(settings.kafkaBrokers).admin();
    await admin.connect();
    await admin.deleteTopics({ topics: [this.name, ...topics] });
    await admin.disconnect();
  }

  /** Joins as many guilds, by players of both partitions; the first one's message is sent once more. */
  async send(guilds: number): Promise<ReceivedEvent[]> {
    const topic = await openTopic({ topic: this.name });
    const received = Array.from({ length: guilds }, (_, i) =>
      receive(guild, { query: `region=ny&player=player-${i}`, headers: {}, remoteAddr: "127.0.0.1" }),
    );
    for (const { message, player } of [...received, received[0]!]) await topic.publish(message, player);
    await topic.close();
    return received;
  }

  /** Lands the topic, one commit a partition, as the stream does, without the messages that `isSkipped`. */
  async land(isSkipped: (message: TopicMessage) => boolean = () => false): Promise<PartitionOffsets[]> {
    const builders = new Map<number, BatchBuilder>();
    const offsets = await readTopic({
      topic: this.name,
      onMessage: (message) => {
        const { partition, offset, timestamp, value } = message;
        const builder = builders.get(partition) ?? new BatchBuilder(this.name, partition);
        builders.set(partition, builder);
        if (isSkipped(message)) return;
        builder.push({ offset: String(offset), timestamp: String(timestamp), value: Buffer.from(value!) });
      },
    });
    for (const { partition, high } of offsets) {
      const chain = await openChain(this.hdfs, { root: this.root, topic: this.name, partition });
      await chain.commit({ ...builders.get(partition)!.finish(), last: high - 1 });
    }
    await registerDays({ schema: this.name });
    return offsets;
  }
}
