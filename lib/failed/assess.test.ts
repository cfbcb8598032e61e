import assert from "node:assert/strict";
import { isEventId } from "../envelope.ts";
import { events } from "../events.ts";
import { readItem, readJsonItems, receiveItem } from "../collect/items.ts";
import { receive } from "../collect/receive.ts";
import { Refusal } from "../collect/refusal.ts";
import { NOT_UTF8 } from "../land/batch.ts";
import { MAX_RAW_BYTES, refusedRecord } from "../refused.ts";
import { assess } from "./assess.ts";
import type { FailedEvent } from "./failed.ts";

const envelope = {
  event_id: "0190163d-8694-739b-aea5-966c26f8ad91",
  event_type: "purchase_sword",
  received_at: "2026-01-31T11:59:59.123Z",
  player: "user1",
  params: { metal: "gold" } as Record<string, string>,
  headers: {},
  remote_addr: "127.0.0.1",
};

function failed(raw_event: string | null, more: Partial<FailedEvent> = {}): FailedEvent {
  const place = { place: "failed_events/0/1", topic: "failed_events", kafka_partition: 0, kafka_offset: 1 };
  return { time: new Date(0), reason: "metal: expected silver", raw_event, ...place, ...more };
}

const EVENT_ID = 'event_id: expected a UUID, other than the nil UUID and the max UUID, got "7"';
const definition = events.find(({ type }) => type === envelope.event_type)!.version;
const origin = { headers: {}, remoteAddr: "127.0.0.1" };

/** The row of an event that the API refuses. */
function refusedNow(send: () => unknown): FailedEvent {
  try {
    send();
  } catch (error) {
    assert.ok(error instanceof Refusal, String(error));
    const { reason, raw } = refusedRecord(error.message, error.refused.raw);
    return failed(raw, { reason, time: new Date() });
  }
  assert.fail("not refused");
}

describe("assess(failed)", () => {
  it("accepts an event that fits the present catalogue, whatever the reason of its failure", () => {
    assert.deepEqual(assess(failed(JSON.stringify(envelope))), {
      fits: true,
      raw: JSON.stringify(envelope).replace('"params"', `"definition":"${definition}","params"`),
      event_id: envelope.event_id,
      event_type: "purchase_sword",
      player: "user1",
    });
  });

  const cut = JSON.stringify({ ...envelope, params: { metal: "ö".repeat(MAX_RAW_BYTES) } }).slice(
    0,
    MAX_RAW_BYTES / 2,
  );
  const unfit: [string, FailedEvent, string | RegExp][] = [
    [
      "a value that does not fit",
      failed(JSON.stringify({ ...envelope, params: { power_level: "many" } })),
      'power_level: expected an integer from -2147483648 to 2147483647, got "many"',
    ],
    [
      "text that is no event",
      failed("sell all", { reason: "body: expected JSON" }),
      'body: expected JSON (JSON, character 1: expected a JSON value, got "sell all"), got "sell all"',
    ],
    ["an id that the API refuses", failed(JSON.stringify({ ...envelope, event_id: "7" })), EVENT_ID],
    ["a message without a value", failed(null), "the message had no value"],
    [
      "an event whose text retention did not keep",
      failed(""),
      "its text was empty, or not kept (QUESTLOG_RETENTION)",
    ],
    [
      "a message that was not UTF-8, though its raw_event fits",
      failed(JSON.stringify({ ...envelope, player: "\ufffd" }), { reason: NOT_UTF8 }),
      "raw_event differs from the message, which was not UTF-8",
    ],
    [
      "a text that the API has shortened",
      failed("x".repeat(MAX_RAW_BYTES - 3)),
      "raw_event is incomplete: the API shortened it to 65533 bytes",
    ],
    [
      "a text that the API has shortened between two bytes of a character",
      failed(
        cut + "ö".repeat(MAX_RAW_BYTES).slice(0, Math.floor((MAX_RAW_BYTES - Buffer.byteLength(cut)) / 2)),
      ),
      /^raw_event is incomplete: the API shortened it to 6553[3-6] bytes/,
    ],
    [
      "a long message of the events' topic, which is complete",
      failed("x".repeat(MAX_RAW_BYTES), { topic: "game_events" }),
      /^the message: expected JSON, got "xxx/,
    ],
  ];
  for (const [subject, event, why] of unfit) {
    it(`refuses ${subject}`, () => {
      const now = assess(event);
      assert.ok(!now.fits);
      if (typeof why === "string") assert.equal(now.why, why);
      else assert.match(now.why, why);
    });
  }

  it("returns the event_id of another producer's message", () => {
    const raw = JSON.stringify({ ...envelope, event_id: "no UUID" });
    const now = assess(failed(raw, { topic: "game_events" }));
    assert.ok(now.fits);
    assert.equal(now.event_id, "no UUID");
  });

  const sword = events.find(({ type }) => type === "purchase_sword")!;
  const id = envelope.event_id;
  const queries = [
    "power_level=many&magical=maybe&player=ann",
    "metal=gold&event_id=7",
    "event_id=ffffffff-ffff-ffff-ffff-ffffffffffff",
    `occurred_at=tomorrow&event_id=${id}`,
    `occurred_at=2999-01-01T00:00:00.000Z&10=b&2=a`,
    "session=1&power_level=%ff",
  ];
  for (const query of queries)
    it(`gives the reason for which the API refused GET /purchase_sword?${query}`, () => {
      const refused = refusedNow(() => receive(sword, { query, ...origin }));
      assert.deepEqual(assess(refused), { fits: false, why: refused.reason });
    });

  const items = [
    "null",
    "[1]",
    "7",
    '"text"',
    "{}",
    '{"event_type": 7}',
    '{"event_type": "fly"}',
    '{"event_type": "default", "colour": "red"}',
    '{"event_type": "default", "event_type": "default"}',
    '{"event_type": "default", "params": [1]}',
    '{"event_type": "default", "params": {"a": 1, "a": 2}}',
    '{"event_type": "default", "event_id": "7"}',
    '{"event_type": "default", "event_id": {}}',
    '{"event_type": "purchase_sword", "params": {"power_level": 100.5, "magical": 7}}',
    '{"event_type": "default", "occurred_at": 99999999999999}',
    '{"event_type": "default"',
    JSON.stringify(envelope),
  ];
  for (const item of items)
    it(`gives the reason for which the API refused the item ${item}`, () => {
      for (const text of [item, `\ufeff${item}`]) {
        const refused = refusedNow(() => receiveItem(readItem(Buffer.from(text)), origin));
        assert.deepEqual(assess(refused), { fits: false, why: refused.reason });
      }
    });

  for (const body of [Buffer.from("[{]"), Buffer.from('{"event_type": "default\xff"}', "latin1")])
    it(`gives the reason for which the API refused the body ${body.toString("latin1")}`, () => {
      const refused = refusedNow(() => readJsonItems(body, origin));
      assert.deepEqual(assess(refused), { fits: false, why: refused.reason });
    });

  it("makes an event of an item that fits now, with the row's time and an id of its place", () => {
    const raw =
      '\ufeff{"event_type": "purchase_sword", "player": null, "params": {"metal": "gold", "power_level": 1e2}}';
    const time = new Date("2026-01-31T12:00:00.000Z");
    const refused = failed(raw, { time, reason: 'player: expected text, got "null"' });
    const now = assess(refused);
    assert.ok(now.fits);
    const { event_id, ...sent } = JSON.parse(now.raw) as Record<string, unknown>;
    assert.deepEqual(sent, {
      event_type: "purchase_sword",
      received_at: time.toISOString(),
      player: null,
      definition,
      params: { metal: "gold", power_level: "1e2" },
      headers: {},
      remote_addr: "",
    });
    assert.ok(isEventId(event_id));
    assert.deepEqual([now.event_id, now.player], [event_id, null]);
    assert.deepEqual(assess(refused), now);
    const others = [{ place: "failed_events/0/2" }, { time: new Date(0) }];
    for (const other of others) {
      const next = assess({ ...refused, ...other });
      assert.notEqual(next.fits && next.event_id, event_id);
    }
  });

  it("keeps the id, the time and the values of an item that fits now", () => {
    const raw = JSON.stringify({
      event_type: "trade",
      event_id: id.toUpperCase(),
      occurred_at: 0,
      player: "ann",
      session: "s",
    });
    const trade = { ...sword, type: "trade" };
    const reason = "event_type: expected one of default";
    const now = assess(failed(raw, { reason }), { catalogue: [trade] });
    assert.ok(now.fits);
    const { event_id, occurred_at, player, session } = JSON.parse(now.raw) as Record<string, unknown>;
    assert.deepEqual([event_id, occurred_at, player, session], [id, "1970-01-01T00:00:00.000Z", "ann", "s"]);
    assert.deepEqual([now.event_id, now.event_type, now.player], [id, "trade", "ann"]);
  });

  it("compares the client's time with the time of arrival, not with the present", () => {
    const [received_at, early, late] = ["11:00", "11:10", "11:11"].map(
      (time) => `2026-01-31T${time}:00.000Z`,
    );
    const at = (occurred_at: string) =>
      assess(failed(JSON.stringify({ ...envelope, received_at, occurred_at })));
    assert.equal(at(early!).fits, true);
    assert.equal(at(late!).fits, false);
  });

  it("lets an event wait while no stream may write its table", () => {
    const blocked = new Map([["sword_purchases", "table sword_purchases: a conflict"]]);
    assert.deepEqual(assess(failed(JSON.stringify(envelope)), { blocked }), {
      fits: false,
      why: "waiting: table sword_purchases: a conflict",
    });
  });
});
