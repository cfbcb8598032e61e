/**
 * Drill "slow": sockets that send a byte now and then and never finish, while honest players play.
 */
import { connect, type Socket } from "node:net";
import { HOST } from "../settings.ts";
import { load, type Totals } from "../traffic/load.ts";
import type { Drill, DrillOptions, Figures } from "../drill/drill.ts";
import { openPipeline, type Pipeline } from "../testbed/pipeline.ts";

const SOCKETS = { full: 500, short: 100 }; // of each kind
const BASELINE_MS = { full: 15_000, short: 4_000 };
const WARM_UP = 2_000;
const PLAYERS = 4;
const DRIP_MS = 1_000; // between two bytes of one socket
const GROUPS = 10; // of sockets that drip at the same moment
const CUT_LIMIT_MS = { headers: 25_000, bodies: 50_000 }; // the API's 10 and 30 s, and what it takes to notice
const MAX_P99_FACTOR = 3;

export const slow: Drill = {
  name: "slow",
  what: "500 sockets with slow headers and 500 with slow bodies: honest players' p99 stays below 3 times its own, and all are cut",
  run: runSlow,
};

type Kind = keyof typeof CUT_LIMIT_MS;

const OPENINGS: Record<Kind, string> = {
  headers: "GET /join_a_guild HTTP/1.1\r\nHost: a\r\nX-Slow: ",
  bodies:
    "POST /events HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 50000\r\n\r\n",
};

async function runSlow({ short, say }: DrillOptions): Promise<Figures> {
  const pipeline = await openPipeline("slow");
  const sockets = short ? SOCKETS.short : SOCKETS.full;
  try {
    await pipeline.startApi();
    await load(`${pipeline.apiUrl}/join_a_guild`, { requests: WARM_UP, concurrency: PLAYERS });
    const baseline = await play(pipeline, AbortSignal.timeout(short ? BASELINE_MS.short : BASELINE_MS.full));
    say(`slow: p99 without attack ${baseline.p99_ms} ms`);
    const attacked = new AbortController();
    const playing = play(pipeline, attacked.signal);
    const [headersMs, bodiesMs] = await Promise.all([
      attack(pipeline, "headers", sockets),
      attack(pipeline, "bodies", sockets),
    ]).finally(() => attacked.abort());
    const totals = await playing;
    for (const { failures, statuses } of [baseline, totals])
      if (failures > 0)
        throw new Error(`honest requests: expected only 200, got ${JSON.stringify(statuses)}`);
    if (!short && totals.p99_ms > MAX_P99_FACTOR * baseline.p99_ms)
      throw new Error(
        `p99: expected at most ${MAX_P99_FACTOR} times ${baseline.p99_ms} ms, got ${totals.p99_ms} ms`,
      );
    return {
      slow_header_sockets: sockets,
      slow_body_sockets: sockets,
      headers_cut_after_max_ms: Math.round(headersMs),
      bodies_cut_after_max_ms: Math.round(bodiesMs),
      honest_requests: totals.requests,
      honest_p99_before_ms: baseline.p99_ms,
      honest_p99_ms: totals.p99_ms,
    };
  } finally {
    await pipeline.close();
  }
}

function play({ apiUrl }: Pipeline, signal: AbortSignal): Promise<Totals> {
  return load(`${apiUrl}/purchase_sword?metal=gold`, { requests: Infinity, concurrency: PLAYERS, signal });
}

/** Opens the sockets and lets them drip; resolves when the API has cut all, with how long the last one lived. */
async function attack({ apiPort: port }: Pipeline, kind: Kind, count: number): Promise<number> {
  const started = performance.now();
  const open = new Set<Socket>();
  let lastMs = 0;
  const cut = Array.from({ length: count }, () => {
    const socket = connect({ port, host: HOST, allowHalfOpen: true }); // an attacker does not end its side for a 408
    open.add(socket);
    socket.write(OPENINGS[kind]);
    socket.on("error", () => socket.destroy());
    socket.resume();
    return new Promise<void>((resolve) =>
      socket.once("close", () => {
        open.delete(socket);
        lastMs = performance.now() - started;
        resolve();
      }),
    );
  });
  let turn = 0;
  const drip = setInterval(() => {
    turn++;
    for (const [i, socket] of [...open].entries()) if (i % GROUPS === turn % GROUPS) socket.write("x");
  }, DRIP_MS / GROUPS);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () =>
        reject(
          new Error(
            `slow ${kind}: expected all cut within ${CUT_LIMIT_MS[kind]} ms, got ${open.size} still open`,
          ),
        ),
      CUT_LIMIT_MS[kind],
    );
  });
  try {
    await Promise.race([Promise.all(cut), late]);
    return lastMs;
  } finally {
    clearInterval(drip);
    clearTimeout(timer);
    for (const socket of open) socket.destroy();
  }
}
