/** Measure the project's speed on the running stack; print one line for each figure. */
import { command, UsageError } from "../lib/command.ts";
import { benchLand, measure } from "../lib/land/land.bench.ts";
import { benchReport } from "../lib/report/report.bench.ts";
import { benchEngines } from "../lib/spark/engines.bench.ts";

const benches: Record<string, () => Promise<void>> = {
  land: benchLand,
  engines: benchEngines,
  report: benchReport,
};
const usage = `npm run bench -- [NAME]
  Measures speed on the running stack, and prints a line for each figure.
  Without a name: land and report.
  land    from events to files: the encoder, and the whole stream
  engines the stream in TypeScript, and Spark, on one core and on two
  report  a small notebook: the report, and nbconvert; needs no stack`;
const options = { measure: { type: "string" } } as const; // one figure, in a process that a bench starts
const isRecorded = !process.argv.includes("--measure");

await command("bench", { usage, options, positionals: true, isRecorded }, async ({ values, positionals }) => {
  const [name] = positionals;
  if (values.measure !== undefined) return measure(values.measure, name!);
  if (name !== undefined && !Object.hasOwn(benches, name))
    throw new UsageError(`expected one of ${Object.keys(benches).join(", ")}, got "${name}"`);
  for (const run of name === undefined ? [benchLand, benchReport] : [benches[name]!]) await run();
});
