/**
 * Start the whole stack, and return when everything is ready: services, topic, tables, API, stream.
 *
 *   npm run up                  everything
 *   npm run up -- services      Kafka, HDFS, metastore and Trino only
 *   npm run up -- kafka hdfs    by name, with what these need
 *   npm run up -- --native      the runtime: processes (or --docker: containers)
 */
import { createTables } from "../lib/ask/tables.ts";
import { createTopic } from "../lib/topic.ts";
import { recordScript } from "../lib/history.ts";
import { readChoice, rememberRuntime, UsageError } from "../lib/services/arguments.ts";
import { seconds } from "../lib/services/log.ts";
import { startServices } from "../lib/services/start.ts";
import { settings } from "../lib/settings.ts";

const args = process.argv.slice(2);
const start = Date.now();
recordScript("up");
try {
  const { names, all, runtime } = readChoice(args);
  const rows = await startServices({
    names,
    runtime,
    after: all ? { kafka: createTopics, trino: createTables } : {},
    onReady: ({ service, version, port, seconds, state }) => {
      console.log(
        [
          service.padEnd(10),
          (version ?? "").padEnd(6),
          String(port ?? "").padEnd(5),
          state,
          seconds,
          "s",
        ].join(" "),
      );
    },
  });
  rememberRuntime(runtime);
  console.log(`${rows.length} services ready, ${seconds(start)} s`);
} catch (error) {
  console.error(`up: ${(error as Error).message}`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}

async function createTopics(): Promise<void> {
  await createTopic();
  await createTopic({ topic: settings.failedTopic });
}
