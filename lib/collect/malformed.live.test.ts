/**
 * Drill "malformed": thousands of requests that are wrong in every way that HTTP and JSON allow.
 */
import { load } from "../traffic/load.ts";
import { type Drill, type DrillOptions, type Figures, seeded } from "../drill/drill.ts";
import { malformedRequest } from "./malformed-request.fixture.ts";
import { type Child, openPipeline, type Pipeline } from "../testbed/pipeline.ts";
import { askRaw } from "../testbed/raw.ts";

const REQUESTS = { full: 10_000, short: 500 };
const AT_ONCE = 20;
const WARM_UP = 6_000; // good requests before the memory is measured: it grows for that long anyway
const GOOD = "/join_a_guild?region=ny";
const MAX_RSS_GROWTH_MB = 50;
const MAX_GOOD_MS = 50;

export const malformed: Drill = {
  name: "malformed",
  what: "10,000 malformed requests: none is answered 5xx, the API lives, and the next good request is quick",
  run: runMalformed,
};

async function runMalformed({ short, seed, say }: DrillOptions): Promise<Figures> {
  const pipeline = await openPipeline("malformed");
  try {
    const api = await pipeline.startApi();
    const good = pipeline.apiUrl + GOOD;
    const requests = short ? REQUESTS.short : REQUESTS.full;
    await load(good, { requests: WARM_UP, concurrency: 8 });
    const usualMs = Math.max(...(await goodRequests(good, 20)));
    const rssBefore = api.rssBytes;
    const counts = await sendAll(pipeline, api, { requests, seed, say });
    const [goodMs = NaN] = await goodRequests(good, 1);
    const growthMb = (api.rssBytes - rssBefore) / 1e6;
    const serverErrors = Object.keys(counts).filter((status) => status.startsWith("status_5"));
    if (serverErrors.length > 0) throw new Error(`expected no 5xx, got ${serverErrors.join(", ")}`);
    if (growthMb >= MAX_RSS_GROWTH_MB)
      throw new Error(`RSS: expected less than ${MAX_RSS_GROWTH_MB} MB more, got ${growthMb.toFixed(1)} MB`);
    if (!short && !(goodMs <= MAX_GOOD_MS))
      throw new Error(`next good request: expected at most ${MAX_GOOD_MS} ms, got ${goodMs.toFixed(0)} ms`);
    return {
      requests,
      ...counts,
      rss_growth_mb: Number(growthMb.toFixed(1)),
      good_before_max_ms: Number(usualMs.toFixed(1)),
      next_good_ms: Number(goodMs.toFixed(1)),
    };
  } finally {
    await pipeline.close();
  }
}

/** Sends the requests that `seed` makes; resolves with how often each status came, and how often none. */
async function sendAll(
  { apiPort }: Pipeline,
  api: Child,
  { requests, seed, say }: { requests: number; seed: number; say: DrillOptions["say"] },
): Promise<Figures> {
  const random = seeded(seed);
  const counts: Record<string, number> = {};
  let sent = 0;
  const worker = async () => {
    while (sent < requests) {
      const { kind, pieces } = malformedRequest(random);
      if (++sent % 1000 === 0) say(`malformed: ${sent} requests sent`);
      const { statuses, text } = await askRaw(apiPort, pieces, { pauseMs: pieces.length > 1 ? 2 : 0 });
      if (!api.isRunning)
        throw new Error(`the API ended at a request of kind ${kind}:\n${api.log.slice(-20).join("\n")}`);
      const bad = statuses.find((status) => status >= 500);
      if (bad !== undefined) say(`malformed: ${bad} to one of kind ${kind}: ${text.slice(-300)}`);
      for (const name of statuses.length > 0 ? statuses.map((status) => `status_${status}`) : ["no_answer"])
        counts[name] = (counts[name] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** How long good requests take, one after another; each must be answered 200. */
async function goodRequests(url: string, count: number): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const started = performance.now();
    const { status } = await fetch(url);
    times.push(performance.now() - started);
    if (status !== 200) throw new Error(`good request: expected 200, got ${status}`);
  }
  return times;
}
