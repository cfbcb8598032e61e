// kafkajs's own encoder and decoder of batches, with the codecs of this module.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import "./kafka-codecs.ts";

const require = createRequire(import.meta.url);
const Decoder = require("kafkajs/src/protocol/decoder.js") as new (bytes: Buffer) => object;
const { RecordBatch } = require("kafkajs/src/protocol/recordBatch/v0/index.js") as {
  RecordBatch: (batch: object) => Promise<{ buffer: Buffer }>;
};
const RecordEncoder = require("kafkajs/src/protocol/recordBatch/record/v0/index.js") as (r: object) => object;
const decodeMessages = require("kafkajs/src/protocol/requests/fetch/v4/decodeMessages.js") as (
  decoder: object,
) => Promise<{ offset: string; value: Buffer; timestamp: string }[]>;

const CODECS = ["none", "gzip", "snappy", "lz4", "zstd"];
const RECORDS_AT = 61; // in a batch
const VALUES = ["first", "", "ü".repeat(5_000), "last"];

/** A batch at offset 7 with the values, as a fetch returns it. */
async function batch(compression: number, values = VALUES): Promise<Buffer> {
  const records = values.map((value, offsetDelta) =>
    RecordEncoder({ offsetDelta, timestampDelta: 0, value, headers: {} }),
  );
  const { buffer } = await RecordBatch({
    compression,
    firstTimestamp: 1_700_000_000_000,
    maxTimestamp: 1_700_000_000_000,
    lastOffsetDelta: values.length - 1,
    records,
  });
  buffer.writeBigInt64BE(7n, 0);
  return buffer;
}

async function read(...batches: Buffer[]): Promise<{ offset: string; value: string; timestamp: string }[]> {
  const bytes = Buffer.concat(batches);
  const length = Buffer.alloc(4);
  length.writeInt32BE(bytes.length);
  const messages = await decodeMessages(new Decoder(Buffer.concat([length, bytes])));
  return messages.map(({ offset, value, timestamp }) => ({ offset, value: String(value), timestamp }));
}

/** The batch with another byte in the middle of its records. */
function damaged(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy.fill(0xa5, RECORDS_AT + 4, RECORDS_AT + 29);
  return copy;
}

describe("compressed batches", () => {
  for (const [number, name] of CODECS.entries())
    it(`are read with the codec ${name}`, async () => {
      const messages = await read(await batch(number));
      assert.deepEqual(
        messages.map(({ value }) => value),
        VALUES,
      );
      assert.deepEqual(
        messages.map(({ offset }) => offset),
        ["7", "8", "9", "10"],
      );
    });

  it("are read as Java's producers write snappy: blocks behind a header", async () => {
    const { compress } = await import("snappy");
    const plain = await batch(0, ["a".repeat(100), "b".repeat(100)]);
    const snappy = await batch(2, ["a".repeat(100), "b".repeat(100)]);
    const records = plain.subarray(RECORDS_AT);
    const header = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1]);
    const half = Math.floor(records.length / 2);
    const blocks = await Promise.all(
      [records.subarray(0, half), records.subarray(half)].map(async (part) => {
        const block = await compress(part);
        const length = Buffer.alloc(4);
        length.writeInt32BE(block.length);
        return [length, block];
      }),
    );
    const whole = Buffer.concat([snappy.subarray(0, RECORDS_AT), header, ...blocks.flat()]);
    whole.writeInt32BE(whole.length - 12, 8);
    const messages = await read(whole);
    assert.deepEqual(
      messages.map(({ value }) => value[0]),
      ["a", "b"],
    );
  });

  for (const number of [1, 2, 3, 4])
    it(`with damaged bytes of ${CODECS[number]} become one message, and the next batch is read`, async () => {
      const [bad, good] = [damaged(await batch(number)), await batch(number, ["good"])];
      const [message, next, ...others] = await read(bad, good);
      assert.match(
        message!.value,
        new RegExp(
          `^a batch that cannot be decoded: ${CODECS[number]}, ${bad.length} bytes, offsets \\[7, 11\\): `,
        ),
      );
      assert.deepEqual([message!.offset, message!.timestamp], ["7", "1700000000000"]);
      assert.equal(next!.value, "good");
      assert.deepEqual(others, []);
    });

  it("with an unknown codec become one message", async () => {
    const bytes = await batch(0);
    bytes.writeInt16BE(7, 21);
    assert.match((await read(bytes))[0]!.value, /^a batch that cannot be decoded: an unknown codec, /);
  });
});
