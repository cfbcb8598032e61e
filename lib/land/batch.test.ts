import assert from "node:assert/strict";
import { parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { NIL } from "uuid";
import { failedEvents } from "../catalog.ts";
import { events } from "../events.ts";
import { BatchBuilder, DEFAULT_LIMITS, type Message } from "./batch.ts";
import type { StagedFile } from "./commits.ts";
import { readRefused } from "../refused.ts";

const NOON = Date.UTC(2026, 0, 31, 12);

const envelope = {
  event_id: "0190163d-8694-739b-aea5-966c26f8ad91",
  event_type: "purchase_sword",
  received_at: "2026-01-31T11:59:59.123Z",
  player: "user1",
  params: { metal: "gold", power_level: "100", magical: "False", colour: "red" },
  headers: { Accept: "*/*", Host: "user1.att.com", "User-Agent": "ab/2.3" },
  remote_addr: "127.0.0.1",
};

function message(value: unknown, offset = 7, timestamp = NOON): Message {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return { offset: String(offset), timestamp: String(timestamp), value: Buffer.from(text) };
}

function batchOf(...messages: Message[]) {
  const builder = new BatchBuilder("game_events", 1);
  for (const each of messages) builder.push(each);
  return builder.finish();
}

async function rowsOf({ data }: StagedFile): Promise<Record<string, unknown>[]> {
  return parquetReadObjects({ file: new Uint8Array(data).buffer, compressors });
}

/** The only file of a batch of one message, and its only row. */
async function landed(one: Message): Promise<{ table: string; day: string; row: Record<string, unknown> }> {
  const [file, ...others] = batchOf(one).files;
  assert.deepEqual(others, []);
  const [row] = await rowsOf(file!);
  return { table: file!.table, day: file!.day, row: row! };
}

describe("new BatchBuilder(topic, partition).push(message)", () => {
  it("puts each field of an event into its column", async () => {
    const { table, day, row } = await landed(message(envelope));
    assert.equal(table, "sword_purchases");
    assert.equal(day, "2026-01-31");
    assert.deepEqual(row, {
      raw_event: JSON.stringify(envelope),
      timestamp: new Date(NOON),
      accept: "*/*",
      host: "user1.att.com",
      user_agent: "ab/2.3",
      session: null,
      occurred_at: null,
      definition: null,
      event_type: "purchase_sword",
      metal: "gold",
      power_level: 100,
      magical: false,
      remote_addr: "127.0.0.1",
      event_id: envelope.event_id,
      player: "user1",
      received_at: new Date("2026-01-31T11:59:59.123Z"),
      kafka_partition: 1,
      kafka_offset: 7n,
    });
  });

  it("writes null for absent parameters and headers, and empty text for an empty parameter", async () => {
    const { row } = await landed(message({ ...envelope, params: { metal: "" }, headers: {} }));
    const { metal, power_level, magical, accept, host, user_agent } = row;
    assert.deepEqual(
      [metal, power_level, magical, accept, host, user_agent],
      ["", null, null, null, null, null],
    );
  });

  it("makes one file for each table and day, by Kafka's timestamp in UTC", () => {
    const midnight = Date.UTC(2026, 1, 1);
    const { files, last, last_timestamp } = batchOf(
      message(envelope, 1, midnight - 1),
      message({ ...envelope, event_type: "join_a_guild" }, 2, midnight - 1),
      message("?", 3, midnight - 1),
      message(envelope, 5, midnight),
      message(envelope, 6, midnight - 1),
    );
    assert.deepEqual(
      files.map(({ table, day, rows }) => [table, day, rows]),
      [
        ["sword_purchases", "2026-01-31", 2],
        ["guild_joins", "2026-01-31", 1],
        ["failed_events", "2026-01-31", 1],
        ["sword_purchases", "2026-02-01", 1],
      ],
    );
    assert.deepEqual([last, last_timestamp], [6, midnight - 1]);
  });

  it("makes a row of every event type of the catalogue, in the columns of its table", async () => {
    for (const { type, table } of events) {
      const found = await landed(message({ ...envelope, event_type: type, params: {} }));
      assert.deepEqual([found.table, found.row.event_type, found.row.player], [table, type, "user1"]);
    }
  });

  const without = (name: string) =>
    Object.fromEntries(Object.entries(envelope).filter(([key]) => key !== name));
  const failures: [string, string, string][] = [
    ["text that is not JSON", "{'a': 1}", "the message: expected JSON, got \"{'a': 1}\""],
    ["an empty message", "", 'the message: expected JSON, got ""'],
    ["a list", "[1, 2]", "the message: expected a JSON object, got [1,2]"],
    ["null", "null", "the message: expected a JSON object, got null"],
    [
      "an unknown event",
      JSON.stringify({ ...envelope, event_type: "sell_sword" }),
      'event_type: expected one of default, purchase_sword, join_a_guild, got "sell_sword"',
    ],
    [
      "an inherited name as event type",
      JSON.stringify({ ...envelope, event_type: "__proto__" }),
      'event_type: expected one of default, purchase_sword, join_a_guild, got "__proto__"',
    ],
    [
      "fields hidden in __proto__",
      `{"__proto__": ${JSON.stringify(envelope)}}`,
      "event_type: expected one of default, purchase_sword, join_a_guild, got nothing",
    ],
    ["no parameters", JSON.stringify(without("params")), "params: expected a JSON object, got nothing"],
    ["no headers", JSON.stringify({ ...envelope, headers: "a" }), 'headers: expected a JSON object, got "a"'],
    [
      "a header that is not text",
      JSON.stringify({ ...envelope, headers: { Host: 5 } }),
      "headers.Host: expected text, got 5",
    ],
    ["a player that is not text", JSON.stringify({ ...envelope, player: 7 }), "player: expected text, got 7"],
    [
      "a client's time that is no time",
      JSON.stringify({ ...envelope, occurred_at: "noon" }),
      'occurred_at: expected a time like 2026-01-31T12:00:00.000Z, got "noon"',
    ],
    [
      "the nil UUID",
      JSON.stringify({ ...envelope, event_id: NIL }),
      `event_id: expected an id of this event alone, got "${NIL}"`,
    ],
    [
      "two values that do not fit",
      JSON.stringify({ ...envelope, params: { power_level: "x", magical: "y" } }),
      'params.power_level: expected an integer from -2147483648 to 2147483647, got "x"; params.magical: expected true or false, got "y"',
    ],
    [
      "a day that does not exist",
      JSON.stringify({ ...envelope, received_at: "2026-02-31T00:00:00.000Z" }),
      'received_at: expected a time like 2026-01-31T12:00:00.000Z, got "2026-02-31T00:00:00.000Z"',
    ],
    [
      "a parameter that does not fit",
      JSON.stringify({ ...envelope, params: { power_level: "2147483648" } }),
      'params.power_level: expected an integer from -2147483648 to 2147483647, got "2147483648"',
    ],
    [
      "a parameter that is not text",
      JSON.stringify({ ...envelope, params: { power_level: 50 } }),
      "params.power_level: expected text, as sent, got 50",
    ],
    [
      "a value that is nested very deeply",
      `[{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}]`,
      `the message: expected JSON (at most 100 levels, names of at most 20000 characters), got "[{\\"a\\":${"[".repeat(94)}… (200008 characters)"`,
    ],
  ];
  for (const [subject, text, reason] of failures) {
    it(`lands ${subject} as a failed event with the reason`, async () => {
      const { table, row } = await landed(message(text));
      assert.equal(table, failedEvents.table);
      assert.deepEqual(row, {
        raw_event: text,
        timestamp: new Date(NOON),
        reason,
        topic: "game_events",
        kafka_partition: 1,
        kafka_offset: 7n,
      });
    });
  }

  describe("of the failed topic", () => {
    async function refused(text: string): Promise<Record<string, unknown>> {
      const builder = new BatchBuilder("failed_events", 1, DEFAULT_LIMITS, readRefused);
      builder.push(message(text));
      assert.equal(builder.failed, 1);
      const [file, ...others] = builder.finish().files;
      assert.deepEqual([file!.table, others], [failedEvents.table, []]);
      return (await rowsOf(file!))[0]!;
    }

    it("lands the reason and raw text inside the message, at the message's own position", async () => {
      const raw = JSON.stringify({ ...envelope, params: { power_level: "many" } });
      assert.deepEqual(await refused(JSON.stringify({ reason: "power_level: too many", raw })), {
        raw_event: raw,
        timestamp: new Date(NOON),
        reason: "power_level: too many",
        topic: "failed_events",
        kafka_partition: 1,
        kafka_offset: 7n,
      });
    });

    for (const [text, reason] of [
      ["{", 'the message: expected JSON, got "{"'],
      [JSON.stringify(envelope), "reason: expected text, got nothing"],
      ['{"reason":"r","raw":{}}', "raw: expected text, got {}"],
      ['{"__proto__":{"reason":"r","raw":"x"}}', "reason: expected text, got nothing"],
    ] as const) {
      it(`lands ${text.slice(0, 40)} with the stream's own reason`, async () => {
        const row = await refused(text);
        assert.deepEqual([row.raw_event, row.reason], [text, reason]);
      });
    }
  });

  it("ignores a parameter called __proto__ like any unknown parameter", async () => {
    const text = JSON.stringify(envelope).replace('"colour"', '"__proto__"');
    const { table, row } = await landed(message(text));
    assert.deepEqual([table, row.raw_event, row.metal], ["sword_purchases", text, "gold"]);
  });

  it("lands a message without a value with null as raw_event", async () => {
    const { table, row } = await landed({ ...message(""), value: null });
    assert.deepEqual([table, row.raw_event], [failedEvents.table, null]);
    assert.equal(row.reason, "the message: expected JSON, got no value");
  });

  it("lands bytes that are not UTF-8 with replacements", async () => {
    const { row } = await landed({ ...message(""), value: Buffer.from([0x61, 0xff, 0x62]) });
    assert.equal(row.raw_event, "a\ufffdb");
    assert.match(String(row.reason), /expected UTF-8/);
  });

  it("lands a message without a usable timestamp as a failed event of 1970", async () => {
    for (const timestamp of [-1, 253402300800000, NaN]) {
      const { table, day, row } = await landed(message(envelope, 7, timestamp));
      assert.deepEqual([table, day], [failedEvents.table, "1970-01-01"]);
      assert.equal(row.reason, `Kafka's timestamp: expected a time from 1970 to 9999, got ${timestamp}`);
    }
  });

  it("shortens its quotation from a long message", async () => {
    const { row } = await landed(message("x".repeat(1_000_000)));
    assert.ok(String(row.reason).length < 200);
    assert.equal(String(row.raw_event).length, 1_000_000);
  });

  it("is full by rows, by bytes, and by files", () => {
    const fill = (limits: object, next: (i: number) => Message): number => {
      const builder = new BatchBuilder("t", 0, { ...DEFAULT_LIMITS, ...limits });
      let pushed = 0;
      for (; !builder.full; pushed++) builder.push(next(pushed));
      return pushed;
    };
    assert.equal(
      fill({ maxRows: 10 }, () => message(envelope)),
      10,
    );
    assert.equal(
      fill({ maxBytes: 1000 }, () => message("x".repeat(400))),
      3,
    );
    assert.equal(
      fill({ maxFiles: 5 }, (i) => message(envelope, i, i * 86_400_000)),
      5,
    );
  });
});
