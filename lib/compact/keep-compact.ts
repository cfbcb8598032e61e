/**
 * A running stream → `npm run compact` beside it, again and again.
 *
 * Without a metastore's address nothing is done: only the metastore can swap a day. A failed call
 * is told once, until a call succeeds again.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { settings } from "../settings.ts";
import { WebHdfs } from "../webhdfs.ts";
import { compactDays } from "./compact-days.ts";
import { trinoEngine } from "./trino-engine.ts";

export interface KeepCompactOptions {
  signal: AbortSignal; // ends the work
  log: (line: string) => void;
  run?: typeof compactAll;
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
      await run({ signal, log });
      isTold = false;
    } catch (error) {
      if (!isTold) log(`cannot rewrite old days, and tries again: ${(error as Error).message}`);
      isTold = true;
    }
  }
}

/** One call, by the settings. */
async function compactAll({ signal, log }: Pick<KeepCompactOptions, "signal" | "log">): Promise<void> {
  const { hdfsRoot: root, schema, topic, failedTopic, graceMinutes } = settings;
  const hdfs = new WebHdfs();
  try {
    const work = { hdfs, root, schema, engine: trinoEngine({ hdfs, root, schema, topic }) };
    await compactDays(work, {
      topics: [topic, failedTopic],
      graceMs: graceMinutes * 60_000,
      log: (line) => log(`compact: ${line}`),
      signal,
    });
  } finally {
    hdfs.close();
  }
}
