import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import fc from "fast-check";
import { columnsOf, type RetentionPolicy } from "../catalog.ts";
import { events } from "../events.ts";
import { readEvent } from "../envelope.ts";
import { receive } from "./receive.ts";
import { createRetention, type PersonalFields } from "./retention.ts";

const secret = "sixteen characters, or more";
const hmac = (text: string) => createHmac("sha256", secret).update(text).digest("hex").slice(0, 32);

function envelope(fields: Partial<Record<"player" | "remote_addr", string>>, headers = {}, params = {}) {
  return {
    player: "",
    remote_addr: "",
    ...fields,
    headers: new Map<string, string>(Object.entries(headers)),
    params: new Map<string, string>(Object.entries(params)),
  } satisfies PersonalFields;
}

function retained(overrides: string, from: PersonalFields) {
  const { player, remote_addr, headers, params } = createRetention({ overrides, secret }).retain(from);
  return { player, remote_addr, headers: Object.fromEntries(headers), params: Object.fromEntries(params) };
}

describe("createRetention({ policies, overrides, secret })", () => {
  it("keeps all by default, without touching the envelope", () => {
    const { retain, retainText, changes } = createRetention();
    const from = envelope({ player: "ann" }, { Host: "ann.example:5000", Referer: "http://ann.example/" });
    assert.equal(retain(from), from);
    assert.equal(retainText("{ann"), "{ann");
    assert.deepEqual(changes, []);
  });

  it("takes the catalogue's policies, and lets the environment override them", () => {
    const policies = { player: "drop", user_agent: "drop" } as const;
    const { retain } = createRetention({ policies, overrides: "user_agent=keep" });
    const { player, headers } = retain(envelope({ player: "ann" }, { "User-Agent": "curl/8" }));
    assert.deepEqual([player, [...headers]], ["", [["User-Agent", "curl/8"]]]);
  });

  for (const [policy, player, kept] of [
    ["drop", "ann", ""],
    ["truncate", "annabelle of the hills", "annabelle of the"],
    ["truncate", "ann", "ann"],
    ["truncate", "😀".repeat(20), "😀".repeat(16)],
    ["truncate", "192.0.2.77", "192.0.2.0"],
    ["hash", "ann", hmac("ann")],
    ["hash", "", ""],
  ] as const) {
    it(`makes "${kept}" of the player "${player}" by ${policy}, also where it is a parameter`, () => {
      const { player: stored, params } = retained(
        `player=${policy}`,
        envelope({ player }, {}, { a: "1", player }),
      );
      assert.equal(stored, kept);
      assert.deepEqual(params, policy === "drop" ? { a: "1" } : { a: "1", player: kept });
    });
  }

  for (const [address, kept] of [
    ["203.0.113.77", "203.0.113.0"],
    ["127.0.0.1", "127.0.0.0"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1::"],
    ["::1", "::"],
    ["fe80::1:2%eth0", "fe80::"],
    ["", ""],
  ] as const) {
    it(`cuts the address "${address}" to "${kept}"`, () => {
      assert.equal(retained("remote_addr=truncate", envelope({ remote_addr: address })).remote_addr, kept);
    });
  }

  for (const [policy, headers] of [
    ["keep", { Host: "ann.example:5000", Origin: "http://ann.example" }],
    ["drop", {}],
    ["truncate", { Host: "ann.example" }],
    ["hash", { Host: hmac("ann.example") }],
  ] as const) {
    it(`treats Host as the player, and leaves out what repeats it, by player=${policy}`, () => {
      const from = envelope(
        { player: "ann.example" },
        { Host: "ann.example:5000", Origin: "http://ann.example" },
      );
      const { player, headers: kept } = retained(`player=${policy}`, from);
      assert.deepEqual(kept, headers);
      if (policy === "hash") assert.equal(player, kept.Host);
    });
  }

  it("drops headers that repeat a changed address or browser, unless a policy names them", () => {
    const from = envelope(
      { remote_addr: "192.0.2.1" },
      {
        "User-Agent": "Mozilla/5.0 (X11; Linux)",
        "Sec-Ch-Ua-Platform": '"Linux"',
        "X-Forwarded-For": "198.51.100.7, 192.0.2.1",
        "X-Real-Ip": "198.51.100.7",
        "X-Other": "kept",
      },
    );
    const { remote_addr, headers } = retained(
      "remote_addr=truncate,user_agent=truncate,X-Real-Ip=truncate",
      from,
    );
    assert.equal(remote_addr, "192.0.2.0");
    assert.deepEqual(headers, {
      "User-Agent": "Mozilla/5.0 (X11",
      "X-Real-Ip": "198.51.100.0",
      "X-Other": "kept",
    });
  });

  it("drops text that is not an envelope, if any policy is not keep", () => {
    assert.equal(createRetention({ overrides: "Referer=truncate" }).retainText("{ann"), "");
  });

  it("lists its changes, so that a start can log them", () => {
    assert.deepEqual(
      createRetention({ overrides: " player = hash , Accept-Language=drop", secret }).changes,
      [
        "Host=hash",
        "Origin=drop",
        "Referer=drop",
        "X-Forwarded-Host=drop",
        "player=hash",
        "Accept-Language=drop",
      ],
    );
  });

  it("lets the name of a player appear nowhere, and keeps equal players equal, for any names", () => {
    const name = fc.string({ unit: "grapheme", minLength: 4 }).filter((text) => !/^[\da-f.: ]*$/.test(text));
    fc.assert(
      fc.property(name, fc.constantFrom<RetentionPolicy>("drop", "hash"), (player, policy) => {
        const from = () => envelope({ player }, { Host: `${player}:5000`, Referer: player }, { player });
        const [once, again] = [retained(`player=${policy}`, from()), retained(`player=${policy}`, from())];
        assert.deepEqual(once, again);
        for (const text of [once.player ?? "", ...Object.values(once.headers), ...Object.values(once.params)])
          assert.ok(!text.includes(player));
      }),
    );
  });

  for (const [overrides, message] of [
    ["player", 'QUESTLOG_RETENTION: expected player=keep|drop|truncate|hash, got "player"'],
    ["player=mask", 'QUESTLOG_RETENTION: expected player=keep|drop|truncate|hash, got "mask"'],
    [
      "player=hash=drop",
      'QUESTLOG_RETENTION: expected player=keep|drop|truncate|hash, got "player=hash=drop"',
    ],
    [
      "remote_adr=drop",
      'QUESTLOG_RETENTION: expected remote_addr, user_agent, player or a header as in Accept-Language, got "remote_adr"',
    ],
    [
      "Cookie=keep",
      "QUESTLOG_RETENTION: expected remote_addr, user_agent, player or a header as in Accept-Language, " +
        'got "Cookie", which is never kept',
    ],
  ] as const) {
    it(`refuses "${overrides}"`, () => {
      assert.throws(
        () => createRetention({ overrides, secret }),
        ({ message: text }: Error) => text.startsWith(message),
      );
    });
  }

  it("refuses to hash without a secret, or with a short secret, which it does not show", () => {
    for (const weak of [undefined, "shortsecret"])
      assert.throws(
        () => createRetention({ overrides: "player=hash", secret: weak }),
        ({ message }: Error) =>
          /^QUESTLOG_RETENTION_SECRET: expected at least 16 characters/.test(message) &&
          !message.includes("shortsecret"),
      );
  });
});

describe("createRetention(…): the row that an event becomes", () => {
  const event = events.find(({ type }) => type === "purchase_sword")!;
  const headers = { host: "user1.example:5000", "user-agent": "Mozilla/5.0 (X11; Linux)", accept: "*/*" };

  /** The columns with personal values, and whether the raw event is the message. */
  function rowOf(policy: RetentionPolicy) {
    const overrides = `player=${policy},user_agent=${policy},remote_addr=${policy}`;
    const retention = createRetention({ overrides, secret });
    const facts = { query: "metal=gold", headers, remoteAddr: "192.0.2.77", retention };
    const { message } = receive(event, facts);
    const { values } = readEvent(message, { timestamp: 0, partition: 0, offset: 0 });
    const row = Object.fromEntries(columnsOf(event).map(({ name }, i) => [name, values[i]]));
    assert.equal(row.raw_event, message);
    return [row.player, row.host, row.user_agent, row.remote_addr, row.accept, row.metal];
  }

  for (const [policy, personal] of [
    ["keep", ["user1.example", "user1.example:5000", "Mozilla/5.0 (X11; Linux)", "192.0.2.77"]],
    ["drop", ["", null, null, ""]],
    ["truncate", ["user1.example", "user1.example", "Mozilla/5.0 (X11", "192.0.2.0"]],
    [
      "hash",
      [hmac("user1.example"), hmac("user1.example"), hmac("Mozilla/5.0 (X11; Linux)"), hmac("192.0.2.77")],
    ],
  ] as const) {
    it(`lands with what ${policy} leaves, and has the message as raw_event`, () => {
      assert.deepEqual(rowOf(policy), [...personal, "*/*", "gold"]);
    });
  }
});
