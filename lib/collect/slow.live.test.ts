// Slow sockets send a byte now and then and never finish, while good players play.
import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { events } from "../events.ts";
import { HOST } from "../settings.ts";
import { isFull, printFigures } from "../testbed/full.fixture.ts";
import { openPipeline, type Pipeline } from "../testbed/pipeline.ts";
import { load, type Totals } from "../traffic/load.ts";
import { until } from "../until.ts";

const SOCKETS = isFull ? 500 : 100; // of each kind
const BASELINE_MS = isFull ? 15_000 : 4_000;
const WARM_UP = 2_000;
const PLAYERS = 4;
const DRIP_MS = 1_000; // between two bytes of one socket
const GROUPS = 10; // of sockets that drip at the same moment
const CUT_LIMIT_MS = { headers: 25_000, bodies: 50_000 }; // the API's 10 and 30 s, and a margin
const MAX_P99_FACTOR = 3;

type Kind = keyof typeof CUT_LIMIT_MS;

const OPENINGS: Record<Kind, string> = {
  headers: `GET ${events[0]!.route} HTTP/1.1\r\nHost: a\r\nX-Slow: `,
  bodies:
    "POST /events HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 50000\r\n\r\n",
};

describe("npm run api, under slow sockets", function () {
  this.timeout(150_000);
  let pipeline: Pipeline;

  before(async () => {
    pipeline = await openPipeline("slow");
    await pipeline.startApi();
    await load(pipeline.apiUrl + events[0]!.route, { requests: WARM_UP, concurrency: PLAYERS });
  });
  after(() => pipeline.close());

  it("cuts all slow sockets, and answers each good request with 200 meanwhile", async () => {
    const usual = await play(AbortSignal.timeout(BASELINE_MS));
    const attacked = new AbortController();
    const playing = play(attacked.signal);
    const [headersMs, bodiesMs] = await Promise.all([attack("headers"), attack("bodies")]).finally(() =>
      attacked.abort(),
    );
    const totals = await playing;
    for (const { failures, statuses, requests } of [usual, totals]) {
      assert.ok(requests > 0);
      assert.equal(failures, 0, JSON.stringify(statuses));
    }
    if (isFull)
      assert.ok(
        totals.p99_ms <= MAX_P99_FACTOR * usual.p99_ms,
        `p99: expected at most ${MAX_P99_FACTOR} times ${usual.p99_ms} ms, got ${totals.p99_ms} ms`,
      );
    printFigures({
      slow_header_sockets: SOCKETS,
      slow_body_sockets: SOCKETS,
      headers_cut_after_max_ms: Math.round(headersMs),
      bodies_cut_after_max_ms: Math.round(bodiesMs),
      honest_requests: totals.requests,
      honest_p99_before_ms: usual.p99_ms,
      honest_p99_ms: totals.p99_ms,
    });
  });

  function play(signal: AbortSignal): Promise<Totals> {
    const url = pipeline.apiUrl + events.at(-1)!.route;
    return load(url, { requests: Infinity, concurrency: PLAYERS, signal });
  }

  /**
   * Opens the slow sockets. Resolves when the API has cut all of them, with the age of the last
   * one.
   */
  async function attack(kind: Kind): Promise<number> {
    const port = pipeline.apiPort;
    const started = performance.now();
    const open = new Set<Socket>();
    let lastMs = 0;
    for (let i = 0; i < SOCKETS; i++) {
      const socket = connect({ port, host: HOST, allowHalfOpen: true }); // an attacker does not end its side for a 408
      open.add(socket);
      socket.write(OPENINGS[kind]);
      socket.on("error", () => socket.destroy());
      socket.resume();
      socket.once("close", () => {
        open.delete(socket);
        lastMs = performance.now() - started;
      });
    }
    let turn = 0;
    const drip = setInterval(() => {
      turn++;
      for (const [i, socket] of [...open].entries()) if (i % GROUPS === turn % GROUPS) socket.write("x");
    }, DRIP_MS / GROUPS);
    const ask = () => {
      if (open.size > 0) throw new Error(`${open.size} sockets are open`);
      return lastMs;
    };
    try {
      return await until(`the API cuts all slow ${kind}`, ask, { limitMs: CUT_LIMIT_MS[kind] });
    } finally {
      clearInterval(drip);
      for (const socket of open) socket.destroy();
    }
  }
});
