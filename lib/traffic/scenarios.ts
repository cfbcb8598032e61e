/**
 * The original's traffic scripts → the same requests in the same order, one at a time.
 *
 * Each step stands for a line `ab -n 10 -H "Host: HOST" URL` of the original. A scenario
 * counts what was accepted per event type, so that what arrives later can be compared.
 */
import type { OutgoingHttpHeaders } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { events } from "../game.ts";
import { HOST, settings } from "../settings.ts";
import { load, newTally, type Tally, type Totals, totalsOf } from "./load.ts";

/** One line of a traffic script: this request, REQUESTS_PER_STEP times. */
export interface Step {
  host: string;
  path: string; // with the query
}

export const REQUESTS_PER_STEP = 10;

/** What a scenario came to: the totals, and the requests answered 200 by event type. */
export interface ScenarioTotals extends Totals {
  rounds: number;
  accepted: Record<string, number>;
}

export interface ScenarioOptions {
  url?: string; // the API, e.g. "http://127.0.0.1:5000"
  headers?: OutgoingHttpHeaders; // of every request, beside the step's Host: a write key, for one
  signal?: AbortSignal; // ends the scenario; the totals so far are the result
  /** Called after each round with the totals so far. */
  onRound?: (totals: ScenarioTotals) => void;
}

/** The steps of `basic`. */
export const basicSteps: readonly Step[] = [
  { host: "user1.comcast.com", path: "/" },
  { host: "user1.comcast.com", path: "/purchase_sword" },
  { host: "user2.att.com", path: "/" },
  { host: "user2.att.com", path: "/purchase_sword" },
  { host: "user1.att.com", path: "/join_a_guild" },
  { host: "user2.att.com", path: "/join_a_guild" },
];

const evenSteps: readonly Step[] = [
  { host: "user1.att.com", path: "/purchase_sword?metal=copper&power_level=50&magical=True" },
  { host: "user2.comcast.com", path: "/join_a_guild?region=cali" },
];

const oddSteps: readonly Step[] = [
  { host: "user1.att.com", path: "/purchase_sword?metal=gold&power_level=100&magical=False" },
  { host: "user2.comcast.com", path: "/join_a_guild?region=ny" },
];

/** The steps of round `x` of `limit` and `infinite`, counted from 1. */
export function stepsOfRound(x: number): readonly Step[] {
  return x % 2 === 0 ? evenSteps : oddSteps;
}

/** Sends the 60 requests of `basic`: 20 of each event type, none with parameters. */
export function basic(options: ScenarioOptions = {}): Promise<ScenarioTotals> {
  return run(() => basicSteps, { ...options, rounds: 1, pauseMs: 0 });
}

/** Sends `rounds` rounds of 20 requests with `pauseMs` between them: 10 swords and 10 guilds each. */
export function limit(
  rounds: number,
  { pauseMs = 5000, ...options }: ScenarioOptions & { pauseMs?: number } = {},
): Promise<ScenarioTotals> {
  return run(stepsOfRound, { ...options, rounds, pauseMs });
}

/** Sends rounds as `limit` does, until `signal` aborts. */
export function infinite({
  pauseMs = 10_000,
  ...options
}: ScenarioOptions & { pauseMs?: number; signal: AbortSignal }): Promise<ScenarioTotals> {
  return run(stepsOfRound, { ...options, rounds: Infinity, pauseMs });
}

async function run(
  stepsOf: (round: number) => readonly Step[],
  {
    url = `http://${HOST}:${settings.ports.api}`,
    headers,
    rounds,
    pauseMs,
    signal,
    onRound,
  }: ScenarioOptions & { rounds: number; pauseMs: number },
): Promise<ScenarioTotals> {
  const tally = newTally();
  const accepted: Record<string, number> = {};
  let round = 0;
  const totals = (): ScenarioTotals => ({ ...totalsOf(tally), rounds: round, accepted: { ...accepted } });
  while (round < rounds && !signal?.aborted) {
    if (round > 0) await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    if (signal?.aborted) break;
    round++;
    for (const { host, path } of stepsOf(round)) {
      const before = okCount(tally);
      await load(url + path, {
        headers: { ...headers, Host: host },
        requests: REQUESTS_PER_STEP,
        tally,
        signal,
      });
      const type = eventTypeOf(path);
      accepted[type] = (accepted[type] ?? 0) + okCount(tally) - before;
    }
    onRound?.(totals());
  }
  return totals();
}

function okCount({ statuses }: Tally): number {
  return statuses["200"] ?? 0;
}

function eventTypeOf(path: string): string {
  const route = path.split("?", 1)[0];
  const event = events.find((candidate) => candidate.route === route);
  if (!event) throw new Error(`traffic step: expected a route of the catalogue, got "${path}"`);
  return event.type;
}
