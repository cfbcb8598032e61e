/** Run the API in the foreground until Ctrl-C or SIGTERM; then answer what is in flight, and end. */
import { runApi } from "../lib/collect/run-api.ts";
import { command } from "../lib/command.ts";

const usage = `npm run api [-- --log]
  --log    one JSON line a request`;

const options = { log: { type: "boolean", default: false } } as const;

await command("api", { usage, options, interruptible: true }, async ({ values, signal }) => {
  await runApi({ signal, log: console.log, logRequests: values.log });
});
process.exit(); // a connection that kafkajs has not closed must not keep an API that has ended
