/**
 * Run the API in the foreground until Ctrl-C or SIGTERM; then answer what is in flight, and end.
 *
 *   npm run api
 *   npm run api -- --log     one JSON line a request
 */
import { createApi } from "../lib/collect/api.ts";
import { createGuard } from "../lib/collect/guard.ts";
import { readWriteKeys } from "../lib/collect/keys.ts";
import { createMetrics } from "../lib/collect/api-metrics.ts";
import { whySpoolIsNotReady } from "../lib/collect/probes.ts";
import { openTopic, type OpenTopic } from "../lib/collect/publish.ts";
import { createRecent } from "../lib/collect/recent.ts";
import { createRetention } from "../lib/collect/retention.ts";
import { serve } from "../lib/collect/serve.ts";
import { recordScript } from "../lib/history.ts";
import { HOST, settings } from "../lib/settings.ts";

const words = process.argv.slice(2);
const wrong = words.find((word) => word !== "--log");
if (wrong !== undefined) {
  console.error(`api: expected no argument but --log, got "${wrong}"; try: npm run api -- --log`);
  process.exit(2);
}
recordScript("api");

const spools: Record<string, OpenTopic> = {}; // by topic, once they are open
const metrics = createMetrics(() =>
  Object.fromEntries(Object.entries(spools).map(([name, open]) => [name, open.spoolState()])),
);
const rules = readRules();
const [topic, failed] = await Promise.all([openTopic(), openTopic({ topic: settings.failedTopic })]).catch(
  (error: Error) => {
    console.error(`api: ${error.message}`);
    process.exit(1);
  },
);
const close = () => Promise.all([topic.close(), failed.close()]);
Object.assign(spools, { [settings.topic]: topic, [settings.failedTopic]: failed });
const log = (line: object) => console.log(JSON.stringify(line));
let draining = false;
const api = createApi({
  publish: topic.publish,
  keepRefused: (message, key) =>
    failed.publish(message, key).then(
      () => true,
      () => false, // the reply says that it was not kept
    ),
  whyNotReady: () => (draining ? "shutting down" : whySpoolIsNotReady(topic.spoolState())),
  metrics,
  ...(words.length > 0 ? { log } : {}),
  ...rules,
});
const listener = await serve(api).catch(async (error: Error) => {
  console.error(`api: ${error.message}`);
  await close();
  process.exit(1);
});
console.log(
  topic.isHere()
    ? `api is ready at http://${HOST}:${listener.port}`
    : `api listens at http://${HOST}:${listener.port}, and spools until Kafka is there`,
);

for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, () => void drain());

async function drain(): Promise<void> {
  if (draining) return; // npm and a terminal both pass Ctrl-C on
  draining = true;
  await listener.close();
  await close();
  process.exit(0);
}

/** Who may send, and what is kept, as the settings say; a line for each rule that is not the default. */
function readRules() {
  try {
    const { writeKeysFile, rateLimit, recentEvents } = settings;
    const keys = writeKeysFile === undefined ? undefined : readWriteKeys(writeKeysFile);
    const retention = createRetention({
      overrides: settings.retention,
      secret: settings.retentionSecret,
    });
    if (keys) console.log(`api takes events of ${keys.length} write keys only`);
    if (retention.changes.length > 0)
      console.log(`api keeps all of an event but ${retention.changes.join(", ")}`);
    return {
      guard: createGuard({ keys, rateLimit, metrics }),
      retention,
      ...(recentEvents > 0 ? { recent: createRecent(recentEvents) } : {}),
    };
  } catch (error) {
    console.error(`api: ${(error as Error).message}`);
    process.exit(1);
  }
}
