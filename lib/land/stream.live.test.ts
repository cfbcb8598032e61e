// The real stream, on a topic, group and HDFS folder of the test. At the end of a test, the files
// must hold each offset of each partition once.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { Child } from "../testbed/child.ts";
import { KAFKA_REQUESTS, kafkaAddress, FaultyProxy } from "../testbed/proxy.ts";
import { type Admin, kafkaClient, Partitioners, PATIENT, type Producer } from "../kafka.ts";
import { settings } from "../settings.ts";
import { COMMIT_POINTS } from "../kill-at.ts";
import { listFiles, listLandedRows } from "../audit/files.ts";
import { Stream } from "./stream.ts";
import { WebHdfs } from "../webhdfs.ts";
import { until } from "../until.ts";

const LIMIT_MS = 60_000;

describe("new Stream(options)", () => {
  const kafka = kafkaClient(settings.kafkaBrokers, { retries: PATIENT });
  const hdfs = new WebHdfs();
  const children = new Set<Child>();
  const streams = new Set<Stream>();
  let admin: Admin;
  let producer: Producer;
  let topic: string;
  let failedTopic: string;
  const topics: string[] = [];
  let root: string;
  let sent: number;

  before(async () => {
    admin = kafka.admin();
    await admin.connect();
  });

  beforeEach(async () => {
    topic = `test_${randomUUID()}`;
    failedTopic = `${topic}_failed`;
    root = `/test-${randomUUID()}`;
    sent = 0;
    await Promise.all([createTopic(), createTopic(failedTopic)]);
    // Each test has its producer: a producer asks for all topics that it ever wrote to, and fails
    // when one of them was deleted.
    producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
    await producer.connect();
  });

  afterEach(async () => {
    for (const child of children) await child.signal("SIGKILL");
    children.clear();
    await Promise.allSettled([...streams].map((stream) => stream.stop()));
    streams.clear();
    await producer.disconnect();
    // One test deletes its topic itself. A killed process's groups stay in use for some seconds.
    for (const name of topics.splice(0)) await admin.deleteTopics({ topics: [name] }).catch(() => {});
    await admin.deleteGroups([topic, failedTopic]).catch(() => {});
    await hdfs.remove(root);
  });

  after(async () => {
    await admin.disconnect();
    hdfs.close();
  });

  async function createTopic(name = topic): Promise<void> {
    topics.push(name);
    await admin.createTopics({ topics: [{ topic: name, numPartitions: 2 }], waitForLeaders: true });
  }

  async function produce(count: number): Promise<void> {
    const messages = Array.from({ length: count }, (_, i) => ({ value: event(sent + i), partition: i % 2 }));
    await producer.send({ topic, messages });
    sent += count;
  }

  function start(): Stream {
    const stream = new Stream({ brokers: settings.kafkaBrokers, topic, group: topic, hdfs, root });
    streams.add(stream);
    return stream;
  }

  /** Starts scripts/stream.ts. */
  function spawnScript(env: NodeJS.ProcessEnv = {}): Child {
    const own = {
      QUESTLOG_TOPIC: topic,
      QUESTLOG_FAILED_TOPIC: failedTopic,
      QUESTLOG_CONSUMER_GROUP: topic,
      QUESTLOG_HDFS_ROOT: root,
      QUESTLOG_TRINO_URL: "http://127.0.0.1:1", // nobody listens: the user's tables stay as they are
      QUESTLOG_STREAM_PORT: "0",
      QUESTLOG_HISTORY: "/dev/null",
    };
    const child = new Child("stream", { env: { ...own, ...env } });
    children.add(child);
    return child;
  }

  /** Starts scripts/stream.ts and waits for its ready line. */
  async function spawnStream(): Promise<Child> {
    const child = spawnScript();
    await child.ready();
    return child;
  }

  /** Ends a stream as `npm run down` does. */
  async function assertEndsWell(child: Child): Promise<void> {
    assert.ok(child.isRunning, `it ended by itself:\n${child.output}`);
    await child.signal("SIGTERM");
    assert.equal(child.process.exitCode, 0, child.output);
  }

  async function assertKilled(child: Child): Promise<void> {
    await child.ended(LIMIT_MS);
    assert.equal(child.process.signalCode, "SIGKILL", child.output);
  }

  async function landed(of = topic): Promise<number> {
    return (await listLandedRows({ hdfs, root, topic: of })).reduce((sum, { rows }) => sum + rows, 0);
  }

  async function untilLanded(rows: number, of = topic): Promise<void> {
    const ask = async () => {
      const found = await landed(of);
      if (found >= rows) return true;
      throw new Error(`${found} rows`);
    };
    await until(`${rows} rows of ${of} are landed`, ask, { limitMs: LIMIT_MS, everyMs: 200 });
  }

  /** The files hold every sent message once, by partition and offset, and nothing else. */
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

  it("lands events sent before its start, and events sent while it runs", async () => {
    await produce(1_000);
    const stream = start();
    await stream.ready;
    await untilLanded(1_000);
    await produce(10);
    await untilLanded(1_010);
    await stream.stop();
    await assertExactlyOnce();
    const { rows, failed, partitions } = stream.state();
    assert.deepEqual([rows, failed, partitions], [1_010, 0, []]);
    const tables = new Set((await listFiles({ hdfs, root })).map(({ table }) => table));
    assert.deepEqual(tables, new Set(["sword_purchases", "guild_joins"]));
  });

  it("commits the messages that it has read before it leaves", async () => {
    const stream = start();
    await stream.ready;
    await produce(500);
    const hasRead = () =>
      stream.state().rows > 0 || stream.state().partitions.some(({ lag }) => lag !== 0) || undefined;
    await until("the stream has read something", hasRead, { limitMs: LIMIT_MS, everyMs: 5 });
    await stream.stop();
    const after = start();
    await untilLanded(500);
    await after.stop();
    await assertExactlyOnce();
  });

  it("can stop before it has joined its group", async () => {
    const stream = start();
    await stream.stop();
    assert.equal(stream.state().commits, 0);
  });

  it("leaves no connection open when it stops during a request for the ends of its partitions", async () => {
    const proxy = new FaultyProxy({ to: settings.kafkaBrokers[0]!, addressed: kafkaAddress });
    await proxy.open();
    const stream = new Stream({ brokers: [proxy.address], topic, group: topic, hdfs, root });
    await new Promise<void>((resolve) => {
      proxy.onAnswer = async (request) => {
        if (request !== KAFKA_REQUESTS.listOffsets) return;
        resolve();
        await sleep(300); // longer than leaving the group takes
      };
    });
    await stream.stop();
    await sleep(1_000); // longer than kafkajs waits before it connects again
    const left = proxy.connections;
    await proxy.cut();
    assert.equal(left, 0);
  });

  it("goes on soon after its connections to Kafka fell silent without closing", async () => {
    const proxy = new FaultyProxy({ to: settings.kafkaBrokers[0]!, addressed: kafkaAddress });
    await proxy.open();
    const stream = new Stream({ brokers: [proxy.address], topic, group: topic, hdfs, root });
    streams.add(stream);
    await stream.ready;
    for (let i = 0; i < 40; i++) {
      await produce(50);
      await sleep(50);
      if (i === 20) proxy.silence();
    }
    proxy.speak(); // new connections get answers
    const since = Date.now();
    await untilLanded(sent);
    assert.ok(Date.now() - since < 20_000, `${Date.now() - since} ms`);
    await stream.stop();
    await proxy.cut();
  });

  it("lands each event once although its process is killed again and again", async function () {
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
      await untilLanded(before + 1); // the stream is in the middle of its work
      await sleep(Math.random() * 1_000);
      await child.signal("SIGKILL");
    }
    producing = false;
    await production;
    const child = await spawnStream();
    await untilLanded(sent);
    await assertEndsWell(child);
    await assertExactlyOnce();
    assert.deepEqual((await hdfs.list(`${root}/staging`)).entries, []);
  });

  // The killed stream has its own group, so the next one need not wait for the end of its session.
  for (const at of [...COMMIT_POINTS, "file_moved:2"]) {
    it(`lands each event once although its process is killed when a commit is at ${at}`, async () => {
      await produce(300);
      const killed = spawnScript({ QUESTLOG_KILL_AT: at, QUESTLOG_CONSUMER_GROUP: `${topic}_killed` });
      await assertKilled(killed);
      await produce(100);
      const after = start();
      await untilLanded(400);
      await after.stop();
      await assertExactlyOnce();
      assert.deepEqual((await hdfs.list(`${root}/staging`)).entries, []);
    });
  }

  it("lands each event once although two streams are killed during the same commit", async () => {
    await produce(300);
    for (const [at, group] of [
      ["record_renamed", "first"],
      ["file_moved", "second"],
    ] as const) {
      const killed = spawnScript({ QUESTLOG_KILL_AT: at, QUESTLOG_CONSUMER_GROUP: `${topic}_${group}` });
      await assertKilled(killed);
    }
    const after = start();
    await untilLanded(300);
    await after.stop();
    await assertExactlyOnce();
  });

  async function refuse(...values: string[]): Promise<void> {
    await producer.send({ topic: failedTopic, messages: values.map((value) => ({ value, partition: 0 })) });
  }

  it("lands refused events beside the events, and counts them in its metrics", async () => {
    await refuse(JSON.stringify({ reason: "metal: unknown", raw: event(1) }), "no refused event");
    await produce(10);
    const child = spawnScript();
    const [url] = /http:\S+/.exec(await child.ready())!;
    await untilLanded(2, failedTopic);
    await untilLanded(10);
    const [file] = (await listFiles({ hdfs, root })).filter(({ table }) => table === "failed_events");
    const bytes = (await hdfs.read(file!.path))!;
    const buffer = new Uint8Array(bytes).buffer;
    const rows: Record<string, unknown>[] = await parquetReadObjects({ file: buffer, compressors });
    assert.deepEqual(
      rows.map((row) => [row.topic, row.kafka_offset, row.reason]),
      [
        [failedTopic, 0n, "metal: unknown"],
        [failedTopic, 1n, 'the message: expected JSON, got "no refused event"'],
      ],
    );
    const metrics = await (await fetch(`${url}/metrics`)).text();
    for (const line of [
      'questlog_stream_landed_rows_total{table="failed_events"} 2',
      `questlog_stream_failed_rows_total{topic="${failedTopic}"} 2`,
      `questlog_stream_lag_events{topic="${topic}",partition="1"} 0`,
      "questlog_stream_landed_seconds_count 12",
    ]) {
      assert.ok(metrics.includes(`${line}\n`), `${line} is not in\n${metrics}`);
    }
    assert.equal((await fetch(`${url}/ready`)).status, 200);
    await assertEndsWell(child);
  });

  it("lands events while the failed topic does not exist, and is ready when it exists", async () => {
    failedTopic = `${topic}_late`;
    await produce(10);
    const child = spawnScript();
    const ready = child.ready();
    await untilLanded(10);
    await createTopic(failedTopic);
    assert.match(await ready, /_late: partition 0 from offset 0/);
  });

  it("measures its lag while it waits for HDFS and fetches nothing", async () => {
    const proxy = new FaultyProxy({ to: new URL(settings.webhdfsUrl).host });
    await proxy.open();
    const away = new WebHdfs({ urls: [`http://${proxy.address}`] });
    const stream = new Stream({ brokers: settings.kafkaBrokers, topic, group: topic, hdfs: away, root });
    streams.add(stream);
    await stream.ready;
    await proxy.cut();
    for (let i = 0; i < 5; i++) await produce(40);
    await untilTrue("the stream notices that HDFS is away", () => stream.state().away.hdfs);
    await stream.measureLag();
    assert.deepEqual(
      stream.state().partitions.map(({ lag }) => lag),
      [100, 100],
    );
    await proxy.open();
    await untilLanded(200);
    await untilTrue("HDFS is back", () => !stream.state().away.hdfs);
    await stream.stop();
    await proxy.cut();
    away.close();
  });

  async function untilTrue(condition: string, isTrue: () => boolean): Promise<void> {
    await until(condition, () => isTrue() || undefined, { limitMs: LIMIT_MS, everyMs: 50 });
  }

  it("lands each event once although a stream that seemed dead goes on", async function () {
    this.timeout(120_000);
    const zombie = await spawnStream();
    await produce(2_000);
    await untilLanded(1);
    await zombie.signal("SIGSTOP");
    await produce(2_000);
    const successor = await spawnStream(); // reads when the zombie's session has ended
    await untilLanded(4_000);
    await produce(1_000);
    await zombie.signal("SIGCONT");
    await untilLanded(5_000);
    for (const child of [zombie, successor]) await assertEndsWell(child);
    await assertExactlyOnce();
  });

  it("stops with an error when the topic was deleted and made anew", async function () {
    await produce(20);
    const first = start();
    await untilLanded(20);
    await first.stop();
    await admin.deleteTopics({ topics: [topic] });
    await untilRecreated();
    await assert.rejects(
      start().done,
      /partition \d: events up to offset 9 are landed, but the topic ends before offset 0/,
    );
    await produce(100); // more than before: the offsets alone would not show the difference
    await assert.rejects(
      start().done,
      /the landed message at offset 9 had the time .*, the topic's message has /,
    );
  });

  async function untilRecreated(): Promise<void> {
    const ask = () => createTopic().then(() => true);
    await until("the topic is made anew", ask, { limitMs: LIMIT_MS, everyMs: 200 });
  }
});

/** Every third event joins a guild, the others purchase swords. */
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
