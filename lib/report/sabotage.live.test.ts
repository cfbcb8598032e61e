// The chain of proofs, broken on purpose: each test lands the same events in a topic, an HDFS folder and a
// schema of its own, breaks one thing, and expects the claim to fail and to name what was broken.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { query } from "../ask/query.js";
import { createTables, registerDays } from "../ask/tables.js";
import { events } from "../catalog.js";
import { receive } from "../collect/envelope.js";
import { kafkaClient } from "../collect/kafka.js";
import { openTopic } from "../collect/publish.js";
import { type PartitionOffsets, readTopic, type TopicMessage } from "../collect/topic.js";
import { BatchBuilder } from "../land/batch.js";
import { openChain } from "../land/commits.js";
import { listFiles } from "../land/files.js";
import { WebHdfs } from "../land/webhdfs.js";
import { settings } from "../settings.js";
import { type Accepted, assertConserved, conservation } from "./conservation.js";
import { collectSightings, stretchesBetween } from "./sightings.js";

const guild = events.find(({ type }) => type === "join_a_guild")!;
const GUILDS = 20;

describe("assertConserved, after a sabotage", () => {
  const hdfs = new WebHdfs({ url: settings.webhdfsUrl, user: settings.hdfsUser });
  let name: string; // of topic and schema
  let root: string;
  let told: Accepted;

  beforeEach(async () => {
    name = `test_${randomUUID().replaceAll("-", "_")}`;
    root = `/test/${name}`;
    await query(`CREATE SCHEMA ${name} WITH (location = 'hdfs://${root}/schema')`);
    await createTables({ schema: name, hdfsRoot: root });
    await send(GUILDS);
  });

  afterEach(async () => {
    await query(`DROP SCHEMA ${name} CASCADE`);
    await hdfs.remove(root);
    const admin = kafkaClient(settings.kafkaBrokers).admin();
    await admin.connect();
    await admin.deleteTopics({ topics: [name] });
    await admin.disconnect();
  });

  after(() => hdfs.close());

  /** Joins as many guilds, by players of both partitions; the first one's message is sent once more. */
  async function send(guilds: number): Promise<void> {
    const topic = await openTopic({ topic: name });
    const received = Array.from({ length: guilds }, (_, i) =>
      receive(guild, { query: `region=ny&player=player-${i}`, headers: {}, remoteAddr: "127.0.0.1" }),
    );
    for (const { message, player } of [...received, received[0]!]) await topic.publish(message, player);
    await topic.close();
    told = { accepted: { [guild.type]: guilds }, event_ids: received.map(({ eventId }) => eventId) };
  }

  /** Lands the topic as the stream does, without the messages that `isSkipped`. */
  async function land(
    isSkipped: (message: TopicMessage) => boolean = () => false,
  ): Promise<PartitionOffsets[]> {
    const builders = new Map<number, BatchBuilder>();
    const offsets = await readTopic({
      topic: name,
      onMessage: (message) => {
        const { partition, offset, timestamp, value } = message;
        const builder = builders.get(partition) ?? new BatchBuilder(name, partition);
        builders.set(partition, builder);
        if (isSkipped(message)) return;
        builder.push({ offset: String(offset), timestamp: String(timestamp), value: Buffer.from(value!) });
      },
    });
    for (const { partition, high } of offsets) {
      const chain = await openChain(hdfs, { root, topic: name, partition });
      await chain.commit({ ...builders.get(partition)!.finish(), last: high - 1 });
    }
    await registerDays({ schema: name });
    return offsets;
  }

  /** What the report does at its end; `offsets` are those at the topic's end. */
  async function check(offsets: PartitionOffsets[]): Promise<void> {
    const stretches = stretchesBetween([], offsets);
    const seen = await collectSightings(stretches, { topic: name, root, schema: name });
    assertConserved(conservation(told, seen));
  }

  it("holds when nothing is broken, with a message that is there twice", async () => {
    const offsets = await land();
    await check(offsets);
    const [row] = conservation(
      told,
      await collectSightings(stretchesBetween([], offsets), { topic: name, root, schema: name }),
    ).rows;
    assert.deepEqual([row?.messages_in_topic, row?.doubles_dropped, row?.events_counted], [21, 1, 20]);
  });

  it("names the messages of a file that was deleted, and the file", async () => {
    const offsets = await land();
    const [file] = await listFiles({ hdfs, root });
    await hdfs.remove(file!.path);
    await assert.rejects(check(offsets), ({ message }: Error) => {
      assert.match(
        message,
        new RegExp(`^not conserved:\n {2}join_a_guild: ${file!.rows} lost from messages`),
      );
      assert.match(message, new RegExp(`\n {2}files: missing ${file!.rows}\n`));
      const named = new RegExp(
        `\n {4}([0-9a-f-]{36}): topic ${name}, partition \\d, offset \\d+: the commit of offsets 0 to \\d+ put it into ${file!.path}\n`,
      ).exec(message);
      assert.ok(told.event_ids.includes(named?.[1] ?? ""), message);
      return true;
    });
  });

  it("names the rows of a file that was copied under another name, and both files", async () => {
    const offsets = await land();
    const [file] = await listFiles({ hdfs, root });
    const copy = file!.path.replace(/\d{20}\.parquet$/, "00000000000000000007.parquet");
    await hdfs.create(copy, (await hdfs.read(file!.path))!);
    await assert.rejects(check(offsets), ({ message }: Error) => {
      assert.match(message, new RegExp(`\n {2}files: double ${file!.rows}\n`));
      for (const path of [file!.path, copy]) assert.ok(message.includes(`${path}, row 1`), message);
      assert.match(message, /\n {2}counted: double \d+\n/);
      return true;
    });
  });

  it("names the one message that a commit covers without holding it", async () => {
    let skipped: TopicMessage | undefined;
    const offsets = await land((message) => {
      if (message.partition === 0 && message.offset === 1) skipped = message;
      return message === skipped;
    });
    const { event_id } = JSON.parse(skipped!.value!) as { event_id: string };
    await assert.rejects(check(offsets), ({ message }: Error) => {
      assert.match(
        message,
        new RegExp(`\n {2}files: missing 1\n {4}${event_id}: topic ${name}, partition 0, offset 1: `),
      );
      return true;
    });
  });
});
