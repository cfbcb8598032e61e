// The real stream as a process of its own, on its own topic, group and HDFS folder. What counts at
// the end is in the files: each offset of the topic once, by partition.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { type Admin, Kafka, logLevel, Partitioners, type Producer } from "kafkajs";
import { KAFKA_REQUESTS, kafkaAddress, Line } from "../drill/line.js";
import { settings } from "../settings.js";
import { listFiles, listLandedRows } from "./files.js";
import { startStream, type Stream } from "./stream.js";
import { WebHdfs } from "./webhdfs.js";

const DEADLINE_MS = 60_000;

describe("startStream(options)", () => {
  const kafka = new Kafka({ clientId: "test", brokers: settings.kafkaBrokers, logLevel: logLevel.NOTHING });
  const hdfs = new WebHdfs({ url: settings.webhdfsUrl, user: settings.hdfsUser });
  const children = new Set<ChildProcess>();
  const streams = new Set<Stream>();
  let admin: Admin;
  let producer: Producer;
  let topic: string;
  let root: string;
  let sent: number;

  before(async () => {
    admin = kafka.admin();
    await admin.connect();
  });

  beforeEach(async () => {
    topic = `test_${randomUUID()}`;
    root = `/test-${randomUUID()}`;
    sent = 0;
    await createTopic();
    // One for each test: a producer asks for all topics that it ever wrote to, and fails when one is gone.
    producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
    await producer.connect();
  });

  afterEach(async () => {
    for (const child of children) child.kill("SIGKILL");
    children.clear();
    await Promise.allSettled([...streams].map((stream) => stream.stop()));
    streams.clear();
    await producer.disconnect();
    await admin.deleteTopics({ topics: [topic] }).catch(() => {}); // one test deletes it itself
    await admin.deleteGroups([topic]).catch(() => {}); // a killed process's is still in use for some seconds
    await hdfs.remove(root);
  });

  after(async () => {
    await admin.disconnect();
    hdfs.close();
  });

  async function createTopic(): Promise<void> {
    await admin.createTopics({ topics: [{ topic, numPartitions: 2 }], waitForLeaders: true });
  }

  async function produce(count: number): Promise<void> {
    const messages = Array.from({ length: count }, (_, i) => ({ value: event(sent + i), partition: i % 2 }));
    await producer.send({ topic, messages });
    sent += count;
  }

  function start(): Stream {
    const stream = startStream({ brokers: settings.kafkaBrokers, topic, group: topic, hdfs, root });
    streams.add(stream);
    return stream;
  }

  /** Starts scripts/stream.ts and waits for its ready line. */
  async function spawnStream(): Promise<ChildProcess> {
    const child = spawn(process.execPath, ["--import", "tsx", "scripts/stream.ts"], {
      cwd: settings.root,
      env: {
        ...process.env,
        QUESTLOG_TOPIC: topic,
        QUESTLOG_CONSUMER_GROUP: topic,
        QUESTLOG_HDFS_ROOT: root,
        QUESTLOG_HISTORY: "/dev/null",
      },
      stdio: ["ignore", "pipe", "ignore"],
    });
    children.add(child);
    const [line] = (await once(createInterface(child.stdout), "line")) as [string];
    assert.match(line, /^stream: ready/);
    return child;
  }

  async function landed(): Promise<number> {
    return (await listLandedRows({ hdfs, root, topic })).reduce((sum, { rows }) => sum + rows, 0);
  }

  async function untilLanded(rows: number): Promise<void> {
    const deadline = Date.now() + DEADLINE_MS;
    for (let found = -1; found < rows; await sleep(200)) {
      found = await landed();
      assert.ok(Date.now() < deadline, `landed ${found} of ${rows} rows in ${DEADLINE_MS} ms`);
    }
  }

  /** Every message that was sent is in the files once, by partition and offset; nothing else is. */
  async function assertExactlyOnce(): Promise<void> {
    const files = await listFiles({ hdfs, root });
    const found: string[] = [];
    for (const { path, rows } of files) {
      const bytes = (await hdfs.read(path))!;
      const columns = ["kafka_partition", "kafka_offset"];
      const landedRows = await parquetReadObjects({
        file: new Uint8Array(bytes).buffer,
        columns,
        compressors,
      });
      assert.equal(landedRows.length, rows);
      found.push(...landedRows.map((row) => `${row.kafka_partition}/${row.kafka_offset}`));
    }
    const expected: string[] = [];
    for (const { partition, high } of await admin.fetchTopicOffsets(topic)) {
      for (let offset = 0; offset < Number(high); offset++) expected.push(`${partition}/${offset}`);
    }
    assert.equal(found.length, new Set(found).size, "some events landed more than once");
    assert.deepEqual(new Set(found), new Set(expected));
    assert.equal(await landed(), expected.length);
  }

  it("lands what was sent before it started, and what is sent while it runs", async () => {
    await produce(1_000);
    const stream = start();
    await stream.ready;
    await untilLanded(1_000);
    await produce(10);
    await untilLanded(1_010);
    await stream.stop();
    await assertExactlyOnce();
    const { rows, failed, partitions } = stream.metrics();
    assert.deepEqual([rows, failed, partitions], [1_010, 0, []]);
    const tables = new Set((await listFiles({ hdfs, root })).map(({ table }) => table));
    assert.deepEqual(tables, new Set(["sword_purchases", "guild_joins"]));
  });

  it("commits what it has read before it leaves", async () => {
    const stream = start();
    await stream.ready;
    await produce(500);
    while (stream.metrics().partitions.every(({ lag }) => lag === 0) && stream.metrics().rows === 0)
      await sleep(5);
    await stream.stop();
    const after = start();
    await untilLanded(500);
    await after.stop();
    await assertExactlyOnce();
  });

  it("leaves nothing behind when it is stopped while it asks Kafka where its partitions end", async () => {
    const line = new Line({ to: settings.kafkaBrokers[0]!, addressed: kafkaAddress });
    await line.open();
    const stream = startStream({ brokers: [line.address], topic, group: topic, hdfs, root });
    await new Promise<void>((resolve) => {
      line.onAnswer = async (request) => {
        if (request !== KAFKA_REQUESTS.listOffsets) return;
        resolve();
        await sleep(300); // longer than it takes to leave the group
      };
    });
    await stream.stop();
    await sleep(1_000); // longer than kafkajs waits before it connects again
    const left = line.connections;
    await line.cut();
    assert.equal(left, 0);
  });

  it("lands each event once although the process is killed again and again", async function () {
    this.timeout(180_000);
    let producing = true;
    const production = (async () => {
      while (producing) {
        await produce(300);
        await sleep(50);
      }
    })();
    for (let kills = 0; kills < 3; kills++) {
      const before = await landed();
      const child = await spawnStream();
      await untilLanded(before + 1); // it is in the middle of its work
      await sleep(Math.random() * 1_000);
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    producing = false;
    await production;
    const child = await spawnStream();
    await untilLanded(sent);
    child.kill("SIGTERM");
    assert.deepEqual(await once(child, "exit"), [0, null]);
    await assertExactlyOnce();
    assert.deepEqual((await hdfs.list(`${root}/staging`)).entries, []);
  });

  it("lands each event once although a stream that was thought dead goes on", async function () {
    this.timeout(120_000);
    const zombie = await spawnStream();
    await produce(2_000);
    await untilLanded(1);
    zombie.kill("SIGSTOP");
    await produce(2_000);
    const successor = await spawnStream(); // gets the partitions when the other's session has ended
    await untilLanded(4_000);
    await produce(1_000);
    zombie.kill("SIGCONT");
    await untilLanded(5_000);
    for (const child of [zombie, successor]) {
      assert.equal(child.exitCode, null, "it ended by itself");
      child.kill("SIGTERM");
      assert.deepEqual(await once(child, "exit"), [0, null]);
    }
    await assertExactlyOnce();
  });

  it("refuses to go on when the topic was deleted and made anew", async function () {
    await produce(20);
    const first = start();
    await untilLanded(20);
    await first.stop();
    await admin.deleteTopics({ topics: [topic] });
    await untilRecreated();
    await assert.rejects(
      start().done,
      /partition \d: events up to offset 9 are landed, but it ends before offset 0/,
    );
    await produce(100); // more than before: the offsets alone would not tell
    await assert.rejects(
      start().done,
      /the message at offset 9 was of .* when it was landed, and is of .* now/,
    );
  });

  async function untilRecreated(): Promise<void> {
    const deadline = Date.now() + DEADLINE_MS;
    for (;;) {
      try {
        return await createTopic();
      } catch (error) {
        if (Date.now() > deadline) throw error;
        await sleep(200);
      }
    }
  }
});

/** Every third joins a guild, the others purchase swords. */
function event(i: number): string {
  const joins = i % 3 === 0;
  return JSON.stringify({
    event_id: randomUUID(),
    event_type: joins ? "join_a_guild" : "purchase_sword",
    received_at: new Date().toISOString(),
    player: `player ${i % 100}`,
    params: joins ? { region: "cali" } : { metal: "gold", power_level: String(i), magical: "True" },
    headers: { Host: "user1.att.com", "User-Agent": "test" },
    remote_addr: "127.0.0.1",
  });
}
