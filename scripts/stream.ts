/** Write events and refused events to tables, until Ctrl-C or SIGTERM. */
import { keepTables } from "../lib/ask/keep-tables.ts";
import { command, UsageError } from "../lib/command.ts";
import { keepCompact } from "../lib/compact/keep-compact.ts";
import { replayWaiting } from "../lib/failed/replay-waiting.ts";
import { runStream } from "../lib/land/run-stream.ts";
import { settings } from "../lib/settings.ts";
import { runSpark } from "../lib/spark/run-spark.ts";
import { killAt } from "../lib/testbed/kill.ts";

const usage = `npm run stream -- [--engine spark] [--master URL]
  Writes events and refused events to tables until Ctrl-C.
  While it runs, http://127.0.0.1:5001 answers /health, /ready and /metrics.
  --engine spark  by Spark, with the same tables and commits
  --master URL    Spark's master, e.g. spark://host:7077; default: local[*]`;

const options = { engine: { type: "string" }, master: { type: "string" } } as const;

const MASTER = /^(local(\[(\*|[1-9]\d*)(, *\d+)?\])?|local-cluster\[.+\]|yarn|(spark|k8s):\/\/.+)$/;

await command("stream", { usage, options, interruptible: true }, async ({ values, signal }) => {
  const { engine = "node", master } = values;
  if (engine !== "node" && engine !== "spark")
    throw new UsageError(`--engine: expected node or spark, got "${engine}"`);
  if (master !== undefined && engine !== "spark")
    throw new UsageError("--master: expected --engine spark too");
  if (master !== undefined && !MASTER.test(master))
    throw new UsageError(
      `--master: expected local[2], spark://HOST:PORT, yarn or k8s://URL, got "${master}"`,
    );
  const log = (line: string) => console.error(`${new Date().toISOString()} stream: ${line}`);
  const at = settings.killAt && killAt(settings.killAt);
  const say = (line: string) => {
    console.log(line);
    void replayWaiting({ signal, log });
    void keepCompact({ signal, log });
  };
  const registerDays = keepTables(log);
  if (engine === "spark") await runSpark({ master: master ?? "local[*]", signal, say, log, registerDays });
  else await runStream({ signal, say, log, registerDays, at });
});
process.exit(); // a connection that kafkajs left open must not keep the process
