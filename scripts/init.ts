/** Make the topics and tables that are missing, on services that run; wait for these services. */
import { createTables, describeChanges } from "../lib/ask/tables.ts";
import { command } from "../lib/command.ts";
import { settings } from "../lib/settings.ts";
import { createTopic } from "../lib/topic.ts";
import { until } from "../lib/until.ts";

const usage = `node scripts/init.ts
  Makes the topics and tables that are missing, and starts nothing. It waits up
  to 3 minutes for Kafka and Trino. npm run up does the same for its stack;
  this command is for containers, which a server starts without npm.`;

const WAIT = { limitMs: 180_000, everyMs: 1000 };

await command("init", { usage, interruptible: true }, async ({ signal }) => {
  const { topic, failedTopic, kafkaBrokers, trinoUrl } = settings;
  for (const name of [topic, failedTopic]) {
    const make = () => createTopic({ topic: name });
    console.log(`topic ${name}: waits for Kafka at ${kafkaBrokers.join(",")}`);
    const made = await until(`Kafka at ${kafkaBrokers.join(",")} has a topic`, make, { ...WAIT, signal });
    console.log(`topic ${name}: ${made}`);
  }
  console.log(`tables: wait for Trino at ${trinoUrl}`);
  const tables = await until(`Trino at ${trinoUrl} has tables`, () => createTables(), { ...WAIT, signal });
  // A table that needs a rebuild is no failure: API and stream work, and its events wait.
  for (const line of describeChanges(tables)) console.log(line);
});
