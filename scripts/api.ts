/**
 * Run the API in the foreground until Ctrl-C or SIGTERM; it answers all open requests before it
 * ends.
 */
import { runApi } from "../lib/collect/run-api.ts";
import { command } from "../lib/command.ts";

const usage = `npm run api -- [--log]
  Runs the API in the foreground until Ctrl-C.
  --log    prints a JSON line for each request`;

const options = { log: { type: "boolean", default: false } } as const;

await command("api", { usage, options, interruptible: true }, async ({ values, signal }) => {
  await runApi({ signal, log: console.log, logRequests: values.log });
});
process.exit(); // a connection that kafkajs left open must not keep the process
