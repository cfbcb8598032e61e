import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer, text } from "node:stream/consumers";
import { v7 as newUuid, validate, version } from "uuid";
import { columnsOf, defineEvents, exampleParameters, type Value, widestEvent } from "../catalog.ts";
import { Unavailable } from "../collect/batcher.ts";
import { readLines, receiveItem } from "../collect/items.ts";
import { newWriteKey, readWriteKeys } from "../write-keys.ts";
import { eventReader } from "../envelope.ts";
import { events } from "../events.ts";
import { game as everyType } from "../testbed/every-type.fixture.ts";
import { until } from "../until.ts";
import { type Client, type ClientOptions, createClient } from "./client.ts";
import { type AnyGame, MapStorage, Receiver } from "./sent.fixture.ts";

const event = widestEvent(events);
const unknown: string = "no such event";
const many = (length: number, first = 0) => Array.from({ length }, (_, i) => first + i);

// The client sends to a real API. The tests stand in for Kafka, and for a bad network.
describe("createClient(options)", () => {
  let receiver: Receiver;
  let folder: string;
  let clients: Client<AnyGame>[];
  let troubles: string[];
  let refused: [n: unknown, reason: string][];

  const { warn } = console;
  beforeEach(async () => {
    console.warn = () => undefined; // failures of a storage or a callback
    folder = await mkdtemp(join(tmpdir(), "questlog-client-"));
    clients = [];
    troubles = [];
    refused = [];
    receiver = new Receiver();
    await receiver.start();
  });
  afterEach(async () => {
    console.warn = warn;
    for (const client of clients) client.close();
    await receiver.stop();
    await rm(folder, { recursive: true });
  });

  function open(options: Partial<ClientOptions> = {}): Client<AnyGame> {
    const client = createClient<AnyGame>({
      url: receiver.url,
      onTrouble: (reason) => troubles.push(reason),
      onRefused: ({ params }, reason) => refused.push([(params as { n: unknown }).n, reason]),
      ...options,
    });
    clients.push(client);
    return client;
  }
  /** Tracks an event for each number; the parameter n is in the envelope only. */
  function track(client: Client<AnyGame>, numbers: number[], more: object = {}): boolean[] {
    return numbers.map((n) => client.track(event.type, { ...exampleParameters(event, n), n, ...more }));
  }

  it("sends each event once, in the order tracked, at most 100 in a request", async () => {
    const client = open({ player: "p1", session: "s1" });
    track(client, many(250));
    await client.flush();
    assert.deepEqual(receiver.numbers(), many(250));
    assert.equal(receiver.published.length, 250);
    assert.equal(receiver.requests.length, 3);
    const [first] = receiver.published;
    assert.deepEqual([first?.player, first?.session, first?.event_type], ["p1", "s1", event.type]);
  });

  it("gives each event a UUID v7, in ascending order, and the time of its happening", async () => {
    const before = new Date().toISOString();
    const client = open();
    track(client, many(50));
    const after = new Date().toISOString();
    await client.flush();
    const ids = receiver.published.map(({ event_id }) => event_id);
    assert.deepEqual(ids, ids.toSorted());
    assert.equal(new Set(ids).size, 50);
    assert.ok(ids.every((id) => validate(id) && version(id) === 7));
    assert.ok(receiver.published.every(({ occurred_at: at = "" }) => at >= before && at <= after));
  });

  it("sends values exactly: bigint, Date, objects; a NaN is no null", async () => {
    const client = open();
    const json = { list: [1, { deep: true }] };
    track(client, [0], { big: 2n ** 63n - 1n, at: new Date(0), json, nan: NaN, none: null });
    await client.flush();
    const { big, at, json: sent, nan, none } = receiver.published[0]!.params;
    assert.deepEqual(
      [big, at, sent, nan, none],
      ["9223372036854775807", "1970-01-01T00:00:00.000Z", JSON.stringify(json), "NaN", undefined],
    );
  });

  it("keeps events while the API is away, and sends them when it is back", async () => {
    await receiver.stop();
    const client = open();
    track(client, many(30));
    await until("the client tells its trouble", () => troubles[0], { limitMs: 5000 });
    await receiver.start();
    await client.flush();
    assert.deepEqual([receiver.numbers(), receiver.published.length], [many(30), 30]);
    assert.equal(troubles.length, 1);
  });

  it("repeats events with the same ids when the answer is lost", async () => {
    let lost = 0;
    receiver.network = (api) => (request, response) => {
      if (lost++ === 0) response.end = () => response.destroy();
      api(request, response);
    };
    const client = open();
    track(client, many(20));
    await client.flush();
    assert.deepEqual([receiver.numbers(), receiver.published.length], [many(20), 40]);
    // PostHog/posthog-js#4901, segmentio/analytics-next#483: each repetition had another time.
    const copies = receiver.published.map(({ event_id, occurred_at }) => `${event_id} ${occurred_at}`);
    assert.equal(new Set(copies).size, 20);
  });

  it("repeats the unavailable events, and only these", async () => {
    const { publish } = receiver;
    let calls = 0;
    receiver.publish = (message) =>
      calls++ % 2 === 0 || calls > 8
        ? publish(message)
        : Promise.reject(new Unavailable("Kafka is away", "no"));
    const client = open();
    track(client, many(8));
    await client.flush();
    assert.deepEqual(receiver.numbers().toSorted(), many(8));
    assert.equal(receiver.published.length, 8);
    assert.deepEqual(troubles, ["Kafka is away"]);
  });

  it("gives a refused event to onRefused with the API's reason, and sends the others", async () => {
    const client = open();
    track(client, [0]);
    client.track(unknown, { n: 1 });
    track(client, [2]);
    await client.flush();
    assert.deepEqual(receiver.numbers(), [0, 2]);
    assert.match(refused.join(), /^1,event_type: expected one of .*, got "no such event"$/);
  });

  for (const [name, status, headers, body] of [
    ["a page of another server", 200, {}, "<html>Please log in</html>"],
    ["an error of the server", 500, {}, '{"error":"internal error"}'],
    ["too many requests", 429, { "Retry-After": "1" }, '{"error":"at most 1"}'],
    ["a wrong key", 401, {}, '{"error":"write key"}'],
  ] as const)
    it(`keeps its events when the answer is ${name}`, async () => {
      let answers = 0;
      receiver.network = (api) => (request, response) => {
        if (answers++ > 0) return api(request, response);
        response.writeHead(status, headers).end(body);
      };
      const client = open();
      track(client, many(3));
      await client.flush();
      assert.deepEqual([receiver.numbers(), refused], [many(3), []]);
      assert.match(troubles.join(), new RegExp(`/events: .*status ${status}, `));
    });

  it("sends smaller batches when the network takes no large ones, and refuses a too large event", async () => {
    receiver.network = (api) => (request, response) => {
      if (Number(request.headers["content-length"]) < 2000) return api(request, response);
      response.writeHead(413, { Connection: "close" }).end();
    };
    const client = open();
    track(client, many(20));
    track(client, [20], { long: "x".repeat(2000) });
    await client.flush();
    assert.deepEqual(receiver.numbers(), many(20));
    assert.deepEqual(
      refused.map(([n]) => n),
      [20],
    );
  });

  it("refuses events when the queue is full, and keeps the oldest", async () => {
    await receiver.stop();
    const client = open();
    const taken = track(client, many(5001));
    assert.deepEqual([taken.lastIndexOf(true), taken.indexOf(false)], [4999, 5000]);
    assert.match(refused.join(), /^5000,queue: expected at most 5000 events/);
    await receiver.start();
    await client.flush();
    assert.deepEqual(receiver.numbers(), many(5000));
  });

  // rudderlabs/rudder-sdk-android#359, amplitude/Amplitude-JavaScript#242: one bad item, and
  // nothing was sent.
  for (const [subject, item] of [
    ["cut", '{"event_type":"x'],
    ["empty", ""],
    ["of two lines", "{}\n{}"],
    ["of another program", "7"],
    ["gone when it is read", null],
  ] as const)
    it(`sends the events beside an item of the storage that is ${subject}, once`, async () => {
      const storage = new MapStorage([[`questlog ${receiver.url} 0`, item as string]]);
      const client = open({ storage });
      track(client, [1, 2]);
      await client.flush();
      assert.deepEqual([receiver.numbers(), receiver.requests.length, storage.length], [[1, 2], 1, 0]);
    });

  // segmentio/analytics-next#1200
  it("sends each event once when the storage is full, or fails", async () => {
    class FullStorage extends MapStorage {
      override setItem(): void {
        throw new Error("QuotaExceededError");
      }
      override removeItem(): void {
        throw new Error("SecurityError");
      }
    }
    const client = open({ storage: new FullStorage() });
    track(client, [1, 2]);
    await client.flush();
    assert.deepEqual([receiver.numbers(), receiver.requests.length], [[1, 2], 1]);
  });

  it("goes on when a callback of the game fails", async () => {
    await receiver.stop();
    let calls = 0;
    const fail = () => {
      calls++;
      throw new Error("an error of the game");
    };
    const client = open({ onTrouble: fail, onRefused: fail });
    track(client, [1]);
    client.track(unknown, {});
    await until("the client has told its trouble", () => calls === 1 || undefined, { limitMs: 5000 });
    await receiver.start();
    await client.flush();
    track(client, [2]);
    await client.flush();
    assert.deepEqual([receiver.numbers(), receiver.published.length, calls], [[1, 2], 2, 2]);
  });

  it("sends the write key", async () => {
    await receiver.stop();
    const { key, line } = newWriteKey("game", null);
    await writeFile(join(folder, "keys"), line);
    await receiver.start({ keys: readWriteKeys(join(folder, "keys")) });
    const client = open({ writeKey: key });
    track(client, [1]);
    await client.flush();
    assert.deepEqual([receiver.numbers(), troubles], [[1], []]);
  });

  it("gives an event the API's time if this machine's clock is ahead", async () => {
    const early = { event_type: event.type, params: { ...exampleParameters(event, 0), n: 0 } };
    const line = JSON.stringify({ ...early, event_id: newUuid(), occurred_at: "2199-01-01T00:00:00.000Z" });
    const storage = new MapStorage([[`questlog ${receiver.url} ${newUuid()}`, line]]);
    const client = open({ storage });
    await client.flush();
    track(client, [1]);
    await client.flush();
    assert.deepEqual([receiver.numbers(), refused], [[0, 1], []]);
    assert.ok(receiver.published.every(({ occurred_at }) => occurred_at === undefined));
    assert.equal(storage.length, 0);
  });

  it("keeps the queue in Node's localStorage, also when the process is killed", async () => {
    await receiver.stop();
    await killedAfterTracking(receiver.url, join(folder, "queue.db"), many(10));
    await receiver.start();
    await killedAfterTracking(receiver.url, join(folder, "queue.db"), many(5, 10), "await client.flush();");
    assert.deepEqual([receiver.numbers(), receiver.published.length], [many(15), 15]);
  });

  it("takes values of all types, and an API with that game takes them all", async () => {
    const catalogue = defineEvents(everyType);
    const readEvent = eventReader(catalogue);
    const rows: Record<string, Value>[] = [];
    receiver.network = () => (request, response) => {
      void buffer(request).then((body) => {
        const verdicts = readLines(body).items.map((item) => {
          const { message } = receiveItem(item, { headers: {}, remoteAddr: "::1" }, catalogue);
          const { event, values } = readEvent(message, { timestamp: 0, partition: 0, offset: 0 });
          rows.push(Object.fromEntries(columnsOf(event).map(({ name }, i) => [name, values[i]!])));
          return { verdict: "accepted" };
        });
        response.end(JSON.stringify({ verdicts }));
      });
    };
    const client = createClient<typeof everyType>({ url: receiver.url });
    client.track("logout");
    client.track("purchase_sword");
    client.track("purchase_sword", { metal: null, power_level: 50, magical: true });
    client.track("level.up", { level: 1, xp: 2n ** 60n + 1n });
    client.track("trade", {
      "item name": "axe",
      price: "1234567890123456789012345678.0123456789",
      rarity: "rare",
    });
    const openedAt = new Date("2026-01-31T12:00:00.123+01:00");
    const contents = [{ gem: "ruby" }];
    client.track("open_chest", {
      chestId: "9",
      gold: 19.9,
      weight: 0.1,
      openedAt,
      season: "2026-01-31",
      contents,
    });
    await client.flush();
    const [, , sword, level, trade, chest] = rows;
    assert.deepEqual([sword!.metal, sword!.power_level, sword!.magical], [null, 50, true]);
    assert.deepEqual([level!.level, level!.xp], [1, 2n ** 60n + 1n]);
    assert.deepEqual([trade!.price, trade!.rarity], [12345678901234567890123456780123456789n, "rare"]);
    assert.deepEqual([chest!.chest_id, chest!.gold, chest!.weight], [9n, 1990n, 0.1]);
    assert.deepEqual([chest!.opened_at, chest!.season], [openedAt.getTime(), 20484]);
    assert.equal(chest!.contents, '[{"gem":"ruby"}]');
  });
});

/** A process tracks events with Node's localStorage, and kills itself after `end`. */
async function killedAfterTracking(url: string, file: string, numbers: number[], end = ""): Promise<void> {
  const source = `
    import { createClient } from ${JSON.stringify(import.meta.resolve("./client.ts"))};
    const client = createClient({ url: "${url}", storage: localStorage });
    for (const n of ${JSON.stringify(numbers)}) client.track("${event.type}", { ...${JSON.stringify(exampleParameters(event, 0))}, n });
    ${end}
    process.kill(process.pid, "SIGKILL");`;
  const child = spawn(
    process.execPath,
    [`--localstorage-file=${file}`, "--input-type=module", "--eval", source],
    {
      stdio: ["ignore", "ignore", "pipe"],
    },
  );
  const [errors] = await Promise.all([text(child.stderr), once(child, "close")]);
  assert.equal(child.signalCode, "SIGKILL", errors);
}

// tsc checks these calls; they never run.
export function wrongCalls(client: Client<typeof everyType>): void {
  // @ts-expect-error: another type
  client.track("purchase_swords");
  // @ts-expect-error: another name
  client.track("join_a_guild", { regoin: "cali" });
  // @ts-expect-error: an event without parameters
  client.track("logout", { why: "late" });
  // @ts-expect-error: a text for an integer
  client.track("purchase_sword", { power_level: "50" });
  // @ts-expect-error: a text for a boolean
  client.track("purchase_sword", { magical: "true" });
  // @ts-expect-error: a number for a bigint, which may be inexact
  client.track("open_chest", { chestId: 1 });
  // @ts-expect-error: a Date for a date
  client.track("open_chest", { season: new Date() });
  // @ts-expect-error: a text for json
  client.track("open_chest", { contents: "[]" });
  // @ts-expect-error: no required parameter
  client.track("trade", { price: 1 });
  // @ts-expect-error: no parameters, though one is required
  client.track("level.up");
  // @ts-expect-error: null for a required parameter
  client.track("level.up", { level: null });
  // @ts-expect-error: none of the values
  client.track("trade", { "item name": "axe", rarity: "epic" });
}
