import assert from "node:assert/strict";
import { once } from "node:events";
import { type IncomingMessage, request as httpRequest } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import fc from "fast-check";
import type { Envelope } from "../envelope.ts";
import { events } from "../events.ts";
import { createApi } from "./api.ts";
import { Unavailable, type AcceptedBy } from "./batcher.ts";
import { Metrics } from "./api-metrics.ts";
import { createCors } from "./cors.ts";
import type { PostAnswer } from "./post.ts";
import { readRefused, type RefusedRecord } from "../refused.ts";
import { type Listener, serve } from "./serve.ts";

const ID = "0190b1c2-7e5f-7abc-8def-0123456789ab";

// The API listens for real. Only Kafka's acknowledgements come from the test.
describe("POST /events", () => {
  let listener: Listener;
  let published: { message: string; key: string | null }[];
  let kept: (RefusedRecord & { key: string | null })[];
  let publish: (message: string, key: string | null) => Promise<AcceptedBy>;
  let metrics: Metrics;

  beforeEach(async () => {
    published = [];
    kept = [];
    metrics = new Metrics();
    publish = (message, key) => {
      published.push({ message, key });
      return Promise.resolve("kafka");
    };
    const api = createApi({
      publish: (message, key) => publish(message, key),
      keepRefused: (message, key) => {
        kept.push({ ...readRefused(message), key });
        return Promise.resolve(true);
      },
      whyNotReady: () => null,
      metrics,
      cors: createCors([]),
    });
    listener = await serve(api, 0);
  });
  afterEach(() => listener.close());

  async function post(body: unknown, headers: Record<string, string> = {}, method = "POST") {
    const request = httpRequest({
      port: listener.port,
      path: "/events",
      method,
      headers: { Host: "user1.att.com:5000", "Content-Type": "application/json", ...headers },
      agent: false,
    }).end(typeof body === "string" || Buffer.isBuffer(body) ? body : JSON.stringify(body));
    const [response] = (await once(request, "response")) as [IncomingMessage];
    const answer = await text(response);
    return {
      status: response.statusCode,
      headers: response.headers,
      json: (answer === "" ? {} : JSON.parse(answer)) as PostAnswer & { error?: string; kept?: boolean },
    };
  }

  const envelopeOf = (i: number) => JSON.parse(published[i]?.message ?? "") as Envelope;
  const ndjson = { "Content-Type": "application/x-ndjson" };

  it("makes the same envelope of one object as a GET request makes, and names the event in a header", async () => {
    const params = { metal: "gold", power_level: 50, magical: true };
    const event = { event_type: "purchase_sword", event_id: ID.toUpperCase(), player: "ann", params };
    const { status, headers, json } = await post(event, { "User-Agent": "curl/8" });
    assert.deepEqual([status, headers["event-id"]], [200, ID]);
    const verdicts = [{ event_id: ID, verdict: "accepted" }];
    assert.deepEqual(json, { accepted: 1, doubles: 0, refused: 0, unavailable: 0, verdicts });
    assert.equal(published[0]?.key, "ann");
    const { received_at, headers: sent, ...rest } = envelopeOf(0);
    assert.equal(new Date(received_at).toISOString(), received_at);
    assert.deepEqual([sent.Host, sent["User-Agent"]], ["user1.att.com:5000", "curl/8"]);
    assert.deepEqual(rest, {
      event_id: ID,
      event_type: "purchase_sword",
      definition: events.find(({ type }) => type === "purchase_sword")!.version,
      player: "ann",
      params: { metal: "gold", power_level: "50", magical: "true" },
      remote_addr: "127.0.0.1",
    });
  });

  it("has no player and no key, and makes an id, if the event lacks them", async () => {
    const { json } = await post({ event_type: "default" });
    assert.deepEqual([published[0]?.key, envelopeOf(0).player], [null, null]);
    assert.equal(envelopeOf(0).event_id, json.verdicts[0]?.event_id);
  });

  it("accepts an event with parameters that its type lacks, and says that no column has them", async () => {
    const params = { metal: "gold", colour: "red", "é\\n": 1 };
    const { json } = await post([
      { event_type: "purchase_sword", params },
      { event_type: "default", params: { metal: "gold" } },
      { event_type: "purchase_sword", params: { metal: "gold" } },
    ]);
    assert.deepEqual(
      json.verdicts.map(({ verdict, warning }) => [verdict, warning]),
      [
        [
          "accepted",
          'params: expected only metal, power_level, magical, got "colour", "é\\\\n"; only the column raw_event has it',
        ],
        ["accepted", 'params: expected no parameters, got "metal"; only the column raw_event has it'],
        ["accepted", undefined],
      ],
    );
    assert.deepEqual(envelopeOf(0).params, { metal: "gold", colour: "red", "é\\n": "1" });
  });

  for (const [name, headers, join] of [
    ["an array", {}, (items: string[]) => `[${items.join(",")}]`],
    ["lines", ndjson, (items: string[]) => items.join("\r\n") + "\n\n"],
  ] as const) {
    it(`judges each event of ${name} by itself, in the order sent`, async () => {
      const items = [
        '{"event_type":"join_a_guild","params":{"region":"ny"},"player":"ann"}',
        `{"event_type":"purchase_sword","event_id":"${ID}","params":{"power_level":1.5}}`,
        '{"event_type":"join_a_guild","params":{"region":"cali"},"player":"ann"}',
      ];
      const { status, headers: answered, json } = await post(join(items), headers);
      assert.deepEqual([status, json.accepted, json.refused, json.unavailable], [200, 2, 1, 0]);
      assert.deepEqual(
        json.verdicts.map(({ verdict }) => verdict),
        ["accepted", "refused", "accepted"],
      );
      assert.deepEqual(json.verdicts[1], {
        event_id: ID,
        verdict: "refused",
        kept: true,
        error: 'power_level: expected an integer from -2147483648 to 2147483647, got "1.5"',
        field: "power_level",
        expected: "an integer from -2147483648 to 2147483647",
        value: "1.5",
      });
      assert.deepEqual([envelopeOf(0).params.region, envelopeOf(1).params.region], ["ny", "cali"]);
      assert.equal((JSON.parse(kept[0]!.raw) as Envelope).event_id, ID);
      assert.equal(answered["event-id"], undefined);
    });
  }

  it("keeps the order of params and names like __proto__, as GET does", async () => {
    await post('{"event_type":"default","params":{"10":"a","9":1e400,"__proto__":"c"}}');
    const { message = "" } = published[0] ?? {};
    assert.ok(message.includes('"params":{"10":"a","9":"1e400","__proto__":"c"}'), message);
  });

  for (const [item, error] of [
    ["5", 'event: expected a JSON object, got "5"'],
    ["{}", "event_type: expected text, got nothing"],
    [
      '{"event_type":"default","color":"red"}',
      'event: expected only event_type, event_id, occurred_at, player, session, params, got "color"',
    ],
    ['{"event_type":"default","event_type":"default"}', 'event: expected each name once, got "event_type"'],
    [
      '{"event_type":"default","__proto__":{}}',
      'event: expected only event_type, event_id, occurred_at, player, session, params, got "__proto__"',
    ],
    ['{"event_type":"default","player":7}', 'player: expected text, got "7"'],
    ['{"event_type":"default","params":[]}', 'params: expected a JSON object, got "[]"'],
    ['{"event_type":"default","params":{"a":1,"a":2}}', 'params: expected each name once, got "a"'],
    [
      '{"event_type":"constructor"}',
      'event_type: expected one of default, purchase_sword, join_a_guild, got "constructor"',
    ],
    [
      '{"event_type":"default","event_id":"7"}',
      'event_id: expected a UUID, other than the nil UUID and the max UUID, got "7"',
    ],
  ] as const) {
    it(`refuses and keeps ${item}, with the reason`, async () => {
      const { status, json } = await post(item);
      assert.deepEqual([status, json.refused, json.verdicts[0]?.error], [200, 1, error]);
      assert.deepEqual([kept[0]?.reason, kept[0]?.key], [error, null]);
      assert.deepEqual(published, []);
    });
  }

  it("keeps an event of an unknown type as its envelope, and any other text as it was sent", async () => {
    const odd = '{"event_type":"default", "color":1}';
    await post(`[{"event_type":"new_type","player":"ann","params":{"a":1}},${odd}]`);
    const { event_type, player, params } = JSON.parse(kept[0]!.raw) as Envelope;
    assert.deepEqual([event_type, player, params], ["new_type", "ann", { a: "1" }]);
    assert.equal(kept[1]?.raw, odd);
  });

  it("refuses a line that is not JSON, or too deep, and accepts the lines beside it", async () => {
    const good = '{"event_type":"default"}';
    const { status, json } = await post([good, '{"a":', "[".repeat(1000), good].join("\n"), ndjson);
    assert.deepEqual([status, json.accepted, json.refused], [200, 2, 2]);
    assert.equal(
      json.verdicts[1]?.error,
      'line: expected JSON (JSON, character 6: expected a JSON value, got the end), got "{\\"a\\":"',
    );
    assert.match(json.verdicts[2]?.error ?? "", /expected at most 32 levels/);
  });

  it("answers 400 to a body that is not JSON, and keeps 64 KiB of it in whole characters", async () => {
    const { status, json } = await post("€".repeat(30_000));
    assert.deepEqual([status, json.kept], [400, true]);
    assert.match(json.error ?? "", /^body: expected JSON \(JSON, character 1: /);
    assert.equal(kept[0]?.raw, "€".repeat(21_845));
  });

  it("refuses an event that is too large for Kafka, including its key", async () => {
    const { json } = await post({ event_type: "default", player: "x".repeat(300_000) });
    assert.equal(json.verdicts[0]?.expected, "at most 524288 bytes as a message with its key");
    assert.equal(kept[0]?.key?.length, 1000);
  });

  it("answers 200 with the spooled and unavailable events, and 503 with Retry-After if all are unavailable", async () => {
    let i = 0;
    publish = () => (i++ === 0 ? Promise.resolve("spool") : Promise.reject(new Unavailable("full", "no")));
    const other = "0190b1c2-7e5f-7abc-8def-0123456789ac";
    const body = [
      { event_type: "default", event_id: ID },
      { event_type: "default", event_id: other },
    ];
    const some = await post(body);
    assert.deepEqual([some.status, some.json.accepted, some.json.unavailable], [200, 1, 1]);
    assert.deepEqual(some.json.verdicts, [
      { event_id: ID, verdict: "accepted", spooled: true },
      { event_id: other, verdict: "unavailable", written: "no", error: "full" },
    ]);
    const none = await post([...body, {}]);
    assert.deepEqual([none.status, none.headers["retry-after"]], [503, "2"]);
    assert.deepEqual([none.json.accepted, none.json.refused, none.json.unavailable], [0, 1, 2]);
    i = 0;
    const single = await post(body[0]);
    assert.equal(single.headers["event-spooled"], "true");
  });

  it("accepts an empty list", async () => {
    const { status, json } = await post("[]");
    assert.deepEqual(
      [status, json],
      [200, { accepted: 0, doubles: 0, refused: 0, unavailable: 0, verdicts: [] }],
    );
  });

  it("accepts 1,000 events and answers 413 to 1,001", async () => {
    const { json } = await post(Array.from({ length: 1000 }, () => ({ event_type: "default" })));
    assert.equal(json.accepted, 1000);
    const more = await post('{"event_type":"default"}\n'.repeat(1001), ndjson);
    assert.deepEqual([more.status, more.json.error], [413, "body: expected at most 1000 events, got 1001"]);
    assert.equal(published.length, 1000);
  });

  it("answers 413 to a body one byte beyond 1 MiB, and takes one byte less", async () => {
    const list = "[" + " ".repeat(1024 * 1024 - 2) + "]";
    assert.equal((await post(list)).status, 200);
    const { status, headers, json } = await post(list + " ");
    assert.deepEqual([status, headers.connection], [413, "close"]);
    assert.equal(json.error, "body: expected at most 1048576 bytes, got 1048577");
  });

  it("answers 413 to a body that never ends, and closes before it has read much of it", async () => {
    const socket = connect(listener.port, "127.0.0.1").setEncoding("latin1");
    socket.on("error", () => {}); // it is reset while it still writes
    socket.write(
      "POST /events HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
    );
    const chunk = "10000\r\n" + " ".repeat(0x10000) + "\r\n";
    let written = 0;
    const write = () => {
      while (!socket.destroyed && written < 100e6) {
        written += chunk.length;
        if (!socket.write(chunk)) {
          socket.once("drain", write);
          return;
        }
      }
    };
    write();
    let answer = "";
    socket.on("data", (part) => (answer += part.toString()));
    await new Promise((resolve) => socket.once("close", resolve));
    assert.match(answer, /^HTTP\/1\.1 413 Payload Too Large\r\n/);
    assert.ok(written < 100e6, `took ${written} bytes`);
  });

  for (const [headers, error] of [
    ...["text/html", "json", "application/json; charset=latin1", "multipart/form-data; boundary=a"].map(
      (type): [Record<string, string>, string] => [
        { "Content-Type": type },
        `Content-Type: expected one of application/json, application/x-ndjson, application/jsonl, text/plain, in UTF-8, got ${type}`,
      ],
    ),
    [
      { "Content-Type": "text/plain", Origin: "https://elsewhere.example" },
      "Content-Type: expected application/json from a page of https://elsewhere.example, got text/plain; QUESTLOG_CORS names the pages that may send it",
    ],
    [{ "Content-Encoding": "gzip" }, "Content-Encoding: expected identity, got gzip"],
  ] as [Record<string, string>, string][]) {
    it(`answers 415 to ${JSON.stringify(headers)}`, async () => {
      const { status, json } = await post("[]", headers);
      assert.deepEqual([status, json.error], [415, error]);
    });
  }

  for (const type of [
    'Application/JSON; charset="UTF-8"',
    "application/json;charset=utf8",
    "application/json; profile=x",
    "application/json;",
    "application/jsonl",
    "text/plain;charset=UTF-8",
  ])
    it(`takes the type ${type}`, async () => {
      const { status, json } = await post('{"event_type":"default"}', { "Content-Type": type });
      assert.deepEqual([status, json.accepted], [200, 1]);
    });

  it("takes a byte order mark before a body of JSON, and before each line", async () => {
    const event = '\ufeff{"event_type":"default"}';
    assert.equal((await post(event)).json.accepted, 1);
    assert.equal((await post(`${event}\n${event}`, ndjson)).json.accepted, 2);
  });

  it("refuses bytes that are not UTF-8, with their position, and accepts the other lines", async () => {
    const wrong = Buffer.concat([
      Buffer.from('{"event_type":"default","player":"'),
      Buffer.of(0xff),
      Buffer.from('"}'),
    ]);
    const { status, json } = await post(wrong);
    assert.deepEqual([status, json.error], [400, 'body: expected UTF-8, got "the byte 0xff at position 35"']);
    const lines = Buffer.concat([Buffer.from('{"event_type":"default"}\n'), wrong]);
    const { json: answer } = await post(lines, ndjson);
    assert.deepEqual([answer.accepted, answer.refused], [1, 1]);
    assert.equal(answer.verdicts[1]?.error, 'line: expected UTF-8, got "the byte 0xff at position 35"');
  });

  // PostHog/posthog#9368, apache/spark#55661: an emoji that a client cut in two.
  it("refuses half a character in each text, as it refuses wrong bytes, and accepts the other events", async () => {
    const halves = [
      '{"event_type":"default","player":"\\ud83d"}',
      '{"event_type":"default","session":"\\udd25"}',
      '{"event_type":"default","params":{"a\\ud83d":"1"}}',
      '{"event_type":"purchase_sword","params":{"metal":"gold \\ud83d"}}',
      '{"event_type":"default","params":{"any":{"deep":["\\uDD25\\uD83D"]}}}',
    ];
    const whole = '{"event_type":"default","player":"\\ud83d\\udd25 \\\\ud83d"}';
    const { json } = await post(`[${[...halves, whole].join(",")}]`);
    assert.deepEqual(
      json.verdicts.map(({ verdict }) => verdict),
      [...halves.map(() => "refused"), "accepted"],
    );
    assert.equal(
      json.verdicts[3]?.error,
      'event: expected text of whole characters, without half a surrogate pair, got "gold \\ud83d"',
    );
    assert.equal(published[0]?.key, "\u{1f525} \\ud83d");
    assert.deepEqual(
      kept.map(({ raw }) => raw),
      halves,
    );
  });

  it("refuses a name that Trino's JSON functions cannot read", async () => {
    const params = { ["k".repeat(60_000)]: "1" };
    const { json } = await post([{ event_type: "default", params }]);
    assert.match(
      json.verdicts[0]?.error ?? "",
      /^event: expected JSON \(at most 100 levels, names of at most/,
    );
  });

  it("names every misfit of an event", async () => {
    const { json } = await post({
      event_type: "purchase_sword",
      event_id: "7",
      params: { power_level: "x", magical: 1 },
    });
    const [{ error, others = [] } = { error: "" }] = json.verdicts;
    assert.match(error ?? "", /^power_level: .*; magical: .*; event_id: /);
    assert.deepEqual(
      others.map(({ field, value }) => [field, value]),
      [
        ["magical", "1"],
        ["event_id", "7"],
      ],
    );
  });

  it("takes null as no value, in each field and parameter", async () => {
    const nothing = { event_id: null, player: null, session: null, occurred_at: null, params: null };
    await post({ event_type: "purchase_sword", ...nothing });
    await post({ event_type: "purchase_sword", params: { metal: null, magical: true } });
    assert.deepEqual([envelopeOf(0).params, envelopeOf(0).player], [{}, null]);
    assert.deepEqual(envelopeOf(1).params, { magical: "true" });
  });

  it("judges numbers by their value, and refuses objects and lists for them", async () => {
    const of = (power_level: unknown) =>
      `{"event_type":"purchase_sword","params":{"power_level":${String(power_level)}}}`;
    const { json } = await post(["100.0", "1e2", "100.5", "[1]", "{}"].map(of).join("\n"), ndjson);
    assert.deepEqual(
      json.verdicts.map(({ verdict }) => verdict),
      ["accepted", "accepted", "refused", "refused", "refused"],
    );
    assert.match(json.verdicts[3]?.error ?? "", /^power_level: expected an integer .*, got "\[1\]"$/);
  });

  it("publishes an event that a body has twice once, and refuses another event of its id", async () => {
    const one = { event_type: "join_a_guild", event_id: ID, params: { region: "ny" } };
    const { json } = await post([
      one,
      one,
      { ...one, params: { region: "cali" } },
      { ...one, event_type: "default" },
    ]);
    assert.deepEqual(
      json.verdicts.map(({ verdict }) => verdict),
      ["accepted", "double", "refused", "refused"],
    );
    assert.deepEqual([json.accepted, json.doubles, json.refused, published.length], [1, 1, 2, 1]);
    assert.equal(json.verdicts[2]?.error, `event_id: expected an id of this event alone, got "${ID}"`);
  });

  it("answers 405 with Allow to other methods", async () => {
    const { status, headers, json } = await post("", {}, "PUT");
    assert.deepEqual([status, headers.allow], [405, "POST, OPTIONS"]);
    assert.equal(json.error, "method: expected POST or OPTIONS, got PUT");
    assert.equal((await post("", {}, "OPTIONS")).status, 204);
    assert.equal((await post("", {}, "GET")).status, 404);
  });

  it("counts each event and each refusal", async () => {
    await post([{ event_type: "default" }, { event_type: "default" }, {}]);
    await post("{");
    await post("[]", { "Content-Encoding": "gzip" });
    const text = await metrics.text();
    for (const line of [
      'questlog_events_accepted_total{type="default",way="kafka"} 2',
      'questlog_events_refused_total{reason="misfit"} 3',
    ])
      assert.ok(text.includes(`\n${line}\n`), line);
  });

  it("never answers 5xx, for any body", async () => {
    const odd = fc.constantFrom(
      '"\\ud800"',
      "1e999",
      "-0",
      '{"__proto__":null}',
      '"\u2028"',
      "[[]]",
      '{"a":{"a":{"a":1}}}',
      "9".repeat(500),
      "\\",
      '"',
      "{",
      "}",
      "]",
      ",",
      ":",
      "tru",
      "\u0000",
    );
    const field = fc.constantFrom("event_type", "event_id", "player", "params", "__proto__", "constructor");
    const value = fc.oneof(fc.json(), odd, fc.constantFrom('"default"', '"purchase_sword"'));
    const object = fc
      .array(fc.tuple(field, value), { maxLength: 5 })
      .map((members) => `{${members.map(([name, json]) => `"${name}":${json}`).join()}}`);
    const bytes = fc.uint8Array({ maxLength: 50 }).map((array) => Buffer.from(array).toString("latin1"));
    const body = fc.array(fc.oneof(object, odd, bytes), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(body, fc.constantFrom("[", "\n"), async (parts, form) => {
        const array = form === "[";
        const sent = Buffer.from(array ? `[${parts.join()}]` : parts.join("\n"), "latin1");
        const { status } = await post(sent, array ? {} : ndjson);
        assert.ok(status === 200 || status === 400, String(status));
      }),
      { numRuns: 200 },
    );
    assert.equal((await post({ event_type: "default" })).status, 200);
  }).timeout(60_000);
});
