// Requests with all kinds of mistakes in HTTP and JSON, against an API process of the test.
import assert from "node:assert/strict";
import { events } from "../events.ts";
import { isFull, printFigures } from "../testbed/full.fixture.ts";
import type { Child } from "../testbed/child.ts";
import { openPipeline, type Pipeline } from "../testbed/pipeline.ts";
import { askRaw } from "../testbed/raw.ts";
import { seeded } from "../testbed/seeded.ts";
import { load } from "../traffic/load.ts";
import { malformedRequest } from "./malformed-request.fixture.ts";

const REQUESTS = isFull ? 10_000 : 500;
const SEED = 1;
const AT_ONCE = 20;
const WARM_UP = 6_000; // good requests before the memory is measured: it grows for that long anyway
const MAX_RSS_GROWTH_MB = 50;
const MAX_GOOD_MS = 50;

describe("npm run api, under malformed requests", function () {
  this.timeout(10 * 60_000);
  let pipeline: Pipeline;
  let good: string; // the URL of a good request
  let api: Child;
  let rssBefore: number;
  let goodBeforeMs: number;
  let answers: Map<number, number>; // status → how often; 0: no answer
  let serverErrors: string[];

  before(async () => {
    pipeline = await openPipeline("malformed");
    api = await pipeline.startApi();
    good = pipeline.apiUrl + events[0]!.route;
    await load(good, { requests: WARM_UP, concurrency: 8 });
    goodBeforeMs = Math.max(...(await goodRequests(20)));
    rssBefore = api.rssBytes;
    answers = new Map();
    serverErrors = [];
  });
  after(() => pipeline.close());

  /** Sends the next request of `random`, and counts its answers. */
  async function send(random: () => number): Promise<void> {
    const { kind, pieces } = malformedRequest(random);
    const { statuses, text } = await askRaw(pipeline.apiPort, pieces, { pauseMs: pieces.length > 1 ? 2 : 0 });
    assert.ok(api.isRunning, `the API ended at a request of kind ${kind}:\n${api.log.slice(-20).join("\n")}`);
    for (const status of statuses.length > 0 ? statuses : [0]) {
      answers.set(status, (answers.get(status) ?? 0) + 1);
      if (status >= 500) serverErrors.push(`${status} to one of kind ${kind}: ${text.slice(-300)}`);
    }
  }

  /** The times of good requests, one after another; each must be answered 200. */
  async function goodRequests(count: number): Promise<number[]> {
    const times: number[] = [];
    for (let i = 0; i < count; i++) {
      const started = performance.now();
      const { status } = await fetch(good);
      times.push(performance.now() - started);
      assert.equal(status, 200);
    }
    return times;
  }

  it(`answers none of ${REQUESTS} with 5xx, refuses most of them with 4xx, and goes on running`, async () => {
    const random = seeded(SEED);
    let sent = 0;
    const worker = async () => {
      while (sent++ < REQUESTS) await send(random);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    assert.deepEqual(serverErrors, []);
    const counts = [...answers].sort(([a], [b]) => a - b);
    const refused = counts.reduce((sum, [status, count]) => sum + (status >= 400 ? count : 0), 0);
    assert.ok(refused > REQUESTS / 2, `expected more than half refused, got ${JSON.stringify(counts)}`);
    const named = counts.map(([status, count]) => [status === 0 ? "no_answer" : `status_${status}`, count]);
    printFigures({ requests: REQUESTS, ...(Object.fromEntries(named) as Record<string, number>) });
  });

  it("answers the next good request, and keeps no bad request in memory", async () => {
    const [goodMs = Infinity] = await goodRequests(1);
    const growthMb = (api.rssBytes - rssBefore) / 1e6;
    assert.ok(
      growthMb < MAX_RSS_GROWTH_MB,
      `RSS: expected less than ${MAX_RSS_GROWTH_MB} MB more, got ${growthMb}`,
    );
    if (isFull) assert.ok(goodMs <= MAX_GOOD_MS, `expected at most ${MAX_GOOD_MS} ms, got ${goodMs}`);
    printFigures({
      rss_growth_mb: Number(growthMb.toFixed(1)),
      good_before_max_ms: Number(goodBeforeMs.toFixed(1)),
      next_good_ms: Number(goodMs.toFixed(1)),
    });
  });
});
