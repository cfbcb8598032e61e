/**
 * A running stream → `npm run compact` beside it, again and again.
 *
 * First it finishes the swaps that the end of an earlier process has interrupted: audits wait for
 * them. Without a metastore's address nothing is done: only the metastore can swap a day. A failed
 * call is told once, until a call succeeds again.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { settings } from "../settings.ts";
import { WebHdfs } from "../webhdfs.ts";
import {
  compactDays,
  type Compacted,
  type CompactOptions,
  type CompactWork,
  finishNewest,
} from "./compact-days.ts";
import type { SwapWork } from "./swap-day.ts";
import { trinoEngine } from "./trino-engine.ts";

export interface KeepCompactOptions {
  signal: AbortSignal; // ends the work
  log: (line: string) => void;
  run?: (call: { signal: AbortSignal; log: (line: string) => void }) => Promise<unknown>;
  finish?: () => Promise<unknown>;
  everyMs?: number;
}

const START_MS = 5_000; // from the start to the first call, and between calls until one succeeds

/** Resolves when the signal aborts, or at once if the settings turn this off. */
export async function keepCompact({
  signal,
  log,
  run = compactAll,
  finish = () => withSwapWork(finishNewest),
  everyMs = settings.compactMinutes * 60_000,
}: KeepCompactOptions): Promise<void> {
  if (everyMs === 0 || settings.metastore === undefined) return;
  for (let isFinished = false, isTold = false; !signal.aborted;) {
    const pauseMs = isFinished ? everyMs : Math.min(everyMs, START_MS);
    await sleep(pauseMs, undefined, { signal }).catch(() => {}); // an abort ends the loop
    if (signal.aborted) return;
    try {
      await (isFinished ? run({ signal, log: (line) => log(`compact: ${line}`) }) : finish());
      isFinished = true;
      isTold = false;
    } catch (error) {
      if (!isTold) log(`cannot rewrite days, and tries again: ${(error as Error).message}`);
      isTold = true;
    }
  }
}

/** One call of `compactDays`, by the settings. */
export async function compactAll({
  at,
  ...options
}: Pick<CompactOptions, "day" | "log" | "signal"> & Pick<SwapWork, "at"> = {}): Promise<Compacted> {
  const { topic, failedTopic, graceMinutes, periodMinutes } = settings;
  return withSwapWork((work) =>
    compactDays(
      { ...work, ...(at && { at }) },
      {
        topics: [topic, failedTopic],
        graceMs: graceMinutes * 60_000,
        periodMs: periodMinutes * 60_000,
        ...options,
      },
    ),
  );
}

/** Runs `call` on the tables of the settings. */
async function withSwapWork<T>(call: (work: CompactWork) => Promise<T>): Promise<T> {
  const { hdfsRoot: root, schema, topic } = settings;
  const hdfs = new WebHdfs();
  try {
    return await call({ hdfs, root, schema, engine: trinoEngine({ hdfs, root, schema, topic }) });
  } finally {
    hdfs.close();
  }
}
