import assert from "node:assert/strict";
import { NOT_UTF8 } from "../land/batch.ts";
import { MAX_RAW_BYTES } from "../refused.ts";
import { assess, type FailedEvent } from "./failed.ts";

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

describe("assess(failed)", () => {
  it("accepts an event that fits the present catalogue, whatever the reason of its failure", () => {
    const raw = JSON.stringify(envelope);
    assert.deepEqual(assess(failed(raw)), {
      fits: true,
      raw,
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
      'params.power_level: expected an integer from -2147483648 to 2147483647, got "many"',
    ],
    ["text that is no event", failed("sell all"), 'the message: expected JSON, got "sell all"'],
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

  it("returns the event_id as its table has it", () => {
    const now = assess(failed(JSON.stringify({ ...envelope, event_id: "half \ud83d" })));
    assert.ok(now.fits);
    assert.equal(now.event_id, "half \ufffd");
  });
});
