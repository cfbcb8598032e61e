/**
 * Run the API in the foreground until Ctrl-C or SIGTERM; then answer what is in flight, and end.
 *
 *   npm run api
 *   npm run api -- --log     one JSON line a request
 */
import { createApi } from "../lib/collect/api.js";
import { createMetrics } from "../lib/collect/metrics.js";
import { whySpoolIsNotReady } from "../lib/collect/probes.js";
import { openTopic } from "../lib/collect/publish.js";
import { serve } from "../lib/collect/serve.js";
import { recordScript } from "../lib/history.js";
import { HOST, settings } from "../lib/settings.js";

const words = process.argv.slice(2);
const wrong = words.find((word) => word !== "--log");
if (wrong !== undefined) {
  console.error(`api: expected no argument but --log, got "${wrong}"; try: npm run api -- --log`);
  process.exit(2);
}
recordScript("api");

const [topic, failed] = await Promise.all([openTopic(), openTopic({ topic: settings.failedTopic })]).catch(
  (error: Error) => {
    console.error(`api: ${error.message}`);
    process.exit(1);
  },
);
const close = () => Promise.all([topic.close(), failed.close()]);
const log = (line: object) => console.log(JSON.stringify(line));
let draining = false;
const api = createApi({
  publish: topic.publish,
  keepRefused: ({ raw, reason, key }) =>
    failed.publish(JSON.stringify({ reason, raw }), key).then(
      () => true,
      () => false, // the reply says that it was not kept
    ),
  whyNotReady: () => (draining ? "shutting down" : whySpoolIsNotReady(topic.spoolState())),
  metrics: createMetrics(() => ({
    [settings.topic]: topic.spoolState(),
    [settings.failedTopic]: failed.spoolState(),
  })),
  ...(words.length > 0 ? { log } : {}),
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
