/**
 * A running stream → `npm run compact` beside it, again and again.
 *
 * Without a metastore's address nothing is done: only the metastore can swap a day. A failed call
 * is told once, until a call succeeds again.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { settings } from "../settings.ts";
import { WebHdfs } from "../webhdfs.ts";
import { compactDays, type Compacted, type CompactOptions } from "./compact-days.ts";
import type { SwapWork } from "./swap-day.ts";
import { trinoEngine } from "./trino-engine.ts";

export interface KeepCompactOptions {
  signal: AbortSignal; // ends the work
  log: (line: string) => void;
  run?: (call: { signal: AbortSignal; log: (line: string) => void }) => Promise<unknown>;
  everyMs?: number;
}

/** Resolves when the signal aborts, or at once if the settings turn this off. */
export async function keepCompact({
  signal,
  log,
  run = compactAll,
  everyMs = settings.compactMinutes * 60_000,
}: KeepCompactOptions): Promise<void> {
  if (everyMs === 0 || settings.metastore === undefined) return;
  for (let isTold = false; !signal.aborted;) {
    await sleep(everyMs, undefined, { signal }).catch(() => {}); // an abort ends the loop
    if (signal.aborted) return;
    try {
      await run({ signal, log: (line) => log(`compact: ${line}`) });
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
  const { hdfsRoot: root, schema, topic, failedTopic, graceMinutes, periodMinutes } = settings;
  const hdfs = new WebHdfs();
  try {
    const engine = trinoEngine({ hdfs, root, schema, topic });
    const work = { hdfs, root, schema, engine, ...(at && { at }) };
    return await compactDays(work, {
      topics: [topic, failedTopic],
      graceMs: graceMinutes * 60_000,
      periodMs: periodMinutes * 60_000,
      ...options,
    });
  } finally {
    hdfs.close();
  }
}
