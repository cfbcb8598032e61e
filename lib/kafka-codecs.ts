/**
 * Compressed batches of any producer → messages: snappy, lz4 and zstd beside kafkajs's gzip.
 *
 * kafkajs fails a whole fetch if it cannot decode one batch, and fetches the same batch for ever.
 * So a batch that cannot be decoded becomes one message at the batch's first offset. Its value says
 * the reason, the offsets and the number of bytes. It is no event, so the stream lands it as a
 * failed event. This module replaces kafkajs's decoder before kafkajs loads it: import it first.
 */
import { createRequire } from "node:module";
import { promisify } from "node:util";
import { zstdCompress, zstdDecompress } from "node:zlib";
import { compressFrame, decompressFrame } from "lz4-napi";
import { compress, uncompress } from "snappy";

interface Codec {
  compress: (encoder: { buffer: Buffer }) => Promise<Buffer>;
  decompress: (bytes: Buffer) => Promise<Buffer>;
}

/** The codecs by Kafka's numbers. */
const CODECS: Record<number, { name: string; codec?: Codec }> = {
  0: { name: "none" },
  1: { name: "gzip" },
  2: {
    name: "snappy",
    codec: { compress: ({ buffer }) => compress(buffer), decompress: unsnap },
  },
  3: {
    name: "lz4",
    codec: { compress: ({ buffer }) => compressFrame(buffer), decompress: decompressFrame },
  },
  4: {
    name: "zstd",
    codec: {
      compress: ({ buffer }) => promisify(zstdCompress)(buffer),
      decompress: (bytes) => promisify(zstdDecompress)(bytes),
    },
  },
};

const XERIAL = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0]); // Java's snappy stream
const XERIAL_HEADER = 16; // bytes: the magic, and two versions of 4 bytes

/** Snappy as Java's producers write it: blocks, each behind its length; or one block without. */
async function unsnap(bytes: Buffer): Promise<Buffer> {
  if (!bytes.subarray(0, XERIAL.length).equals(XERIAL)) return (await uncompress(bytes)) as Buffer;
  const blocks: Buffer[] = [];
  for (let at = XERIAL_HEADER; at < bytes.length;) {
    const end = at + 4 + bytes.readInt32BE(at);
    blocks.push((await uncompress(bytes.subarray(at + 4, end))) as Buffer);
    at = end;
  }
  return Buffer.concat(blocks);
}

/** A part of kafkajs: reads a buffer from its beginning on. */
interface Decoder {
  buffer: Buffer;
  offset: number;
}

interface RecordBatch {
  records: object[];
}

// Places in a batch: https://kafka.apache.org/documentation/#recordbatch
const LENGTH_AT = 8;
const ATTRIBUTES_AT = 21;
const LAST_OFFSET_DELTA_AT = 23;
const FIRST_TIMESTAMP_AT = 27;
const MAX_TIMESTAMP_AT = 35;
const PRODUCER_ID_AT = 43;
const CODEC_MASK = 0x07;
const LOG_APPEND_TIME_MASK = 0x08;
const TRANSACTIONAL_MASK = 0x10;

/** The batch of one message that stands for `bytes`, a whole batch that cannot be decoded. */
function undecodable(bytes: Buffer, error: Error): RecordBatch {
  const attributes = bytes.readInt16BE(ATTRIBUTES_AT);
  const firstOffset = bytes.readBigInt64BE(0);
  const lastOffsetDelta = bytes.readInt32BE(LAST_OFFSET_DELTA_AT);
  const codec = CODECS[attributes & CODEC_MASK]?.name ?? "an unknown codec";
  const maxTimestamp = bytes.readBigInt64BE(MAX_TIMESTAMP_AT);
  const isAppendTime = (attributes & LOG_APPEND_TIME_MASK) !== 0;
  const timestamp = isAppendTime ? maxTimestamp : bytes.readBigInt64BE(FIRST_TIMESTAMP_AT);
  const end = firstOffset + BigInt(lastOffsetDelta) + 1n;
  const batchContext = {
    firstOffset: String(firstOffset),
    lastOffsetDelta,
    maxTimestamp: String(maxTimestamp),
    producerId: String(bytes.readBigInt64BE(PRODUCER_ID_AT)),
    inTransaction: (attributes & TRANSACTIONAL_MASK) !== 0,
    isControlBatch: false,
  };
  const record = {
    attributes: 0,
    timestamp: String(timestamp),
    offset: String(firstOffset),
    key: null,
    value: Buffer.from(
      `a batch that cannot be decoded: ${codec}, ${bytes.length} bytes, offsets [${firstOffset}, ${end}): ${error.message}`,
    ),
    headers: {},
    isControlRecord: false,
    batchContext,
  };
  return { ...batchContext, records: [record] };
}

const require = createRequire(import.meta.url);
const { Codecs } = require("kafkajs/src/protocol/message/compression/index.js") as {
  Codecs: Record<number, () => Codec>;
};
for (const [number, { codec }] of Object.entries(CODECS)) if (codec) Codecs[Number(number)] = () => codec;

const path = require.resolve("kafkajs/src/protocol/recordBatch/v0/decoder.js");
const decode = require(path) as (decoder: Decoder) => Promise<RecordBatch>;
require.cache[path]!.exports = async (decoder: Decoder): Promise<RecordBatch> => {
  const { buffer, offset } = decoder;
  try {
    const batch = await decode(decoder);
    const codec = buffer.readInt16BE(offset + ATTRIBUTES_AT) & CODEC_MASK;
    if (!(codec in CODECS)) throw new Error(`Kafka has no codec ${codec}`); // kafkajs reads it as "none"
    return batch;
  } catch (error) {
    if ((error as Error).name === "KafkaJSPartialMessageError") throw error;
    const length = buffer.readInt32BE(offset + LENGTH_AT) + LENGTH_AT + 4;
    return undecodable(buffer.subarray(offset, offset + length), error as Error);
  }
};
