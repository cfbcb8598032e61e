/**
 * M5: seconds from a request to the first answer of Trino that shows its event.
 *
 * Each event is sent alone, at a random time, to an API and a stream that are otherwise idle. A
 * query asks for it again and again; its own time is a part of the figure.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { exampleParameters, widestEvent } from "../catalog.ts";
import { events } from "../events.ts";
import { settings } from "../settings.ts";
import { percentile, rounds, tell } from "../testbed/figures.bench.ts";
import { identifier } from "../sql.ts";
import { query } from "../trino.ts";

const SENT = 20; // events of a round
const MAX_PAUSE_MS = 1_000;
const LIMIT_MS = 30_000; // of one event

const event = widestEvent(events);

/** Prints the figures of M5. It needs a running stack. */
export async function benchFreshness(isShort: boolean): Promise<void> {
  const halves: number[] = [];
  const tails: number[] = [];
  await secondsToRow(0); // Java compiles
  for (let round = 0; round < rounds(isShort); round++) {
    const seconds: number[] = [];
    for (let i = 0; i < (isShort ? 2 : SENT); i++) {
      await sleep(Math.random() * MAX_PAUSE_MS);
      seconds.push(await secondsToRow(i));
    }
    halves.push(percentile(seconds, 0.5));
    tails.push(percentile(seconds, 0.95));
  }
  const what = "event to row in Trino, with the query";
  tell({ id: "M5", what: `${what}, p50`, unit: "s", values: halves });
  tell({ id: "M5", what: `${what}, p95`, unit: "s", values: tails, goal: { is: "at most", value: 1 } });
}

async function secondsToRow(n: number): Promise<number> {
  const started = performance.now();
  const sent = new URLSearchParams({ ...exampleParameters(event, n), player: "bench" });
  const response = await fetch(`${settings.apiUrl}${event.route}?${sent.toString()}`).catch(
    (error: Error) => {
      const { code = error.message } = error.cause as { code?: string };
      throw new Error(`expected the API at ${settings.apiUrl} to answer, got ${code}`, { cause: error });
    },
  );
  const id = response.headers.get("event-id");
  if (id === null) throw new Error(`expected an accepted event, got ${response.status}`);
  const sql = `SELECT 1 FROM ${identifier(event.table)} WHERE day >= current_date - INTERVAL '1' DAY AND event_id = ?`;
  while (performance.now() - started < LIMIT_MS) {
    const rows = await query(sql, { parameters: [id] });
    if (rows.length > 0) return (performance.now() - started) / 1000;
  }
  throw new Error(`expected a row of the event ${id} in ${LIMIT_MS / 1000} s, got none`);
}
