import assert from "node:assert/strict";
import type { IncomingHttpHeaders } from "node:http";
import { MAX, NIL, validate, version } from "uuid";
import type { EventDefinition } from "../catalog.ts";
import { events } from "../events.ts";
import type { Envelope } from "../envelope.ts";
import { receive } from "./receive.ts";
import type { Refusal } from "./refusal.ts";
import { createRetention } from "./retention.ts";

const EVENT_ID = "a UUID, other than the nil UUID and the max UUID";
const definition = (type: string) => events.find((event) => event.type === type) as EventDefinition;
const sword = definition("purchase_sword");
const received = (query: string, headers: IncomingHttpHeaders = { host: "user1.att.com" }, event = sword) =>
  receive(event, { query, headers, remoteAddr: "127.0.0.1" });
const envelope = (query: string, headers?: IncomingHttpHeaders) =>
  JSON.parse(received(query, headers).message) as Envelope;

describe("receive(event, request): the envelope", () => {
  it("has the fields of an Envelope, parameters nested", () => {
    const { event_id, received_at, ...rest } = envelope("metal=gold&event_type=join_a_guild");
    assert.equal(version(event_id), 7);
    assert.equal(new Date(received_at).toISOString(), received_at);
    assert.deepEqual(rest, {
      event_type: "purchase_sword",
      player: "user1.att.com",
      params: { metal: "gold", event_type: "join_a_guild" },
      headers: { Host: "user1.att.com" },
      remote_addr: "127.0.0.1",
      definition: sword.version,
    });
  });

  it("gives each event its own id, greater than the ids before", () => {
    const ids = Array.from({ length: 100 }, () => received("").eventId);
    assert.deepEqual(ids, [...new Set(ids)].sort());
    assert.ok(ids.every(validate));
  });

  it("takes the client's own event_id, in lower case", () => {
    const id = "0190B1C2-7E5F-4ABC-8DEF-0123456789AB";
    assert.equal(envelope(`event_id=${id}`).event_id, id.toLowerCase());
    assert.equal(received(`event_id=${id}`).eventId, id.toLowerCase());
  });

  it("writes the parameters in the order of the query, also __proto__", () => {
    const { message } = received("10=a&9=b&__proto__=c");
    assert.ok(message.includes('"params":{"10":"a","9":"b","__proto__":"c"}'), message);
  });

  for (const [query, host, player] of [
    ["", "user1.att.com:5000", "user1.att.com"],
    ["", "[::1]:5000", "[::1]"],
    ["", "[::1]", "[::1]"],
    ["", undefined, null],
    ["player=ann", "user1.att.com", "ann"],
    ["player=", "user1.att.com", "user1.att.com"],
  ] as const) {
    it(`calls the player ${JSON.stringify(player)} for ?${query} and Host ${host}`, () => {
      const event = received(query, { host });
      assert.equal(event.player, player);
      assert.equal((JSON.parse(event.message) as Envelope).player, player);
    });
  }

  it("reads headers as UTF-8 if their bytes are UTF-8, otherwise as Latin-1", () => {
    const utf8 = (text: string) => Buffer.from(text).toString("latin1"); // as node:http hands it over
    const agent = "Safari (Ergänzendes Update)";
    const { headers, player } = envelope("", {
      host: utf8("müller.example:5000"),
      "user-agent": utf8(agent),
    });
    assert.deepEqual(
      [headers["User-Agent"], headers.Host, player],
      [agent, "müller.example:5000", "müller.example"],
    );
    assert.equal(envelope("", { host: "müller.example" }).player, "müller.example");
  });

  it("names headers in Title-Case and joins repeated ones", () => {
    const headers = {
      host: "h",
      "user-agent": "curl/8",
      "x-forwarded-for": "a, b",
      "set-cookie": ["a=1", "b=2"],
    };
    assert.deepEqual(envelope("", headers).headers, {
      Host: "h",
      "User-Agent": "curl/8",
      "X-Forwarded-For": "a, b",
      "Set-Cookie": "a=1, b=2",
    });
  });
});

describe("receive(event, request): the retention", () => {
  it("has no secret header, under any policy", () => {
    const headers = {
      host: "h",
      authorization: "Bearer s3cret",
      "proxy-authorization": "s3cret",
      cookie: "id=s3cret",
      "write-key": "s3cret",
    };
    const { message } = received("", headers);
    assert.deepEqual((JSON.parse(message) as Envelope).headers, { Host: "h" });
    assert.doesNotMatch(message, /s3cret/);
  });

  it("applies the retention to the message and its key; the reply echoes the sent values", () => {
    const retention = createRetention({ overrides: "player=truncate,remote_addr=truncate" });
    const facts = { query: "player=annabelle+of+the+hills", headers: {}, remoteAddr: "127.0.0.1" };
    const { player, message, reply } = receive(sword, { ...facts, retention });
    const { player: stored, params, remote_addr } = JSON.parse(message) as Envelope;
    assert.deepEqual(
      [player, stored, params, remote_addr],
      ["annabelle of the", "annabelle of the", { player: "annabelle of the" }, "127.0.0.0"],
    );
    assert.equal(reply, 'Sword Purchased: {"player": "annabelle of the hills"}\n');
  });

  it("applies the retention to a refused event too", () => {
    const retention = createRetention({ overrides: "player=drop" });
    const facts = { query: "magical=maybe&player=ann", headers: { host: "ann.example" }, remoteAddr: "::1" };
    assert.throws(
      () => receive(sword, { ...facts, retention }),
      ({ refused }: Refusal) => {
        const { player, params, headers } = JSON.parse(refused.raw) as Envelope;
        assert.deepEqual([player, params, headers], ["", { magical: "maybe" }, {}]);
        return true;
      },
    );
  });
});

describe("receive(event, request): the reply", () => {
  for (const [type, query, reply] of [
    ["default", "", "This is the default response!\n"],
    ["default", "a=1", "This is the default response!\n"],
    ["purchase_sword", "", "Sword Purchased\n"],
    ["purchase_sword", "&", "Sword Purchased\n"],
    [
      "purchase_sword",
      "metal=copper&power_level=50&magical=True",
      'Sword Purchased: {"metal": "copper", "power_level": "50", "magical": "True"}\n',
    ],
    ["purchase_sword", "metal=", 'Sword Purchased: {"metal": ""}\n'],
    ["purchase_sword", "b=1&10=2&b=3", 'Sword Purchased: {"b": "1", "10": "2"}\n'],
    ["join_a_guild", "", "Joined a Guild!\n"],
    ["join_a_guild", "region=cali", 'Joined a guild! {"region": "cali"}\n'],
    // The rest is Python's json.dumps of the same text, byte for byte.
    ["join_a_guild", "region=%F0%9F%98%80%C3%A9", 'Joined a guild! {"region": "\\ud83d\\ude00\\u00e9"}\n'],
    [
      "join_a_guild",
      "r=%22%5C%2F%0A%00%1F%7F",
      'Joined a guild! {"r": "\\"\\\\/\\n\\u0000\\u001f\\u007f"}\n',
    ],
    ["join_a_guild", "r=%E2%80%A8%FF", 'Joined a guild! {"r": "\\u2028\\ufffd"}\n'],
    ["join_a_guild", "%C3%A9=1", 'Joined a guild! {"\\u00e9": "1"}\n'],
  ] as const) {
    it(`of ${type} to ?${query}`, () => {
      assert.equal(received(query, {}, definition(type)).reply, reply);
    });
  }
});

describe("receive(event, request): refused values", () => {
  for (const [query, field, expected, value] of [
    ["power_level=abc", "power_level", "an integer from -2147483648 to 2147483647", "abc"],
    ["power_level=", "power_level", "an integer from -2147483648 to 2147483647", ""],
    ["power_level=2147483648", "power_level", "an integer from -2147483648 to 2147483647", "2147483648"],
    ["magical=maybe", "magical", "true or false", "maybe"],
    ["event_id=7", "event_id", EVENT_ID, "7"],
    [`event_id=${NIL}`, "event_id", EVENT_ID, NIL],
    [`event_id=${MAX.toUpperCase()}`, "event_id", EVENT_ID, MAX.toUpperCase()],
  ] as const) {
    it(`throws field, expectation and value for ?${query}`, () => {
      assert.throws(() => received(query), {
        name: "Refusal",
        message: `${field}: expected ${expected}, got ${JSON.stringify(value)}`,
        field,
        expected,
        got: value,
      });
    });
  }

  it("names each value that does not fit, not only the first", () => {
    assert.throws(
      () => received("power_level=abc&magical=maybe&event_id=7"),
      ({ message, others }: Refusal) => {
        assert.match(message, /^power_level: .* got "abc"; magical: .* got "maybe"; event_id: .* got "7"$/);
        assert.deepEqual(
          others.map(({ field }) => field),
          ["magical", "event_id"],
        );
        return true;
      },
    );
  });

  it("takes the client's time in any form, and writes it in UTC", () => {
    for (const text of ["2026-01-31T12:00:00%2B01:00", "2026-01-31T11:00:00.000999Z", "1769857200000"])
      assert.equal(envelope(`occurred_at=${text}`).occurred_at, "2026-01-31T11:00:00.000Z");
    const ahead = (minutes: number) => `occurred_at=${Date.now() + minutes * 60_000}`;
    assert.ok(envelope(ahead(9)).occurred_at);
    assert.throws(
      () => received(ahead(11)),
      /occurred_at: expected .* at most 10 minutes ahead of this server/,
    );
    assert.throws(() => received("occurred_at=yesterday"), /got "yesterday"/);
  });

  it("takes the first value of a repeated name", () => {
    assert.equal(envelope("power_level=1&power_level=abc").params.power_level, "1");
  });
});
