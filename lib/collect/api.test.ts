import assert from "node:assert/strict";
import { once } from "node:events";
import { type IncomingMessage, request as httpRequest } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import type { Envelope } from "../envelope.ts";
import { loadedCatalogue } from "../events.ts";
import { createApi } from "./api.ts";
import type { RequestLog } from "./request-log.ts";
import { Unavailable, type AcceptedBy } from "./batcher.ts";
import { Metrics } from "./api-metrics.ts";
import { readRefused, type RefusedRecord } from "../refused.ts";
import { type Listener, serve } from "./serve.ts";
import { settings } from "../settings.ts";

// The API listens for real. Only Kafka's acknowledgements come from the test.
describe("createApi({ publish, keepRefused, … })", () => {
  let listener: Listener;
  let published: { message: string; key: string | null }[];
  let logged: RequestLog[];
  let publish: (message: string, key: string | null) => Promise<AcceptedBy>;
  let whyNot: string | null;
  let refused: (RefusedRecord & { key: string | null })[];
  let keep: (message: string, key: string | null) => Promise<boolean>;
  let metrics: Metrics;

  beforeEach(async () => {
    published = [];
    logged = [];
    refused = [];
    whyNot = null;
    metrics = new Metrics();
    keep = (message, key) => {
      refused.push({ ...readRefused(message), key });
      return Promise.resolve(true);
    };
    publish = (message, key) => {
      published.push({ message, key });
      return Promise.resolve<AcceptedBy>("kafka");
    };
    const api = createApi({
      publish: (message, key) => publish(message, key),
      whyNotReady: () => whyNot,
      keepRefused: (message, key) => keep(message, key),
      metrics,
      log: (line) => logged.push(line),
    });
    listener = await serve(api, 0);
  });
  afterEach(() => listener.close());

  async function ask(path: string, { method = "GET", headers = {}, body = "" } = {}) {
    const request = httpRequest({ port: listener.port, path, method, headers, agent: false }).end(body);
    const [response] = (await once(request, "response")) as [IncomingMessage];
    return { status: response.statusCode, headers: response.headers, body: await text(response) };
  }

  /** Sends bytes as they are, and resolves with the whole answer. */
  async function askRaw(bytes: string) {
    const socket = connect(listener.port, "127.0.0.1").setEncoding("latin1");
    socket.write(bytes, "latin1");
    return text(socket);
  }

  const envelopeOf = (i: number) => JSON.parse(published[i]?.message ?? "") as Envelope;

  for (const [path, body, type] of [
    ["/", "This is the default response!\n", "default"],
    ["/?metal=gold", "This is the default response!\n", "default"],
    ["/purchase_sword", "Sword Purchased\n", "purchase_sword"],
    ["/purchase_sword?", "Sword Purchased\n", "purchase_sword"],
    [
      "/purchase_sword?metal=copper&power_level=50&magical=True",
      'Sword Purchased: {"metal": "copper", "power_level": "50", "magical": "True"}\n',
      "purchase_sword",
    ],
    ["/join_a_guild", "Joined a Guild!\n", "join_a_guild"],
    ["/join_a_guild?region=cali", 'Joined a guild! {"region": "cali"}\n', "join_a_guild"],
    [
      "/purchase_sword?event_type=join_a_guild",
      'Sword Purchased: {"event_type": "join_a_guild"}\n',
      "purchase_sword",
    ],
  ] as const) {
    it(`answers ${path} as the original does, and publishes one ${type}`, async () => {
      const answer = await ask(path);
      assert.deepEqual([answer.status, answer.body], [200, body]);
      assert.deepEqual(
        published.map((_, i) => envelopeOf(i).event_type),
        [type],
      );
    });
  }

  it("keys the message by the player, and keeps the request's headers", async () => {
    await ask("/purchase_sword", { headers: { Host: "user1.att.com", "User-Agent": "curl/8" } });
    assert.equal(published[0]?.key, "user1.att.com");
    const { headers, remote_addr } = envelopeOf(0);
    assert.deepEqual(
      [headers.Host, headers["User-Agent"], remote_addr],
      ["user1.att.com", "curl/8", "127.0.0.1"],
    );
  });

  for (const [query, warning] of [
    ["metal=gold&magical=True", undefined],
    ["player=ann&session=1&occurred_at=0&event_id=0190b1c2-7e5f-7abc-8def-0123456789ab", undefined],
    [
      "colour=red",
      'params: expected only metal, power_level, magical, got "colour"; only the column raw_event has it',
    ],
    [
      "Metal=gold&a%0D%0AX:%20b=&%C3%A9",
      'params: expected only metal, power_level, magical, got "Metal", "a\\r\\nX: b", "\\u00e9"; only the column raw_event has it',
    ],
  ] as const) {
    it(`accepts ?${query}, and ${warning === undefined ? "has no warning" : "names the unknown parameters in a header"}`, async () => {
      const { status, headers } = await ask(`/purchase_sword?${query}`);
      assert.deepEqual([status, headers["event-warning"]], [200, warning]);
    });
  }

  it("takes HTTP/1.0 without a Host, and repeated headers", async () => {
    const answer = await askRaw("GET /join_a_guild?region=%C3%A9 HTTP/1.0\r\nX-A: 1\r\nX-a: 2\r\n\r\n");
    assert.match(answer, /^HTTP\/1\.1 200 OK.*Joined a guild! \{"region": "\\u00e9"\}\n$/s);
    const { headers, params, player } = envelopeOf(0);
    assert.deepEqual([headers, params, player], [{ "X-A": "1, 2" }, { region: "é" }, null]);
  });

  it("answers only when the message has been acknowledged", async () => {
    let acknowledge = () => {};
    const asked = new Promise<void>((resolve) => {
      publish = () =>
        new Promise((acknowledged) => {
          acknowledge = () => acknowledged("kafka");
          resolve();
        });
    });
    const order: string[] = [];
    const answered = ask("/purchase_sword").then(() => order.push("answered"));
    await asked;
    await ask("/ready"); // a whole round trip, during which the first request stays unanswered
    order.push("acknowledged");
    acknowledge();
    await answered;
    assert.deepEqual(order, ["acknowledged", "answered"]);
  });

  it("does not let a browser take the echo for a page", async () => {
    const { headers, body } = await ask("/purchase_sword?metal=%3Cscript%3E");
    assert.equal(body, 'Sword Purchased: {"metal": "<script>"}\n');
    assert.equal(headers["content-type"], "text/plain; charset=utf-8");
    assert.equal(headers["x-content-type-options"], "nosniff");
    assert.equal(headers["x-powered-by"], undefined);
  });

  it("answers 400 with field, expectation and value when a parameter does not fit", async () => {
    const { status, body } = await ask("/purchase_sword?magical=maybe");
    assert.equal(status, 400);
    assert.deepEqual(JSON.parse(body), {
      error: 'magical: expected true or false, got "maybe"',
      field: "magical",
      expected: "true or false",
      value: "maybe",
      kept: true,
    });
    assert.deepEqual(published, []);
  });

  for (const path of [
    "/purchase_a_dummy_sword",
    "/purchase_sword/",
    "/Purchase_sword",
    "/%zz",
    "/ready/",
    "//",
  ]) {
    it(`answers 404 to ${path}, as JSON, without an event`, async () => {
      const { status, body } = await ask(path);
      assert.equal(status, 404);
      assert.deepEqual(JSON.parse(body), {
        error: `path: expected one of /, /purchase_sword, /join_a_guild, got "${path}"`,
      });
      assert.deepEqual(published, []);
    });
  }

  it("answers 405 with Allow to other methods, without an event", async () => {
    const { status, headers, body } = await ask("/purchase_sword", { method: "POST", body: "x" });
    assert.deepEqual([status, headers.allow], [405, "GET, HEAD, OPTIONS"]);
    assert.deepEqual(JSON.parse(body), { error: "method: expected GET, HEAD or OPTIONS, got POST" });
    assert.deepEqual(published, []);
  });

  it("answers HEAD as GET without a body, and OPTIONS with Allow; neither makes an event", async () => {
    const head = await ask("/join_a_guild?region=ny", { method: "HEAD" });
    const length = String('Joined a guild! {"region": "ny"}\n'.length);
    assert.deepEqual([head.status, head.body, head.headers["content-length"]], [200, "", length]);
    const options = await ask("/join_a_guild", { method: "OPTIONS" });
    assert.deepEqual([options.status, options.headers.allow], [204, "GET, HEAD, OPTIONS"]);
    assert.deepEqual(published, []);
  });

  it("answers 413 to a body beyond 64 KiB or without a length, and takes a small one", async () => {
    const large = await ask("/", { headers: { "Content-Length": 65_537 } });
    assert.deepEqual([large.status, large.headers.connection], [413, "close"]);
    const chunked = await ask("/", { headers: { "Transfer-Encoding": "chunked" }, body: "x" });
    assert.equal(chunked.status, 413);
    assert.deepEqual(published, []);
    assert.equal((await ask("/", { headers: { "Content-Length": 1 }, body: "x" })).status, 200);
  });

  it("answers 415 to a compressed body, which could decompress to any size", async () => {
    const packed = await ask("/", {
      headers: { "Content-Encoding": "gzip", "Content-Length": 1 },
      body: "x",
    });
    assert.deepEqual([packed.status, packed.headers.connection], [415, "close"]);
    assert.deepEqual(published, []);
  });

  it("answers 414 to a URL beyond 8,192 characters, 431 to headers beyond 16 KiB, 400 to bytes that are not HTTP", async () => {
    assert.equal((await ask(`/?a=${"x".repeat(8192)}`)).status, 414);
    const headers = { "X-Long": "x".repeat(17_000) };
    const overflow = await ask("/", { headers });
    assert.equal(overflow.status, 431);
    assert.match((JSON.parse(overflow.body) as { error: string }).error, /^Request Header Fields Too Large/);
    assert.match(
      await askRaw("nonsense\r\n\r\n"),
      /^HTTP\/1\.1 400 Bad Request.*\{"error":"Bad Request: .*"\}\n$/s,
    );
    assert.deepEqual(published, []);
  });

  it("answers 503 with Retry-After, the event's id and whether it was written, when Kafka has not acknowledged", async () => {
    publish = () => Promise.reject(new Unavailable("Kafka is away", "unknown"));
    const { status, headers, body } = await ask(
      "/purchase_sword?event_id=0190b1c2-7e5f-7abc-8def-0123456789ab",
    );
    assert.deepEqual([status, headers["retry-after"]], [503, "2"]);
    assert.deepEqual(JSON.parse(body), {
      error: "Kafka is away",
      event_id: "0190b1c2-7e5f-7abc-8def-0123456789ab",
      written: "unknown",
    });
  });

  it("names the event in a header, and adds a header when only the disk has it", async () => {
    const direct = await ask("/purchase_sword");
    assert.equal(direct.headers["event-id"], envelopeOf(0).event_id);
    assert.equal(direct.headers["event-spooled"], undefined);
    publish = () => Promise.resolve("spool");
    const spooled = await ask("/purchase_sword");
    assert.deepEqual([spooled.status, spooled.headers["event-spooled"]], [200, "true"]);
  });

  it("tells on /ready whether it can take events, or the reason why not, without an event", async () => {
    const here = await ask("/ready");
    assert.deepEqual(
      [here.status, JSON.parse(here.body)],
      [200, { ready: true, catalogue: loadedCatalogue }],
    );
    whyNot = "shutting down";
    const away = await ask("/ready");
    assert.deepEqual([away.status, away.headers["retry-after"]], [503, "2"]);
    const reason = "shutting down";
    assert.deepEqual(JSON.parse(away.body), { ready: false, reason, catalogue: loadedCatalogue });
    const health = await ask("/health");
    assert.deepEqual([health.status, health.body], [200, `{"ok":true,"version":"${settings.version}"}\n`]);
    assert.deepEqual(published, []);
  });

  it("keeps a refused event as the message that it would have been", async () => {
    const { body } = await ask("/purchase_sword?metal=gold&magical=maybe&player=ann");
    assert.equal((JSON.parse(body) as { kept: boolean }).kept, true);
    const [{ raw, reason, key } = { raw: "" }] = refused;
    assert.deepEqual([reason, key], ['magical: expected true or false, got "maybe"', "ann"]);
    const { event_type, player, params, event_id } = JSON.parse(raw) as Envelope;
    assert.deepEqual(
      [event_type, player, params.magical, event_id.length],
      ["purchase_sword", "ann", "maybe", 36],
    );
  });

  it("keeps a refused event with an id that is not a UUID, so that the refusal can be explained", async () => {
    await ask("/purchase_sword?event_id=7");
    assert.equal((JSON.parse(refused[0]!.raw) as Envelope).event_id, "7");
  });

  it("tells that it could not keep a refused event, and keeps nothing of HEAD, other paths or methods", async () => {
    keep = () => Promise.resolve(false);
    const { body } = await ask("/purchase_sword?magical=maybe");
    assert.equal((JSON.parse(body) as { kept: boolean }).kept, false);
    keep = () => assert.fail("kept");
    assert.equal((await ask("/purchase_sword?magical=maybe", { method: "HEAD" })).status, 400);
    assert.equal((await ask("/nothing")).status, 404);
    assert.equal((await ask("/", { method: "DELETE" })).status, 405);
  });

  it("counts accepted events by type and way, refused events and seconds on /metrics", async () => {
    await ask("/purchase_sword");
    publish = () => Promise.resolve("spool");
    await ask("/join_a_guild");
    publish = () => Promise.reject(new Unavailable("Kafka is away", "no"));
    await ask("/join_a_guild");
    await ask("/purchase_sword?magical=maybe");
    await ask("/nothing");
    await ask("/", { method: "DELETE" });
    await ask("/", { headers: { "Content-Length": 65_537 } });
    const { status, headers, body } = await ask("/metrics");
    assert.deepEqual([status, headers["content-type"]], [200, "text/plain; version=0.0.4; charset=utf-8"]);
    for (const line of [
      'questlog_events_accepted_total{type="purchase_sword",way="kafka"} 1',
      'questlog_events_accepted_total{type="join_a_guild",way="spool"} 1',
      'questlog_events_accepted_total{type="default",way="kafka"} 0',
      'questlog_events_refused_total{reason="unavailable"} 1',
      'questlog_events_refused_total{reason="misfit"} 1',
      'questlog_events_refused_total{reason="not_found"} 1',
      'questlog_events_refused_total{reason="method"} 1',
      'questlog_events_refused_total{reason="too_large"} 1',
      'questlog_events_refused_total{reason="key"} 0',
      'questlog_acknowledgement_seconds_count{way="kafka"} 1',
      'questlog_acknowledgement_seconds_bucket{le="5",way="spool"} 1',
    ])
      assert.ok(body.includes(`\n${line}\n`), line);
    assert.match(body, /\nprocess_resident_memory_bytes \d+/);
  });

  it("logs each request with its event's id, and no header", async () => {
    await ask("/purchase_sword?metal=gold", { headers: { Authorization: "secret" } });
    await ask("/nothing");
    await listener.close(); // a request is logged when its connection has ended
    const [first, second] = logged;
    assert.deepEqual(Object.keys(first ?? {}), ["time", "method", "url", "status", "ms", "event_id"]);
    assert.equal(first?.event_id, envelopeOf(0).event_id);
    assert.deepEqual([first?.method, first?.url, first?.status], ["GET", "/purchase_sword?metal=gold", 200]);
    assert.deepEqual([second?.url, second?.status, second?.event_id], ["/nothing", 404, null]);
    listener = await serve(createApi({ publish, whyNotReady: () => null }), 0); // afterEach closes it
  });
});
