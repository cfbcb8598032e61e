// Bodies beyond the limit: by one byte, without a length, or only after decompression.
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { events } from "../events.ts";
import { isFull, printFigures } from "../testbed/full.fixture.ts";
import type { Child } from "../testbed/child.ts";
import { openPipeline, type Pipeline } from "../testbed/pipeline.ts";
import { askRaw } from "../testbed/raw.ts";
import { load } from "../traffic/load.ts";

const TIMES = isFull ? 20 : 5; // each kind of body
const WARM_UP = 10_000; // good requests before the memory is measured: it grows so long anyway
const BOMB_BYTES = 200_000_000; // 200 KB as it is sent
const ENDLESS_BYTES = 200_000_000; // at most; the answer comes long before the end
const PIECE = Buffer.alloc(64_000, "x");
const MAX_ANSWER_MS = 1_000;
const MAX_RSS_GROWTH_MB = 40; // a fifth of a body; bytes up to the limit are garbage for a while
const SAMPLE_MS = 10;

describe("npm run api, under large bodies", function () {
  this.timeout(120_000);
  let pipeline: Pipeline;
  let api: Child;

  before(async () => {
    pipeline = await openPipeline("large");
    api = await pipeline.startApi();
    await load(pipeline.apiUrl + events[0]!.route, { requests: WARM_UP, concurrency: 8 });
  });
  after(() => pipeline.close());

  it("takes a body of exactly the limit, and reads it to its end: the JSON is wrong", async () => {
    const limit = await bodyLimit(pipeline.apiPort);
    assert.deepEqual(await statusesOf(`${POST}Content-Length: ${limit}`, pieces(limit)), [400]);
  });

  it("answers 413 or 415 to each kind of larger body, at once, and keeps none in memory", async () => {
    const limit = await bodyLimit(pipeline.apiPort);
    const slowest: Record<string, number> = {};
    const growthMb = await rssGrowthMb(api, async () => {
      for (const { kind, head, body } of bodies(limit))
        slowest[`${kind}_max_ms`] = await slowestMs(kind, head, body);
    });
    assert.ok(
      growthMb < MAX_RSS_GROWTH_MB,
      `RSS: expected less than ${MAX_RSS_GROWTH_MB} MB more, got ${growthMb}`,
    );
    printFigures({ body_limit_bytes: limit, ...slowest, rss_growth_max_mb: Number(growthMb.toFixed(1)) });
  });

  async function statusesOf(head: string, body: Iterable<Buffer>): Promise<number[]> {
    const pieces = withHead(`${head}\r\nConnection: close`, body);
    return (await askRaw(pipeline.apiPort, pieces, { patienceMs: MAX_ANSWER_MS })).statuses;
  }

  /** Sends a body several times; resolves with the time of the slowest answer. */
  async function slowestMs(kind: string, head: string, body: Body["body"]): Promise<number> {
    let slowest = 0;
    for (let i = 0; i < TIMES; i++) {
      const pieces = withHead(head, body());
      const answer = await askRaw(pipeline.apiPort, pieces, { patienceMs: MAX_ANSWER_MS });
      assert.ok([413, 415].includes(answer.statuses[0] ?? 0), `${kind}: got ${answer.statuses.join(", ")}`);
      slowest = Math.max(slowest, answer.firstByteMs ?? Infinity);
    }
    if (isFull) assert.ok(slowest <= MAX_ANSWER_MS, `${kind}: got an answer after ${slowest} ms`);
    return Number(slowest.toFixed(1));
  }
});

const POST = "POST /events HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n";

interface Body {
  kind: string;
  head: string; // request line and headers, without the empty line
  body: () => Iterable<Buffer>;
}

function bodies(limit: number): Body[] {
  const bomb = gzipSync(Buffer.alloc(BOMB_BYTES));
  const over = limit + 1;
  return [
    { kind: "one_byte_over", head: `${POST}Content-Length: ${over}`, body: () => pieces(over) },
    {
      kind: "one_byte_over_get",
      head: `GET / HTTP/1.1\r\nHost: a\r\nContent-Length: ${over}`,
      body: () => pieces(over),
    },
    { kind: "only_announced", head: `${POST}Content-Length: ${10 ** 15}`, body: () => [] },
    {
      kind: "without_length",
      head: `${POST}Transfer-Encoding: chunked`,
      body: () => chunks(pieces(ENDLESS_BYTES)),
    },
    {
      kind: "gzip_bomb",
      head: `${POST}Content-Encoding: gzip\r\nContent-Length: ${bomb.length}`,
      body: () => [bomb],
    },
    {
      kind: "gzip_bomb_without_length",
      head: `${POST}Content-Encoding: gzip\r\nTransfer-Encoding: chunked`,
      body: () => chunks([bomb]),
    },
  ];
}

/** The limit in bytes of a body of POST /events, as the API's own answer names it. */
async function bodyLimit(port: number): Promise<number> {
  const { text } = await askRaw(port, [`${POST}Content-Length: ${10 ** 15}\r\n\r\n`]);
  const limit = Number(/at most (\d+) bytes/.exec(text)?.[1]);
  assert.ok(limit > 0, `expected a 413 that names the limit ("at most … bytes"), got ${text}`);
  return limit;
}

/** How far the memory rose at most while `work` was done. */
async function rssGrowthMb(api: Child, work: () => Promise<void>): Promise<number> {
  const before = api.rssBytes;
  let most = before;
  const sample = () => (most = Math.max(most, api.rssBytes));
  const timer = setInterval(sample, SAMPLE_MS);
  try {
    await work();
    return (sample() - before) / 1e6;
  } finally {
    clearInterval(timer);
  }
}

function* withHead(head: string, body: Iterable<Buffer>): Generator<string | Buffer> {
  yield `${head}\r\n\r\n`;
  yield* body;
}

function* pieces(bytes: number): Generator<Buffer> {
  for (let left = bytes; left > 0; left -= PIECE.length) yield PIECE.subarray(0, left);
}

function* chunks(parts: Iterable<Buffer>): Generator<Buffer> {
  for (const part of parts)
    yield Buffer.concat([Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from("\r\n")]);
  yield Buffer.from("0\r\n\r\n");
}
