import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { crc32C, encodeRecord, groupMessages, original, type RecordFields } from "./kafka-encoding.ts";

describe("the replaced functions of kafkajs", () => {
  it("make the same record as kafkajs, for each kind of key and value", () => {
    const texts = ["", "a", "ä", "😀".repeat(20), "x".repeat(63), "x".repeat(64), "x".repeat(9_000)];
    const parts = [null, ...texts, ...texts.map((text) => Buffer.from(text)), randomBytes(70_000)];
    for (const key of parts)
      for (const value of parts)
        for (const offsetDelta of [0, 1, 63, 64, 999, 100_000])
          assert.ok(
            encodeRecord({ key, value, offsetDelta }).buffer.equals(
              original.encodeRecord({ key, value, offsetDelta }).buffer,
            ),
            `key ${String(key)}, value ${String(value)}, offset ${offsetDelta}`,
          );
  });

  it("make the same record as kafkajs without a key, with headers, and with a time of its own", () => {
    const records: RecordFields[] = [
      { value: "v" },
      { value: "v", key: "k", headers: { a: "1", b: "" } },
      { value: "v", headers: {} },
      { value: "v", timestampDelta: 12_345 },
      { value: "v", timestampDelta: -1 },
    ];
    for (const record of records)
      assert.deepEqual(
        encodeRecord(record).buffer,
        original.encodeRecord(record).buffer,
        JSON.stringify(record),
      );
  });

  it("make the same checksum as kafkajs, for each length", () => {
    assert.equal(crc32C(Buffer.from("123456789")), 0xe3069283); // the published check value
    for (let length = 0; length < 300; length++) {
      const bytes = randomBytes(length);
      assert.equal(crc32C(bytes), original.crc32C(bytes));
    }
    for (const byte of [0, 0x7f, 0x80, 0xff]) {
      const bytes = Buffer.alloc(1_001, byte);
      assert.equal(crc32C(bytes), original.crc32C(bytes));
    }
  });

  it("give each partition its messages in their order", () => {
    const messages = Array.from({ length: 100 }, (_, value) => ({ value }));
    const partitioner = ({ message }: { message: unknown }) => (message as { value: number }).value % 3;
    const all = { topic: "t", partitionMetadata: [0, 1, 2], messages, partitioner };
    assert.deepEqual(groupMessages(all), original.groupMessages(all));
    const none = { ...all, partitionMetadata: [] };
    assert.deepEqual(groupMessages(none), original.groupMessages(none));
  });
});
