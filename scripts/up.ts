/** Start the whole stack, and return when services, topics, tables, API and stream are ready. */
import { createTables, describeChanges } from "../lib/ask/tables.ts";
import { tableObstacles } from "../lib/cluster-check/cluster-check.ts";
import { findingLines } from "../lib/cluster-check/finding-text.ts";
import { command } from "../lib/command.ts";
import { chooseServices, serviceWords } from "../lib/services/arguments.ts";
import { describeRuntime, keepRuntime, runtimeOptions } from "../lib/services/choice.ts";
import { seconds } from "../lib/services/log.ts";
import { type ServiceRow, startServices } from "../lib/services/start.ts";
import { settings } from "../lib/settings.ts";
import { createTopic } from "../lib/topic.ts";

const usage = `npm run up -- [NAME…] [--native | --docker]
  Starts the whole stack, and returns when every service is ready.
  NAME        only these and the services that they need:
              services (all servers), or
              ${serviceWords}
  --native    as processes
  --docker    in containers; builds missing images
  Without a choice, a new stack runs in containers if a Docker engine has the
  images, else as processes; a stack with data runs as before.`;
const frame = { usage, options: runtimeOptions, positionals: true, interruptible: true };

await command("up", frame, async ({ values, positionals, signal }) => {
  const start = Date.now();
  const { names, all } = chooseServices(positionals);
  await keepRuntime(values);
  console.log(await describeRuntime());
  let hasProblem = false;
  const makeTables = async () => {
    try {
      const tables = await createTables();
      for (const line of describeChanges(tables)) console.log(line);
      hasProblem = tables.some(({ problem }) => problem !== null);
    } catch (error) {
      console.error(`tables: ${(error as Error).message}`); // API and stream work without tables
      hasProblem = true;
    }
  };
  if (all && settings.given.hdfs && settings.given.trino) {
    const obstacles = await tableObstacles();
    for (const line of findingLines(obstacles)) console.error(line);
    if (obstacles.length > 0)
      throw new Error("the given cluster lacks this; npm run check -- --cluster has it all");
  }
  const after = all ? { kafka: createTopics, trino: makeTables } : {};
  const rows = await startServices({ names, after, onReady: printRow, signal });
  console.log(`${rows.length} services ready, ${seconds(start)} s`);
  return hasProblem ? 1 : 0;
});

/** Prints a line, not a table, because each service gets ready at another time. */
function printRow({ service, version, port, seconds, state }: ServiceRow): void {
  const cells = [service.padEnd(10), (version ?? "").padEnd(6), String(port ?? "").padEnd(5)];
  console.log(`${cells.join(" ")} ${state} ${seconds} s`);
}

async function createTopics(): Promise<void> {
  await createTopic();
  await createTopic({ topic: settings.failedTopic });
}
