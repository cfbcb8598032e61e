import assert from "node:assert/strict";
import { createApi } from "./api.ts";
import { Unavailable, type AcceptedBy } from "./batcher.ts";
import { RecentEvents, type RecentEvent } from "./recent.ts";
import { createRetention } from "./retention.ts";
import { type Listener, serve } from "./serve.ts";

describe("GET /events", () => {
  let listener: Listener;
  let recent: RecentEvents;
  let publish: () => Promise<AcceptedBy>;
  beforeEach(async () => {
    recent = new RecentEvents(3);
    publish = () => Promise.resolve("kafka");
    listener = await serve(createApi({ publish: () => publish(), whyNotReady: () => null, recent }), 0);
  });
  afterEach(() => listener.close());

  const ask = (path: string) => fetch(`http://127.0.0.1:${listener.port}${path}`);
  const events = async (query = "") => (await (await ask(`/events${query}`)).json()) as RecentEvent[];
  const ID = "0190b1c2-7e5f-7abc-8def-0123456789ab";

  it("shows accepted and refused events, newest first, with the reason", async () => {
    await ask(`/purchase_sword?metal=gold&player=ann&event_id=${ID}`);
    await ask("/purchase_sword?magical=maybe&player=bob&__proto__=x");
    const [second, first, ...others] = await events();
    assert.deepEqual(others, []);
    const { received_at, ...rest } = first!;
    assert.equal(new Date(received_at).toISOString(), received_at);
    assert.deepEqual(rest, {
      event_id: ID,
      event_type: "purchase_sword",
      player: "ann",
      verdict: "accepted",
      reason: null,
      params: { metal: "gold", player: "ann", event_id: ID },
    });
    assert.deepEqual(
      [second?.player, second?.verdict, second?.reason],
      ["bob", "refused", 'magical: expected true or false, got "maybe"'],
    );
    assert.deepEqual(Object.entries(second?.params ?? {}), [
      ["magical", "maybe"],
      ["player", "bob"],
      ["__proto__", "x"],
    ]);
  });

  it("finds events by id, player and type together, up to a limit", async () => {
    await ask(`/join_a_guild?player=ann&event_id=${ID}`);
    await ask("/purchase_sword?player=ann");
    await ask("/purchase_sword?player=bob");
    const typesOf = async (query: string) =>
      (await events(query)).map(({ event_type, player }) => `${event_type} ${player}`);
    assert.deepEqual(await typesOf(`?id=${ID.toUpperCase()}`), ["join_a_guild ann"]);
    assert.deepEqual(await typesOf("?player=ann"), ["purchase_sword ann", "join_a_guild ann"]);
    assert.deepEqual(await typesOf("?type=purchase_sword&player=ann"), ["purchase_sword ann"]);
    assert.deepEqual(await typesOf("?limit=1"), ["purchase_sword bob"]);
    assert.deepEqual(await typesOf("?type=nothing"), []);
  });

  it("forgets the oldest event", async () => {
    for (const player of ["a", "b", "c", "d"]) await ask(`/?player=${player}`);
    assert.deepEqual(
      (await events()).map(({ player }) => player),
      ["d", "c", "b"],
    );
  });

  it("shows no request that made no event, and no event that neither topic nor spool accepted", async () => {
    await ask("/nothing");
    await fetch(`http://127.0.0.1:${listener.port}/purchase_sword?magical=maybe`, { method: "HEAD" });
    publish = () => Promise.reject(new Unavailable("Kafka is away", "no"));
    assert.equal((await ask("/purchase_sword")).status, 503);
    assert.deepEqual(await events(), []);
  });

  it("forbids caches to store the answer, and makes no event itself", async () => {
    const { headers } = await ask("/events");
    assert.equal(headers.get("cache-control"), "no-store");
    assert.deepEqual(await events(), []);
  });

  for (const [query, field, expected, value] of [
    ["?user=ann", "query", "only id, player, type, limit", "user"],
    ["?limit=0", "limit", "an integer from 1 to 10000", "0"],
    ["?limit=10001", "limit", "an integer from 1 to 10000", "10001"],
    ["?limit=all", "limit", "an integer from 1 to 10000", "all"],
  ] as const) {
    it(`answers 400 with field, expectation and value to ${query}`, async () => {
      const response = await ask(`/events${query}`);
      assert.equal(response.status, 400);
      const error = `${field}: expected ${expected}, got "${value}"`;
      assert.deepEqual(await response.json(), { error, field, expected, value });
    });
  }

  it("answers 404 if recent events are off", async () => {
    const off = await serve(createApi({ publish, whyNotReady: () => null }), 0);
    const { status } = await fetch(`http://127.0.0.1:${off.port}/events`);
    await off.close();
    assert.equal(status, 404);
  });

  it("shows a player only after retention", async () => {
    const retention = createRetention({ overrides: "player=drop" });
    const kept = await serve(createApi({ publish, whyNotReady: () => null, recent, retention }), 0);
    const url = `http://127.0.0.1:${kept.port}/purchase_sword`;
    await fetch(`${url}?player=annabelle`);
    await fetch(`${url}?player=annabelle&magical=maybe`);
    await kept.close();
    const found = await events();
    assert.equal(found.length, 2);
    assert.doesNotMatch(JSON.stringify(found), /annabelle/);
  });
});

describe("RecentEvents", () => {
  it("has a limit of characters too: it drops the oldest, and a message beyond the limit", () => {
    const recent = new RecentEvents(10_000);
    const message = (chars: number) => JSON.stringify({ player: "x".repeat(chars) });
    for (let i = 0; i < 40; i++) recent.add(message(1_000_000), null);
    assert.equal(recent.find({ limit: 100 }).length, 16);
    recent.add(message(17_000_000), null);
    assert.deepEqual(recent.find({}), []);
    recent.add(message(1), null);
    assert.equal(recent.find({}).length, 1);
  });

  it("takes a refused text that is not an envelope", () => {
    const recent = new RecentEvents(10);
    for (const raw of ["{not json", "null", "[1]", '{"event_id":7,"params":[]}'])
      recent.add(raw, `expected an event, got ${raw}`);
    for (const { received_at, reason, ...rest } of recent.find({})) {
      assert.ok(!Number.isNaN(Date.parse(received_at)) && reason?.startsWith("expected an event"));
      assert.deepEqual(rest, {
        event_id: null,
        event_type: null,
        player: null,
        verdict: "refused",
        params: null,
      });
    }
    assert.equal(recent.find({}).length, 4);
  });
});
