import assert from "node:assert/strict";
import { once } from "node:events";
import { type IncomingMessage, request as httpRequest } from "node:http";
import { text } from "node:stream/consumers";
import type { Envelope } from "../envelope.ts";
import { createApi } from "./api.ts";
import type { RequestLog } from "./request-log.ts";
import { createGuard, type GuardOptions } from "./guard.ts";
import { newWriteKey, type WriteKey } from "../write-keys.ts";
import { readRefused } from "../refused.ts";
import { createRetention } from "./retention.ts";
import { type Listener, serve } from "./serve.ts";

describe("createGuard({ keys, rateLimit })", () => {
  let listener: Listener | undefined;
  let published: string[];
  let logged: RequestLog[];
  beforeEach(() => {
    listener = undefined;
    published = [];
    logged = [];
  });
  afterEach(() => listener?.close());

  async function listen(options: GuardOptions) {
    const api = createApi({
      publish: (message) => {
        published.push(message);
        return Promise.resolve("kafka");
      },
      whyNotReady: () => null,
      log: (line) => logged.push(line),
      guard: createGuard(options),
    });
    listener = await serve(api, 0);
  }

  async function ask(path: string, headers: Record<string, string> = {}, method = "GET", body = "") {
    const request = httpRequest({ port: listener?.port, path, method, headers, agent: false }).end(body);
    const [response] = (await once(request, "response")) as [IncomingMessage];
    return { status: response.statusCode, headers: response.headers, body: await text(response) };
  }

  /** A key and its entry of the file. */
  function keyNamed(name: string, limit: number | null = null): { key: string; entry: WriteKey } {
    const { key, line } = newWriteKey(name, limit);
    return { key, entry: { name, limit, hash: Buffer.from(line.split(" ")[1] ?? "", "hex") } };
  }

  it("makes no middleware without keys and limits", () => {
    assert.deepEqual(createGuard({}), []);
    assert.deepEqual(createGuard({ rateLimit: 0 }), []);
  });

  it("accepts a key in either header", async () => {
    const [ann, bob] = [keyNamed("ann"), keyNamed("bob")];
    await listen({ keys: [ann.entry, bob.entry] });
    const answers = [
      await ask("/purchase_sword", { Authorization: `Bearer ${ann.key}` }),
      await ask("/purchase_sword", { "Write-Key": bob.key }),
    ];
    assert.deepEqual(
      answers.map(({ status, body }) => [status, body]),
      [
        [200, "Sword Purchased\n"],
        [200, "Sword Purchased\n"],
      ],
    );
    assert.equal(published.length, 2);
  });

  it("answers 401 with WWW-Authenticate, and makes no event, without a known key", async () => {
    const { entry, key } = keyNamed("ann");
    await listen({ keys: [entry] });
    const none = await ask("/purchase_sword");
    const another = await ask("/", { Authorization: `Bearer ${keyNamed("ann").key}` });
    const hash = await ask("/nothing", { "Write-Key": entry.hash.toString("hex") });
    const basic = await ask("/", { Authorization: `Basic ${key}` });
    assert.deepEqual(
      [none, another, hash, basic].map(({ status, headers }) => [status, headers["www-authenticate"]]),
      [
        [401, 'Bearer realm="questlog"'],
        [401, 'Bearer realm="questlog", error="invalid_token"'],
        [401, 'Bearer realm="questlog", error="invalid_token"'],
        [401, 'Bearer realm="questlog"'],
      ],
    );
    assert.deepEqual(JSON.parse(none.body), {
      error:
        'write key: expected one that this API knows, as "Authorization: Bearer KEY" or "Write-Key: KEY", ' +
        "got none; ask its operator for one",
    });
    assert.deepEqual(published, []);
  });

  it("asks the probes for no key, and similar paths for one", async () => {
    await listen({ keys: [keyNamed("ann").entry], rateLimit: 2 });
    const statuses = [];
    for (const path of ["/ready", "/ready?x=1", "/ready", "/health", "/metrics"])
      statuses.push((await ask(path)).status);
    assert.ok(!statuses.includes(401) && !statuses.includes(429), String(statuses));
    assert.deepEqual(statuses.slice(0, 3), [200, 200, 200]);
    assert.equal((await ask("/ready/")).status, 401);
  });

  it("shows no key in a message or in the log, which names its owner", async () => {
    const { key, entry } = keyNamed("ann");
    const wrong = keyNamed("ann").key;
    await listen({ keys: [entry] });
    await ask("/purchase_sword?metal=gold", { Authorization: `Bearer ${key}`, "Write-Key": key });
    await ask("/purchase_sword?power_level=x", { "Write-Key": key });
    await ask("/", { "Write-Key": wrong });
    await listener?.close(); // a request is logged when its connection has ended
    listener = undefined;
    assert.equal(published.length, 1);
    const { headers } = JSON.parse(published[0] ?? "") as Envelope;
    assert.deepEqual(Object.keys(headers).sort(), ["Connection", "Host"]);
    assert.deepEqual(
      logged.map(({ status, key_name }) => [status, key_name]),
      [
        [200, "ann"],
        [400, "ann"],
        [401, undefined],
      ],
    );
    for (const secret of [key, wrong, entry.hash.toString("hex")])
      assert.ok(!JSON.stringify([published, logged]).includes(secret));
  });

  it("answers 429 with Retry-After and RateLimit to a key beyond its limit, and to no other", async () => {
    const [ann, bob] = [keyNamed("ann", 2), keyNamed("bob")];
    await listen({ keys: [ann.entry, bob.entry] });
    const as = ({ key }: { key: string }) => ask("/join_a_guild", { "Write-Key": key });
    const answers = [await as(ann), await as(bob), await as(ann), await as(ann), await as(bob)];
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 200, 200, 429, 200],
    );
    const { headers, body } = answers[3]!;
    assert.ok(Number(headers["retry-after"]) >= 1 && Number(headers["retry-after"]) <= 60);
    assert.match(String(headers.ratelimit), /^"key"; r=0; t=\d+$/);
    assert.match(String(headers["ratelimit-policy"]), /^"key"; q=2; w=60; pk=:/);
    assert.match(String(answers[0]?.headers.ratelimit), /^"key"; r=1; t=\d+$/);
    assert.equal(answers[1]?.headers.ratelimit, undefined);
    assert.deepEqual(JSON.parse(body), {
      error: "requests of this key: expected at most 2 a minute, got 3; wait for Retry-After",
    });
    assert.equal(published.length, 4);
  });

  it("limits an address, with any X-Forwarded-For", async () => {
    await listen({ rateLimit: 2 });
    const statuses = [];
    for (const address of ["198.51.100.1", "198.51.100.2", "198.51.100.3"]) {
      const forwarded = { "X-Forwarded-For": address, Forwarded: `for=${address}`, "X-Real-Ip": address };
      statuses.push((await ask("/", forwarded)).status);
    }
    assert.deepEqual(statuses, [200, 200, 429]);
    assert.deepEqual(
      published.map((message) => (JSON.parse(message) as Envelope).remote_addr),
      ["127.0.0.1", "127.0.0.1"],
    );
  });

  it("limits the guessing of keys too", async () => {
    const { key, entry } = keyNamed("ann");
    await listen({ keys: [entry], rateLimit: 2 });
    assert.equal((await ask("/", { "Write-Key": "a" })).status, 401);
    assert.equal((await ask("/", { "Write-Key": "b" })).status, 401);
    assert.equal((await ask("/", { "Write-Key": key })).status, 429);
  });

  it("closes the connection only if it does not read the body", async () => {
    await listen({ keys: [keyNamed("ann").entry] });
    const keepAlive = { Connection: "keep-alive" };
    const withBody = await ask("/", { ...keepAlive, "Content-Length": "1" }, "POST", "x");
    const without = await ask("/", keepAlive);
    assert.deepEqual(
      [withBody, without].map(({ status, headers }) => [status, headers.connection]),
      [
        [401, "close"],
        [401, "keep-alive"],
      ],
    );
  });
});

describe("createApi({ retention })", () => {
  it("publishes message and key after retention, and logs no query", async () => {
    const published: { message: string; key: string | null }[] = [];
    const logged: RequestLog[] = [];
    const retention = createRetention({ overrides: "player=hash", secret: "sixteen characters, or more" });
    const api = createApi({
      publish: (message, key) => {
        published.push({ message, key });
        return Promise.resolve("kafka");
      },
      whyNotReady: () => null,
      log: (line) => logged.push(line),
      retention,
    });
    const listener = await serve(api, 0);
    const url = `http://127.0.0.1:${listener.port}/join_a_guild?region=cali&player=annabelle`;
    assert.equal(
      await (await fetch(url)).text(),
      'Joined a guild! {"region": "cali", "player": "annabelle"}\n',
    );
    await listener.close();
    const [{ message, key } = { message: "", key: "" }] = published;
    const { player, params } = JSON.parse(message) as Envelope;
    assert.match(key ?? "", /^[\da-f]{32}$/);
    assert.deepEqual([player, params.player], [key, key]);
    assert.equal(logged[0]?.url, "/join_a_guild");
    assert.doesNotMatch(JSON.stringify([published, logged]), /annabelle/);
  });

  it("keeps each misfit of a refused event as its reason, without the values sent", async () => {
    const kept: string[] = [];
    const api = createApi({
      publish: () => assert.fail("published"),
      whyNotReady: () => null,
      keepRefused: (message) => Promise.resolve(kept.push(message) > 0),
      retention: createRetention({ overrides: "player=drop" }),
    });
    const listener = await serve(api, 0);
    await fetch(`http://127.0.0.1:${listener.port}/purchase_sword?power_level=many&magical=perhaps`);
    await listener.close();
    const { reason } = readRefused(kept[0]!);
    assert.match(reason, /^power_level: expected an integer [^;]*; magical: expected true or false$/);
    assert.doesNotMatch(reason, /many|perhaps/);
  });
});
