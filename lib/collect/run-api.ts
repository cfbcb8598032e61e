/**
 * Settings → the API, wired and listening, until a signal: then it answers what is in flight, and ends.
 *
 * It listens without Kafka too, and spools meanwhile.
 */
import { HOST, settings } from "../settings.ts";
import { createApi } from "./api.ts";
import { createMetrics, type Metrics } from "./api-metrics.ts";
import { createGuard } from "./guard.ts";
import { readWriteKeys } from "./keys.ts";
import { type OpenTopic, openTopic } from "./publish.ts";
import { createRecent } from "./recent.ts";
import { createRetention } from "./retention.ts";
import { serve } from "./serve.ts";
import type { SpoolState } from "./spool.ts";

const MAX_GROWING_MS = 2000;

export interface ApiRun {
  signal: AbortSignal; // ends it
  say: (line: string) => void; // its rules, and the line that says that it is ready
  logRequests: boolean; // one JSON line a request, by `say`
}

/**
 * Runs the API, and resolves when it has ended.
 * @throws Error if a setting is wrong, the port is taken, or another process has the spool
 */
export async function runApi({ signal, say, logRequests }: ApiRun): Promise<void> {
  const spools: Record<string, OpenTopic> = {}; // by topic, once they are open
  const metrics = createMetrics(() =>
    Object.fromEntries(Object.entries(spools).map(([name, open]) => [name, open.spoolState()])),
  );
  const rules = readRules(metrics, say);
  const [topic, failed] = await Promise.all([openTopic(), openTopic({ topic: settings.failedTopic })]);
  Object.assign(spools, { [settings.topic]: topic, [settings.failedTopic]: failed });
  try {
    const api = createApi({
      publish: topic.publish,
      keepRefused: (message, key) =>
        failed.publish(message, key).then(
          () => true,
          () => false, // the reply says that it was not kept
        ),
      whyNotReady: () => (signal.aborted ? "shutting down" : whySpoolIsNotReady(topic.spoolState())),
      metrics,
      ...(logRequests ? { log: (line) => say(JSON.stringify(line)) } : {}),
      ...rules,
    });
    const listener = await serve(api);
    const url = `http://${HOST}:${listener.port}`;
    say(topic.isHere() ? `api is ready at ${url}` : `api listens at ${url}, and spools until Kafka is there`);
    await aborted(signal);
    await listener.close();
  } finally {
    await Promise.all([topic.close(), failed.close()]);
  }
}

/** Why an API with such a spool is not ready; null: it is. */
export function whySpoolIsNotReady({ messages, bytes, full, grownForMs }: SpoolState): string | null {
  if (full) return `the spool is full: ${messages} messages, ${bytes} bytes`;
  if (messages === 0 || grownForMs <= MAX_GROWING_MS) return null;
  return `the spool has grown for ${(grownForMs / 1000).toFixed(1)} s: ${messages} messages, ${bytes} bytes`;
}

/** The settings' rules: who may send, and what is kept; says each rule that is not the default. */
function readRules(metrics: Metrics, say: ApiRun["say"]) {
  const { writeKeysFile, rateLimit, recentEvents } = settings;
  const keys = writeKeysFile === undefined ? undefined : readWriteKeys(writeKeysFile);
  const retention = createRetention({ overrides: settings.retention, secret: settings.retentionSecret });
  if (keys) say(`api takes events of ${keys.length} write keys only`);
  if (retention.changes.length > 0) say(`api keeps all of an event but ${retention.changes.join(", ")}`);
  return {
    guard: createGuard({ keys, rateLimit, metrics }),
    retention,
    ...(recentEvents > 0 ? { recent: createRecent(recentEvents) } : {}),
  };
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
}
