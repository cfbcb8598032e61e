/**
 * Drill "large": bodies beyond the limit, by one byte, without a length, and only once unpacked.
 */
import { gzipSync } from "node:zlib";
import { load } from "../traffic/load.ts";
import type { Drill, DrillOptions, Figures } from "../drill/drill.ts";
import { type Child, openPipeline } from "../testbed/pipeline.ts";
import { askRaw } from "../testbed/raw.ts";

const TIMES = { full: 20, short: 5 }; // each kind of body
const WARM_UP = 10_000; // good requests before the memory is measured: it grows for that long anyway
const BOMB_BYTES = 200_000_000; // 200 KB as it is sent
const ENDLESS_BYTES = 200_000_000; // at most; the answer comes long before
const PIECE = Buffer.alloc(64_000, "x");
const MAX_ANSWER_MS = 1_000;
const MAX_RSS_GROWTH_MB = 40; // a fifth of one such body; what was read up to the limit is garbage for a while
const SAMPLE_MS = 10;

export const large: Drill = {
  name: "large",
  what: "bodies one byte too long, without a length, and gzip bombs: 413 or 415 within 1 s, and nothing is kept",
  run: runLarge,
};

async function runLarge({ short }: DrillOptions): Promise<Figures> {
  const pipeline = await openPipeline("large");
  try {
    const api = await pipeline.startApi();
    const port = pipeline.apiPort;
    await load(`${pipeline.apiUrl}/join_a_guild`, { requests: WARM_UP, concurrency: 8 });
    const limit = await bodyLimit(port);
    const figures: Figures = { body_limit_bytes: limit };
    const growthMb = await rssGrowthMb(api, async () => {
      for (const { kind, head, body } of bodies(limit)) {
        const slowestMs = await sendTimes(short ? TIMES.short : TIMES.full, port, { kind, head, body });
        figures[`${kind}_max_ms`] = Number(slowestMs.toFixed(1));
      }
    });
    if (growthMb >= MAX_RSS_GROWTH_MB)
      throw new Error(`RSS: expected less than ${MAX_RSS_GROWTH_MB} MB more, got ${growthMb.toFixed(1)} MB`);
    return { ...figures, rss_growth_max_mb: Number(growthMb.toFixed(1)) };
  } finally {
    await pipeline.close();
  }
}

/** Sends a body so many times; resolves with the slowest answer's time. */
async function sendTimes(times: number, port: number, { kind, head, body }: Body): Promise<number> {
  let slowestMs = 0;
  for (let i = 0; i < times; i++) {
    const answer = await askRaw(port, withHead(head, body()), { patienceMs: MAX_ANSWER_MS });
    if (![413, 415].includes(answer.statuses[0] ?? 0))
      throw new Error(`${kind}: expected 413 or 415, got ${answer.statuses.join(", ") || "no answer"}`);
    slowestMs = Math.max(slowestMs, answer.firstByteMs ?? Infinity);
  }
  if (slowestMs > MAX_ANSWER_MS)
    throw new Error(`${kind}: expected an answer within ${MAX_ANSWER_MS} ms, got ${slowestMs.toFixed(0)} ms`);
  return slowestMs;
}

interface Body {
  kind: string;
  head: string; // request line and headers, without the empty line
  body: () => Iterable<Buffer>;
}

function bodies(limit: number): Body[] {
  const post = "POST /events HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n";
  const bomb = gzipSync(Buffer.alloc(BOMB_BYTES));
  const over = limit + 1;
  return [
    { kind: "one_byte_over", head: `${post}Content-Length: ${over}`, body: () => pieces(over) },
    {
      kind: "one_byte_over_get",
      head: `GET / HTTP/1.1\r\nHost: a\r\nContent-Length: ${over}`,
      body: () => pieces(over),
    },
    { kind: "only_announced", head: `${post}Content-Length: ${10 ** 15}`, body: () => [] },
    {
      kind: "without_length",
      head: `${post}Transfer-Encoding: chunked`,
      body: () => chunks(pieces(ENDLESS_BYTES)),
    },
    {
      kind: "gzip_bomb",
      head: `${post}Content-Encoding: gzip\r\nContent-Length: ${bomb.length}`,
      body: () => [bomb],
    },
    {
      kind: "gzip_bomb_without_length",
      head: `${post}Content-Encoding: gzip\r\nTransfer-Encoding: chunked`,
      body: () => chunks([bomb]),
    },
  ];
}

/** The API's own word for how many bytes a body of POST /events may have. */
async function bodyLimit(port: number): Promise<number> {
  const { text } = await askRaw(port, [
    `POST /events HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${10 ** 15}\r\n\r\n`,
  ]);
  const limit = /at most (\d+) bytes/.exec(text)?.[1];
  if (limit === undefined)
    throw new Error(`expected a 413 that tells the limit ("at most … bytes"), got ${text}`);
  return Number(limit);
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
