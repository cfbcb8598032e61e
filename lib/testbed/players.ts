/**
 * Players who send events, and keep a ledger of the API's answers.
 *
 * The player chooses the id of each event. If a request gets no answer, or another one than 200,
 * the player sends the event again with the same id, like a careful client. In the end each id has
 * been accepted or given up.
 */
import { randomUUID } from "node:crypto";
import { Agent, get } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { exampleParameters } from "../catalog.ts";
import { events } from "../events.ts";

const REQUEST_LIMIT_MS = 8_000; // the API answers within 5 s
const RETRY_MS = 250; // wait before the second try of an event; each further wait is so much longer
const MAX_RETRY_MS = 2_000;
const MAX_TRIES = 60; // of one event: about two minutes
const MAX_WAITING = 5_000; // requests in flight; with more, the players wait for the API

/** The API's answers to the players. */
export interface Ledger {
  accepted: Map<string, number>; // event_id → time of the answer, milliseconds
  givenUp: Set<string>; // event_ids: each may or may not be in the topic
  retries: number;
  spooled: number; // answers for events that are only on the API's disk so far
  slowestMs: number; // of all answers
  firstRefusedAt: number | null; // time of the first answer but 200, milliseconds
}

export interface Players {
  ledger: Ledger;
  /** Resolves when every event has been accepted or given up. */
  done: Promise<Ledger>;
  /** Ends the sending of new events. `done` still waits for those that were sent. */
  stop: () => void;
}

export interface PlayersOptions {
  url: () => string; // of the API, asked for each request
  perSecond: number; // new events
  count?: number; // events; default: until stopped
  random: () => number; // chooses player, event and parameters
}

/** Starts to send events of all types, by a hundred players, evenly in time. */
export function startPlayers({ url, perSecond, count = Infinity, random }: PlayersOptions): Players {
  const ledger: Ledger = {
    accepted: new Map(),
    givenUp: new Set(),
    retries: 0,
    spooled: 0,
    slowestMs: 0,
    firstRefusedAt: null,
  };
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const waiting = new Set<Promise<void>>();
  let stopped = false;

  async function run(): Promise<Ledger> {
    const started = Date.now();
    for (let sent = 0; sent < count && !stopped;) {
      const due = Math.min(count, ((Date.now() - started) / 1000) * perSecond);
      for (; sent < due && waiting.size < MAX_WAITING; sent++) {
        const one = send(pathOf(random)).finally(() => waiting.delete(one));
        waiting.add(one);
      }
      await sleep(10);
    }
    await Promise.all(waiting);
    agent.destroy();
    return ledger;
  }

  async function send(path: string): Promise<void> {
    const id = randomUUID();
    for (let tries = 1; tries <= MAX_TRIES; tries++) {
      const since = Date.now();
      const { status, spooled } = await ask(`${url()}${path}&event_id=${id}`, agent);
      if (status !== 0) ledger.slowestMs = Math.max(ledger.slowestMs, Date.now() - since);
      if (status === 200) {
        ledger.accepted.set(id, Date.now());
        if (spooled) ledger.spooled++;
        return;
      }
      ledger.firstRefusedAt ??= Date.now();
      ledger.retries++;
      await sleep(Math.min(RETRY_MS * tries, MAX_RETRY_MS));
    }
    ledger.givenUp.add(id);
  }

  return { ledger, done: run(), stop: () => (stopped = true) };
}

/** A request of one of a hundred players, for any event of the game, with parameters. */
function pathOf(random: () => number): string {
  const event = events[Math.floor(random() * events.length)]!;
  const parameters = exampleParameters(event, Math.floor(random() * 100));
  const query = new URLSearchParams({ ...parameters, player: `player_${Math.floor(random() * 100)}` });
  return `${event.route}?${query.toString()}`;
}

/** Sends one request. Status 0 stands for no answer. */
function ask(url: string, agent: Agent): Promise<{ status: number; spooled: boolean }> {
  return new Promise((resolve) => {
    const failed = () => resolve({ status: 0, spooled: false });
    const request = get(url, { agent, timeout: REQUEST_LIMIT_MS }, (response) => {
      response.resume();
      response.once("error", failed);
      response.once("end", () =>
        resolve({ status: response.statusCode ?? 0, spooled: response.headers["event-spooled"] === "true" }),
      );
    });
    request.once("timeout", () => request.destroy());
    request.once("error", failed);
  });
}
