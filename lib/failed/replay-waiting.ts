/**
 * Failed events that wait → sent again, once, by a stream that can land them.
 *
 * A stream starts this in the background when it is ready. As long as Trino or Kafka is away, or
 * the topic has not landed, it tries again. Each event is sent once at most: an event that still
 * does not land waits for the next start of a stream.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { registerDays } from "../ask/tables.ts";
import { failedEvents } from "../catalog.ts";
import { literal } from "../sql.ts";
import { query } from "../trino.ts";
import { WAITING } from "../waiting.ts";
import { type Outcome, replay, type ReplayOptions, withReplayLock } from "./replay.ts";

export interface WaitingOptions extends Omit<ReplayOptions, "places" | "waiting"> {
  signal: AbortSignal; // ends the work
  log: (line: string) => void;
}

const PAUSE_MS = 10_000; // before the next attempt

/** Replays the events that wait. Resolves after a whole replay, or when the signal aborts. */
export async function replayWaiting({ signal, log, ...options }: WaitingOptions): Promise<void> {
  let isTold = false;
  while (!signal.aborted) {
    // Without an answer, Trino is away, which the stream tells, or the tables do not exist yet.
    const isNeeded = await areWaiting(options).catch(() => undefined);
    if (isNeeded === false) return;
    try {
      if (isNeeded) return await withReplayLock(log, () => replayOnce(options, signal, log), signal);
    } catch (error) {
      if (!isTold && !signal.aborted)
        log(`cannot replay the events that wait, and tries again: ${(error as Error).message}`);
      isTold = true;
    }
    await sleep(PAUSE_MS, undefined, { signal }).catch(() => {}); // an abort ends the loop
  }
}

async function areWaiting({ schema }: ReplayOptions): Promise<boolean> {
  await registerDays({ schema });
  const sql = `SELECT 1 FROM ${failedEvents.table} WHERE starts_with(reason, ${literal(WAITING)}) LIMIT 1`;
  return (await query(sql, { schema })).length > 0;
}

async function replayOnce(
  options: ReplayOptions,
  signal: AbortSignal,
  log: (line: string) => void,
): Promise<void> {
  const counts: Record<Outcome["outcome"], number> = { sent: 0, "already there": 0, "still unfit": 0 };
  for await (const { outcome } of replay({ ...options, waiting: true })) {
    counts[outcome]++;
    if (signal.aborted) return;
  }
  const { sent, "still unfit": unfit } = counts;
  if (sent + unfit > 0) log(`events that waited: ${sent} sent again, ${unfit} still wait`);
}
