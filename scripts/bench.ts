/** Measure the project's speed on the running stack; print one line for each figure. */
import { benchFreshness } from "../lib/audit/freshness.bench.ts";
import { benchApi } from "../lib/collect/api.bench.ts";
import { command, UsageError } from "../lib/command.ts";
import { benchLand, measure } from "../lib/land/land.bench.ts";
import { benchReport } from "../lib/report/report.bench.ts";
import { benchIdle, benchStart } from "../lib/services/stack.bench.ts";
import { benchEngines } from "../lib/spark/engines.bench.ts";
import { tellMachine } from "../lib/testbed/figures.bench.ts";
import { benchQuery } from "../lib/trino.bench.ts";

/** The benches in the order of a whole run. An idle stack is measured before the others use it. */
const benches: Record<string, (isShort: boolean) => Promise<void>> = {
  idle: benchIdle,
  query: benchQuery,
  fresh: benchFreshness,
  api: benchApi,
  land: benchLand,
  report: benchReport,
  start: benchStart,
  engines: benchEngines,
};
const ALONE = new Set(["engines"]); // too long for a whole run
const usage = `npm run bench -- [NAME] [--short]
  Measures speed on the running stack, and prints a line for each figure.
  Without a name: all but engines.
  idle    M11: CPU time of the idle stack
  query   M7: what query() adds to Trino's own time
  fresh   M5: from a request to its row in Trino
  api     M1, M2: the API, the original's Flask API and an empty express
  land    from events to files: the encoder, and the whole stream
  report  a small notebook: the report, and nbconvert; needs no stack
  start   M6: npm run up of a second stack; needs no running one
  engines the stream in TypeScript, and Spark, on one core and on two
  --short one short round, which shows only that a bench works`;
const options = {
  measure: { type: "string" }, // one figure, in a process that a bench starts
  short: { type: "boolean", default: false },
} as const;
const isRecorded = !process.argv.includes("--measure");

await command("bench", { usage, options, positionals: true, isRecorded }, async ({ values, positionals }) => {
  const [name] = positionals;
  if (values.measure !== undefined) return measure(values.measure, name!);
  const names = Object.keys(benches);
  if (name !== undefined && !Object.hasOwn(benches, name))
    throw new UsageError(`expected one of ${names.join(", ")}, got "${name}"`);
  tellMachine();
  for (const one of name === undefined ? names.filter((each) => !ALONE.has(each)) : [name])
    await benches[one]!(values.short);
});
