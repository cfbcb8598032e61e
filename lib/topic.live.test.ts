import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { KAFKA_REQUESTS, kafkaAddress, FaultyProxy } from "./testbed/proxy.ts";
import { settings } from "./settings.ts";
import { limit } from "./traffic/scenarios.ts";
import { createApi } from "./collect/api.ts";
import { withAdmin } from "./kafka.ts";
import { TopicWriter } from "./collect/publish.ts";
import { serve } from "./collect/serve.ts";
import { countTopic, createTopic, findMessage, readOffsets, readTopic, type TopicMessage } from "./topic.ts";

const GROUP_LOAD_IN_PROGRESS = 14; // Kafka's number of the error
const REBALANCE_IN_PROGRESS = 27; // too
const ERROR_AT = 12; // in an answer about a group: behind its size, correlation id and throttle time
const HEARTBEAT_MS = 3_000; // kafkajs sends none earlier after the last one

// On the running Kafka, each test with its own topic.
describe("the topic", () => {
  let topic: string;
  let open: TopicWriter | undefined;

  beforeEach(() => {
    topic = `test_collect_${randomUUID()}`;
    open = undefined;
  });
  afterEach(async () => {
    await open?.close();
    await withAdmin(settings.kafkaBrokers, async (admin) => {
      if ((await admin.listTopics()).includes(topic)) await admin.deleteTopics({ topics: [topic] });
    });
  });

  async function readAll(): Promise<TopicMessage[]> {
    const messages: TopicMessage[] = [];
    await readTopic({
      topic,
      onMessage: (message) => {
        messages.push(message);
      },
    });
    return messages;
  }

  it("is created with its partitions, and found again with any number of them", async () => {
    assert.equal(await createTopic({ topic, partitions: 2 }), "created");
    assert.equal(await createTopic({ topic, partitions: 2 }), "found");
    assert.equal(await createTopic({ topic, partitions: 3 }), "found");
    assert.equal((await readOffsets({ topic })).length, 2);
  });

  it("is empty when it is new", async () => {
    await createTopic({ topic, partitions: 2 });
    assert.deepEqual(await countTopic({ topic }), {
      total: 0,
      per_type: {},
      partitions: [
        { partition: 0, low: 0, high: 0 },
        { partition: 1, low: 0, high: 0 },
      ],
    });
  });

  it("holds each acknowledged message once, a player's in order and in one partition", async () => {
    open = await TopicWriter.open({ topic });
    const writer = open;
    const players = Array.from({ length: 20 }, (_, i) => `player ${i}`);
    const values = Array.from({ length: 100 }, (_, i) => String(i));
    await Promise.all(values.flatMap((value) => players.map((player) => writer.publish(value, player))));
    const messages = await readAll();
    for (const player of players) {
      const ofPlayer = messages.filter(({ key }) => key === player);
      assert.deepEqual(
        ofPlayer.map(({ value }) => value),
        values,
      );
      assert.equal(new Set(ofPlayer.map(({ partition }) => partition)).size, 1);
    }
    assert.equal(messages.length, players.length * values.length);
    assert.equal(new Set(messages.map(({ partition }) => partition)).size, 2);
  });

  it("is read from the given offsets", async () => {
    open = await TopicWriter.open({ topic });
    const players = Array.from({ length: 20 }, (_, i) => `player ${i}`);
    await Promise.all(players.map((player) => open!.publish(player, player)));
    const all = await readAll();
    const from = new Map([
      [0, 3],
      [1, all.filter(({ partition }) => partition === 1).length], // its end
    ]);
    const read: TopicMessage[] = [];
    await readTopic({
      topic,
      from,
      onMessage: (message) => {
        read.push(message);
      },
    });
    assert.deepEqual(
      read,
      all.filter(({ partition, offset }) => partition === 0 && offset >= 3),
    );
  });

  it("counts messages by event type, and messages that are not events", async () => {
    open = await TopicWriter.open({ topic });
    const values = [
      '{"event_type":"default"}',
      '{"event_type":"default"}',
      "{not json",
      "null",
      '{"event_type":7}',
    ];
    for (const value of values) await open.publish(value, "player");
    const { total, per_type, partitions } = await countTopic({ topic });
    assert.deepEqual([total, per_type], [5, { default: 2, not_an_event: 3 }]);
    assert.equal(
      partitions.reduce((sum, { low, high }) => sum + high - low, 0),
      5,
    );
  });

  it("finds the newest message of a type, with a parameter, after earlier offsets", async () => {
    open = await TopicWriter.open({ topic });
    const sword = (params: object): string => JSON.stringify({ event_type: "purchase_sword", params });
    for (const value of [sword({ metal: "tin" }), sword({ metal: "gold" }), "no JSON", sword({})])
      await open.publish(value, "player");
    const type = "purchase_sword";
    assert.equal((await findMessage({ topic, type })).value, sword({}));
    assert.equal((await findMessage({ topic, type, having: "metal" })).value, sword({ metal: "gold" }));
    const since = await readOffsets({ topic });
    await assert.rejects(findMessage({ topic, type, having: "metal", since }), {
      message: `topic ${topic}: expected a message of purchase_sword with the parameter metal, found none`,
    });
  });

  it("is followed: new messages arrive until the reading is stopped", async () => {
    open = await TopicWriter.open({ topic });
    await open.publish("before", "player");
    const stop = new AbortController();
    const seen: (string | null)[] = [];
    await readTopic({
      topic,
      follow: true,
      signal: stop.signal,
      onMessage: ({ value }) => {
        seen.push(value);
        if (value === "before") void open?.publish("after", "player");
        else stop.abort();
      },
    });
    assert.deepEqual(seen, ["before", "after"]);
  });

  it("has one message for each request that the API answered 200", async () => {
    open = await TopicWriter.open({ topic });
    const writer = open;
    const publish = (value: string, key: string | null) => writer.publish(value, key);
    const listener = await serve(createApi({ publish, whyNotReady: () => null }), 0);
    const { accepted, failures } = await limit(2, { url: `http://127.0.0.1:${listener.port}`, pauseMs: 0 });
    await listener.close();
    assert.deepEqual([accepted, failures], [{ purchase_sword: 20, join_a_guild: 20 }, 0]);
    assert.deepEqual((await countTopic({ topic })).per_type, accepted);
  });

  it("is read although Kafka has just started and still loads its groups", async () => {
    open = await TopicWriter.open({ topic });
    await open.publish("a", "player");
    const proxy = new FaultyProxy({ to: settings.kafkaBrokers[0]!, addressed: kafkaAddress });
    await proxy.open();
    let loading = 3; // answers
    proxy.onAnswer = (request, answer) => {
      if (request !== KAFKA_REQUESTS.joinGroup || loading-- <= 0) return;
      answer.writeInt16BE(GROUP_LOAD_IN_PROGRESS, ERROR_AT);
    };
    const values: (string | null)[] = [];
    await readTopic({
      brokers: [proxy.address],
      topic,
      onMessage: ({ value }) => {
        values.push(value);
      },
    });
    await proxy.cut();
    assert.deepEqual([values, loading < 0], [["a"], true]);
  });

  it("is read once and whole by a slow reader that loses its group in the middle of a batch", async () => {
    open = await TopicWriter.open({ topic });
    const writer = open;
    const values = Array.from({ length: 1500 }, (_, i) => String(i));
    await Promise.all(values.map((value) => writer.publish(value, "player")));
    const proxy = new FaultyProxy({ to: settings.kafkaBrokers[0]!, addressed: kafkaAddress });
    await proxy.open();
    let [toRefuse, refused] = [0, 0]; // heartbeats
    proxy.onAnswer = (request, answer) => {
      if (request !== KAFKA_REQUESTS.heartbeat || refused >= toRefuse) return;
      answer.writeInt16BE(REBALANCE_IN_PROGRESS, ERROR_AT);
      refused++;
    };
    const read: (string | null)[] = [];
    await readTopic({
      brokers: [proxy.address],
      topic,
      onMessage: async ({ value }) => {
        read.push(value);
        if (value !== "990") return;
        toRefuse = 1;
        await sleep(HEARTBEAT_MS + 500);
      },
    });
    await proxy.cut();
    assert.deepEqual([read, refused], [values, 1]);
  });

  it("cannot be read when it does not exist", async () => {
    await assert.rejects(readAll(), { message: `topic ${topic} does not exist; npm run up creates it` });
  });
});
