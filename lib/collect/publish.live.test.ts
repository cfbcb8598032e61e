import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { EventEmitter, once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Envelope } from "../envelope.ts";
import { kafkaAddress, FaultyProxy } from "../testbed/proxy.ts";
import { settings } from "../settings.ts";
import { createApi } from "./api.ts";
import type { AcceptedBy } from "./batcher.ts";
import { ConfigResourceTypes, kafkaClient, withAdmin } from "../kafka.ts";
import { TopicWriter } from "./publish.ts";
import { serve } from "./serve.ts";
import { readTopic } from "../topic.ts";
import { until } from "../until.ts";

// The running Kafka, behind a proxy that the test can cut.
describe("TopicWriter.open(options) behind a proxy that fails", () => {
  let topic: string;
  let proxy: FaultyProxy;
  let spoolFolder: string;
  let open: TopicWriter;
  let states: string[];
  let changes: EventEmitter;

  beforeEach(async () => {
    topic = `test_publish_${randomUUID()}`;
    proxy = new FaultyProxy({ to: settings.kafkaBrokers[0]!, addressed: kafkaAddress });
    states = [];
    changes = new EventEmitter();
    await proxy.open();
    spoolFolder = join(mkdtempSync(join(tmpdir(), "questlog-")), "spool");
    open = await openHere();
    // On a busy machine the topic is not there at once, and the writer tells that Kafka is away.
    await until("Kafka answers", () => open.isHere() || undefined, { limitMs: 30_000 });
    states = [];
  });
  afterEach(async () => {
    await open.close();
    rmSync(dirname(spoolFolder), { recursive: true });
    await proxy.cut();
    await withAdmin(settings.kafkaBrokers, (admin) => admin.deleteTopics({ topics: [topic] }));
  });

  function openHere(): Promise<TopicWriter> {
    return TopicWriter.open({
      brokers: [proxy.address],
      topic,
      spoolFolder,
      log: (state) => {
        states.push(state);
        changes.emit("change");
      },
    });
  }

  async function valuesInTopic(): Promise<(string | null)[]> {
    const values: (string | null)[] = [];
    await readTopic({
      topic,
      onMessage: ({ value }) => {
        values.push(value);
      },
    });
    return values;
  }

  it("stores a message once that is sent again after a lost answer", async () => {
    await open.publish("a", "player");
    proxy.loseAnswers(1);
    await open.publish("b", "player");
    await open.publish("c", "player");
    assert.deepEqual(await valuesInTopic(), ["a", "b", "c"]);
    assert.deepEqual(states, []);
  });

  /** The topic's values in order, without the repetitions that a lost answer leaves. */
  async function distinctValues(): Promise<(string | null)[]> {
    return [...new Set(await valuesInTopic())];
  }

  async function untilState(what: RegExp): Promise<void> {
    while (!states.some((state) => what.test(state))) await once(changes, "change");
  }

  it("spools while Kafka is away, and sends the spooled messages first when it is back", async () => {
    assert.equal(await open.publish("a", "player"), "kafka");
    await proxy.cut();
    for (const value of ["b", "c"]) assert.equal(await open.publish(value, "player"), "spool");
    assert.deepEqual([open.isHere(), open.spoolState().messages], [false, 2]);
    await proxy.open();
    assert.equal(await open.publish("d", "player"), "spool");
    await untilState(/spooling ended/);
    assert.equal(await open.publish("e", "player"), "kafka");
    assert.deepEqual(await valuesInTopic(), ["a", "b", "c", "d", "e"]);
    const expected = [
      /is away: /,
      /: spooling to \//,
      /is back after \d/,
      /ended after .* s: 3 messages .*, 0 stay/,
    ];
    assert.equal(states.length, expected.length, states.join("\n"));
    for (const [i, pattern] of expected.entries()) assert.match(states[i]!, pattern);
  });

  it("keeps a player's order, and returns to direct sending, under traffic that does not pause", async () => {
    const places: AcceptedBy[] = [];
    const values: string[] = [];
    let traffic = true;
    const send = async (): Promise<void> => {
      for (let i = 0; traffic; i++) {
        const sent = Array.from({ length: 20 }, (_, j) => `${i}-${j}`);
        values.push(...sent);
        places.push(...(await Promise.all(sent.map((value) => open.publish(value, "player")))));
      }
    };
    const sending = send();
    await proxy.cut();
    await untilState(/spooling to/);
    await sleep(500);
    await proxy.open();
    await untilState(/spooling ended/);
    const spooled = places.length;
    const isMore = () => places.length >= spooled + 100 || undefined;
    await until("100 more messages are published", isMore, { limitMs: 30_000, everyMs: 10 });
    traffic = false;
    await sending;
    assert.deepEqual([...new Set(places.slice(spooled + 20))], ["kafka"]);
    assert.ok(places.includes("spool"));
    assert.deepEqual(await distinctValues(), values);
  });

  it("stores all messages in order, also of a batch without an answer", async () => {
    await open.publish("a", "player");
    proxy.loseAnswers(Infinity);
    const unanswered = ["b", "c"].map((value) => open.publish(value, "player"));
    assert.deepEqual(await Promise.all(unanswered), ["spool", "spool"]);
    proxy.loseAnswers(0);
    await untilState(/spooling ended/);
    // A batch of the size of the unanswered one. With the same numbers, Kafka would acknowledge and
    // drop it.
    await Promise.all(["d", "e"].map((value) => open.publish(value, "player")));
    assert.deepEqual(await distinctValues(), ["a", "b", "c", "d", "e"]);
  });

  it("spools within 5 s when Kafka falls silent", async () => {
    await open.publish("a", "player");
    proxy.silence();
    const since = Date.now();
    const unanswered = ["b", "c"].map((value) => open.publish(value, "player"));
    assert.deepEqual(await Promise.all(unanswered), ["spool", "spool"]);
    assert.ok(Date.now() - since < 5000, `${Date.now() - since} ms`);
    await proxy.cut();
    await proxy.open();
    await untilState(/spooling ended/);
    // Batches of the size of the lost one. If a producer reused its numbers, Kafka would drop them.
    await Promise.all(["d", "e"].map((value) => open.publish(value, "player")));
    assert.deepEqual(await distinctValues(), ["a", "b", "c", "d", "e"]);
  });

  it("sets aside a message that the topic never takes, and sends the others", async () => {
    const admin = kafkaClient(settings.kafkaBrokers).admin();
    await admin.connect();
    await admin.alterConfigs({
      validateOnly: false,
      resources: [
        {
          type: ConfigResourceTypes.TOPIC,
          name: topic,
          configEntries: [{ name: "max.message.bytes", value: "2000" }],
        },
      ],
    });
    await admin.disconnect();
    const large = "x".repeat(3000);
    await Promise.all(["a", "b", large, "c"].map((value) => open.publish(value, "player")));
    await untilState(/spooling ended/);
    assert.deepEqual(await distinctValues(), ["a", "b", "c"]);
    const aside = join(spoolFolder, "set-aside.ndjson");
    assert.deepEqual(JSON.parse(readFileSync(aside, "utf8")), { key: "player", value: large });
    assert.ok(states.includes(`topic ${topic} takes no message of 3000 characters: it is kept in ${aside}`));
  });

  it("sends the messages that an earlier process left in the spool before new ones", async () => {
    await proxy.cut();
    await open.publish("a", "player");
    await open.close();
    await proxy.open();
    open = await openHere();
    assert.equal(await open.publish("b", "player"), "kafka");
    assert.deepEqual(await distinctValues(), ["a", "b"]);
  });

  it("lets the API answer 200 meanwhile, and has each event in the topic afterwards", async () => {
    const listener = await serve(
      createApi({ publish: (value, key) => open.publish(value, key), whyNotReady: () => null }),
      0,
    );
    const ask = (i: number) =>
      fetch(`http://127.0.0.1:${listener.port}/join_a_guild?region=${i}&player=player${i % 3}`);
    const ids: (string | null)[] = [];
    const spooled: (string | null)[] = [];
    for (let i = 0; i < 60; i++) {
      if (i === 20) await proxy.cut();
      if (i === 40) await proxy.open();
      const { status, headers } = await ask(i);
      assert.equal(status, 200);
      ids.push(headers.get("event-id"));
      spooled.push(headers.get("event-spooled"));
    }
    await listener.close();
    await untilState(/spooling ended/);
    assert.deepEqual([spooled[19], spooled[20], spooled[39]], [null, "true", "true"]);
    const stored: Envelope[] = [];
    await readTopic({
      topic,
      onMessage: ({ value }) => {
        stored.push(JSON.parse(value!) as Envelope);
      },
    });
    const distinct = new Map(stored.map((envelope) => [envelope.event_id, envelope]));
    assert.deepEqual([...distinct.keys()].sort(), ids.sort());
    for (const player of ["player0", "player1", "player2"]) {
      const regions = [...distinct.values()].filter((each) => each.player === player);
      const order = regions.map(({ params }) => Number(params.region));
      assert.deepEqual(
        order,
        [...order].sort((a, b) => a - b),
      );
    }
  });
});
