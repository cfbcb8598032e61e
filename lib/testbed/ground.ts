/**
 * A new topic, HDFS folder and schema on the running services, and their removal.
 *
 * All of them share one random name. Each test and drill that writes has a ground of its own, so
 * the user's data stays as it is.
 */
import { randomBytes } from "node:crypto";
import { createTables } from "../ask/tables.ts";
import { withAdmin } from "../kafka.ts";
import { settings } from "../settings.ts";
import { createTopic } from "../topic.ts";
import { query } from "../trino.ts";
import { WebHdfs } from "../webhdfs.ts";

export class Ground {
  readonly name: string; // of topic and schema
  readonly root: string; // folder in HDFS
  readonly hdfs = new WebHdfs();

  /** @param kind the beginning of the name */
  constructor(kind = "test") {
    this.name = `${kind}_${randomBytes(8).toString("hex")}`;
    this.root = `/test/${this.name}`;
  }

  get topic(): string {
    return this.name;
  }

  get failedTopic(): string {
    return `${this.name}_failed`;
  }

  get schema(): string {
    return this.name;
  }

  /** Creates both topics. Without this call, the first writer of a topic creates it. */
  async createTopics({ partitions = settings.topicPartitions } = {}): Promise<void> {
    for (const topic of [this.topic, this.failedTopic]) await createTopic({ topic, partitions });
  }

  /** Creates the schema with the catalogue's tables and views. */
  async create(): Promise<void> {
    await createTables({ schema: this.schema, hdfsRoot: this.root });
  }

  /** Deletes the schema, the folder, and each topic whose name begins with this name. */
  async remove(): Promise<void> {
    await withAdmin(settings.kafkaBrokers, async (admin) => {
      const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(this.name));
      if (topics.length > 0) await admin.deleteTopics({ topics });
    });
    await query(`DROP SCHEMA IF EXISTS ${this.schema} CASCADE`);
    await this.hdfs.remove(this.root);
    this.hdfs.close();
  }
}
