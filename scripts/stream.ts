/** Write events and refused events to tables, until Ctrl-C or SIGTERM. */
import { keepTables } from "../lib/ask/keep-tables.ts";
import { command } from "../lib/command.ts";
import { replayWaiting } from "../lib/failed/replay-waiting.ts";
import { runStream } from "../lib/land/run-stream.ts";
import { settings } from "../lib/settings.ts";
import { killAt } from "../lib/testbed/kill.ts";

const usage = `npm run stream
  Writes events and refused events to tables until Ctrl-C.
  While it runs, http://127.0.0.1:5001 answers /health, /ready and /metrics.`;

await command("stream", { usage, interruptible: true }, async ({ signal }) => {
  const log = (line: string) => console.error(`${new Date().toISOString()} stream: ${line}`);
  const at = settings.killAt && killAt(settings.killAt);
  const say = (line: string) => {
    console.log(line);
    void replayWaiting({ signal, log });
  };
  await runStream({ signal, say, log, registerDays: keepTables(log), at });
});
process.exit(); // a connection that kafkajs left open must not keep the process
