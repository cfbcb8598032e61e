import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Envelope } from "../envelope.ts";
import { Child } from "../testbed/child.ts";
import { freePort } from "../testbed/free-port.ts";
import { kafkaAddress, FaultyProxy } from "../testbed/proxy.ts";
import { settings } from "../settings.ts";
import { withAdmin } from "../kafka.ts";
import type { PostAnswer } from "./post.ts";
import { readTopic } from "../topic.ts";
import { until } from "../until.ts";

// The API as its own process, as `npm run api` starts it, and the running Kafka behind a proxy that
// can be cut.
describe("npm run api", function () {
  this.timeout(60_000);
  let topic: string;
  let proxy: FaultyProxy;
  let home: string;
  let port: number;
  let api: Child;

  beforeEach(async () => {
    topic = `test_api_${randomUUID()}`;
    home = mkdtempSync(join(tmpdir(), "questlog-"));
    port = await freePort();
    proxy = new FaultyProxy({ to: settings.kafkaBrokers[0]!, addressed: kafkaAddress });
    await proxy.open();
    await start();
  });
  afterEach(async () => {
    await api.signal("SIGKILL");
    await proxy.cut();
    rmSync(home, { recursive: true });
    await withAdmin(settings.kafkaBrokers, (admin) =>
      admin.deleteTopics({ topics: [topic, `${topic}_failed`] }),
    );
  });

  function run(): Child {
    const env = {
      QUESTLOG_API_PORT: String(port),
      QUESTLOG_HOME: home,
      QUESTLOG_HISTORY: join(home, "history.jsonl"),
      QUESTLOG_KAFKA_BROKERS: proxy.address,
      QUESTLOG_TOPIC: topic,
      QUESTLOG_FAILED_TOPIC: `${topic}_failed`,
    };
    return new Child("api", { env });
  }

  async function start(): Promise<void> {
    api = run();
    await api.ready();
  }

  const ask = (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${port}${path}`, init);

  /** Sends `count` events of one player, and resolves with their ids. */
  async function send(count: number): Promise<string[]> {
    const ids: string[] = [];
    for (let i = 0; i < count; i++) {
      const { status, headers } = await ask("/join_a_guild?player=ann");
      assert.equal(status, 200);
      ids.push(headers.get("event-id")!);
    }
    return ids;
  }

  async function untilDrained(): Promise<void> {
    const drained = new RegExp(`^questlog_spool_messages\\{topic="${topic}"\\} 0$`, "m");
    const isDrained = async () => drained.test(await (await ask("/metrics")).text()) || undefined;
    await until("the spool is drained", isDrained, { limitMs: 30_000 });
  }

  async function read<T>(name: string): Promise<T[]> {
    const values: T[] = [];
    await readTopic({
      topic: name,
      onMessage: ({ value }) => {
        values.push(JSON.parse(value!) as T);
      },
    });
    return values;
  }

  it("loses no event that it answered 200, and keeps their order, when it is killed while Kafka is away", async () => {
    const ids = await send(5);
    await proxy.cut();
    ids.push(...(await send(10)));
    await api.signal("SIGKILL");
    await start();
    assert.match(api.output, new RegExp(`topic ${topic}: 10 messages wait in `));
    ids.push(...(await send(5)));
    await proxy.open();
    ids.push(...(await send(5)));
    await untilDrained();
    ids.push(...(await send(5)));
    const stored = (await read<Envelope>(topic)).map(({ event_id }) => event_id);
    assert.deepEqual([...new Set(stored)], ids);
  });

  it("is not ready while the spool grows, and ready again when Kafka is back", async () => {
    await proxy.cut();
    await send(1);
    const reason = async () => {
      const answer = await ask("/ready");
      return answer.status === 503 ? ((await answer.json()) as { reason: string }).reason : undefined;
    };
    assert.match(
      await until("the API is not ready", reason, { limitMs: 30_000 }),
      /^the spool has grown for \d+\.\d s: 1 messages, \d+ bytes$/,
    );
    await proxy.open();
    await untilDrained();
    assert.equal((await ask("/ready")).status, 200);
  });

  it("puts what it refuses on the topic of failed events", async () => {
    const events = [
      { event_type: "join_a_guild", player: "ann", params: { region: true } },
      { event_type: "new" },
    ];
    const response = await ask("/events", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(events),
    });
    const { verdicts } = (await response.json()) as PostAnswer;
    assert.deepEqual([verdicts[0]?.verdict, verdicts[1]?.kept], ["accepted", true]);
    await ask("/purchase_sword?magical=maybe");
    const refused = await read<{ reason: string; raw: string }>(`${topic}_failed`);
    assert.deepEqual(refused.map(({ reason }) => reason).sort(), [
      'event_type: expected one of default, purchase_sword, join_a_guild, got "new"',
      'magical: expected true or false, got "maybe"',
    ]);
    for (const { raw } of refused) assert.equal(typeof (JSON.parse(raw) as Envelope).event_id, "string");
    assert.equal((await read<Envelope>(topic)).length, 1);
  });

  it("ends with 0 at SIGTERM, and lets no second process have its spool meanwhile", async () => {
    const second = run();
    await second.ended(30_000);
    assert.equal(second.process.exitCode, 1);
    assert.match(
      second.output,
      new RegExp(`^api: spool .*: expected to be its only user, but process ${api.pid} holds it`, "m"),
    );
    await api.signal("SIGTERM");
    assert.equal(api.process.exitCode, 0);
  });
});
