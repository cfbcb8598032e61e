/**
 * The steps of the game's traffic → requests in the steps' order, one at a time, and their totals.
 *
 * A scenario counts the accepted requests of each event type, so that a caller can compare them
 * with later stages.
 */
import type { OutgoingHttpHeaders } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { events } from "../events.ts";
import { gameTraffic } from "../game-traffic.ts";
import { HOST, settings } from "../settings.ts";
import { load, newTally, type Tally, type Totals, totalsOf } from "./load.ts";
import { eventOf, paramsOf, type Step, trafficOf } from "./steps.ts";

const REQUESTS_PER_STEP = 10;
const traffic = trafficOf(events, gameTraffic);

/** The number of requests of `basic`, and of a round: "20", or "20 or 10" (odd or even rounds). */
export const requestCounts = {
  basic: traffic.basic.length * REQUESTS_PER_STEP,
  round: [...new Set([traffic.odd, traffic.even].map(({ length }) => length * REQUESTS_PER_STEP))].join(
    " or ",
  ),
};

/** The totals of a scenario; `accepted` counts the answers 200 by event type. */
export interface ScenarioTotals extends Totals {
  rounds: number;
  accepted: Record<string, number>;
  sent: SentStep[];
}

/** A step with its answers 200 in all rounds. */
export interface SentStep {
  event_type: string;
  host: string;
  params: Record<string, string>;
  accepted: number;
}

export interface ScenarioOptions {
  url?: string; // the API, e.g. "http://127.0.0.1:5000"
  headers?: OutgoingHttpHeaders; // for every request, e.g. a write key; the step sets Host
  session?: string; // of every event: by it, a query finds the events of this run
  signal?: AbortSignal; // ends the scenario early; it resolves with the totals so far
  /** Called after each round with the totals so far. */
  onRound?: (totals: ScenarioTotals) => void;
}

/** Sends the steps of `basic` once, 10 requests for each step. */
export function basic(options: ScenarioOptions = {}): Promise<ScenarioTotals> {
  return run(() => traffic.basic, { ...options, rounds: 1, pauseMs: 0 });
}

/** Sends `rounds` rounds with `pauseMs` between them: 10 requests for each step of a round. */
export function limit(
  rounds: number,
  { pauseMs = 5000, ...options }: ScenarioOptions & { pauseMs?: number } = {},
): Promise<ScenarioTotals> {
  return run(stepsOfRound, { ...options, rounds, pauseMs });
}

/** Sends rounds like those of `limit` until `signal` aborts. */
export function infinite({
  pauseMs = 10_000,
  ...options
}: ScenarioOptions & { pauseMs?: number; signal: AbortSignal }): Promise<ScenarioTotals> {
  return run(stepsOfRound, { ...options, rounds: Infinity, pauseMs });
}

function stepsOfRound(round: number): readonly Step[] {
  return round % 2 === 0 ? traffic.even : traffic.odd;
}

async function run(
  stepsOf: (round: number) => readonly Step[],
  {
    url = `http://${HOST}:${settings.ports.api}`,
    headers,
    session,
    rounds,
    pauseMs,
    signal,
    onRound,
  }: ScenarioOptions & { rounds: number; pauseMs: number },
): Promise<ScenarioTotals> {
  const tally = newTally();
  const accepted: Record<string, number> = {};
  const sent = new Map<Step, SentStep>();
  let round = 0;
  const totalsSoFar = (): ScenarioTotals => ({
    ...totalsOf(tally),
    rounds: round,
    accepted: { ...accepted },
    sent: Array.from(sent.values(), (step) => ({ ...step })),
  });
  while (round < rounds && !signal?.aborted) {
    if (round > 0) await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    if (signal?.aborted) break;
    round++;
    for (const step of stepsOf(round)) {
      const { host, path } = step;
      const before = okCount(tally);
      await load(url + withSession(path, session), {
        headers: { ...headers, Host: host },
        requests: REQUESTS_PER_STEP,
        tally,
        signal,
      });
      const { type } = eventOf(path, events)!; // each step has the route of an event
      const more = okCount(tally) - before;
      accepted[type] = (accepted[type] ?? 0) + more;
      const soFar = sent.get(step)?.accepted ?? 0;
      sent.set(step, { event_type: type, host, params: paramsOf(path), accepted: soFar + more });
    }
    onRound?.(totalsSoFar());
  }
  return totalsSoFar();
}

function withSession(path: string, session: string | undefined): string {
  if (session === undefined) return path;
  return `${path}${path.includes("?") ? "&" : "?"}session=${encodeURIComponent(session)}`;
}

function okCount({ statuses }: Tally): number {
  return statuses["200"] ?? 0;
}
