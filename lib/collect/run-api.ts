/**
 * Settings → the API, wired and listening, until a signal aborts.
 *
 * Then it answers the requests in flight, and ends. Without Kafka it listens too, and spools.
 */
import { isIPv6 } from "node:net";
import { settings } from "../settings.ts";
import { topicObstacles } from "../topic-facts.ts";
import { createApi } from "./api.ts";
import { Metrics } from "./api-metrics.ts";
import { createCors } from "./cors.ts";
import { createGuard } from "./guard.ts";
import { readWriteKeys } from "../write-keys.ts";
import { TopicWriter } from "./publish.ts";
import { RecentEvents } from "./recent.ts";
import { createRetention } from "./retention.ts";
import { serve } from "./serve.ts";
import type { SpoolState } from "./spool.ts";

const MAX_GROWING_MS = 2000;

export interface ApiRun {
  signal: AbortSignal; // ends it
  log: (line: string) => void; // gets the rules and the ready line
  logRequests: boolean; // whether `log` gets a JSON line for each request too
}

/**
 * Runs the API, and resolves when it has ended.
 * @throws Error if a setting is wrong, the port is taken, or another process has the spool
 */
export async function runApi({ signal, log, logRequests }: ApiRun): Promise<void> {
  const writers: Record<string, TopicWriter> = {}; // by topic, when they are open
  const metrics = new Metrics(() =>
    Object.fromEntries(Object.entries(writers).map(([name, writer]) => [name, writer.spoolState()])),
  );
  const rules = readRules(metrics, log);
  const [topic, failed] = await Promise.all([
    TopicWriter.open(),
    TopicWriter.open({ topic: settings.failedTopic }),
  ]);
  Object.assign(writers, { [settings.topic]: topic, [settings.failedTopic]: failed });
  try {
    const api = createApi({
      publish: (value, key) => topic.publish(value, key),
      keepRefused: (message, key) =>
        failed.publish(message, key).then(
          () => true,
          () => false, // the reply says that it was not kept
        ),
      whyNotReady: () => (signal.aborted ? "shutting down" : whySpoolIsNotReady(topic.spoolState())),
      metrics,
      ...(logRequests ? { log: (line) => log(JSON.stringify(line)) } : {}),
      ...rules,
    });
    const listener = await serve(api);
    const { listen } = settings;
    const url = `http://${isIPv6(listen) ? `[${listen}]` : listen}:${listener.port}`;
    log(topic.isHere() ? `api is ready at ${url}` : `api listens at ${url}, and spools until Kafka is there`);
    void topicObstacles().then((problems) => problems.forEach((problem) => log(problem)));
    await aborted(signal);
    await listener.close();
  } finally {
    await Promise.all([topic.close(), failed.close()]);
  }
}

/** The reason why an API with this spool is not ready; null: it is ready. */
export function whySpoolIsNotReady({ messages, bytes, full, grownForMs }: SpoolState): string | null {
  if (full) return `the spool is full: ${messages} messages, ${bytes} bytes`;
  if (messages === 0 || grownForMs <= MAX_GROWING_MS) return null;
  return `the spool has grown for ${(grownForMs / 1000).toFixed(1)} s: ${messages} messages, ${bytes} bytes`;
}

/** The rules for senders and for retention; logs each rule that is not the default. */
function readRules(metrics: Metrics, log: ApiRun["log"]) {
  const { writeKeysFile, rateLimit, recentEvents } = settings;
  const keys = writeKeysFile === undefined ? undefined : readWriteKeys(writeKeysFile);
  const retention = createRetention({ overrides: settings.retention, secret: settings.retentionSecret });
  if (keys) log(`api takes events of ${keys.length} write keys only`);
  if (settings.trustedProxies.length > 0)
    log(`api takes the client's address from X-Forwarded-For of ${settings.trustedProxies.join(", ")}`);
  if (settings.cors.length > 0) log(`api takes events from pages of ${settings.cors.join(", ")}`);
  if (retention.changes.length > 0) log(`retention: ${retention.changes.join(", ")}`);
  return {
    guard: createGuard({ keys, rateLimit, metrics }),
    cors: createCors(settings.cors),
    trustedProxies: settings.trustedProxies,
    retention,
    ...(recentEvents > 0 ? { recent: new RecentEvents(recentEvents) } : {}),
  };
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
}
