/** Measure the project's speed on the running stack; print one line for each figure. */
import { AGED_ROWS, SHORT_ROWS, benchAge, measureAge } from "../lib/audit/age.bench.ts";
import { benchFreshness } from "../lib/audit/freshness.bench.ts";
import { benchApi } from "../lib/collect/api.bench.ts";
import { command, UsageError } from "../lib/command.ts";
import { benchLand, measure } from "../lib/land/land.bench.ts";
import { benchReport } from "../lib/report/report.bench.ts";
import { benchIdle, benchStart } from "../lib/services/stack.bench.ts";
import { benchBacklog, benchEngines } from "../lib/spark/engines.bench.ts";
import { tellMachine } from "../lib/testbed/figures.bench.ts";
import { benchQuery } from "../lib/trino.bench.ts";

/** The benches in the order of a whole run. An idle stack is measured before the others use it. */
const benches: Record<string, (isShort: boolean) => Promise<void>> = {
  idle: benchIdle,
  query: benchQuery,
  fresh: benchFreshness,
  api: benchApi,
  land: benchLand,
  backlog: benchBacklog,
  report: benchReport,
  start: benchStart,
  engines: benchEngines,
};
const ALONE = new Set(["engines", "age"]); // too long for a whole run
const usage = `npm run bench -- [NAME] [--short] [--rows N]
  Measures speed on the running stack, and prints a line for each figure.
  Without a name: all but engines and age.
  idle    M11: CPU time of the idle stack
  query   M7: what query() adds to Trino's own time
  fresh   M5: from a request to its row in Trino
  api     M1, M2: the API, the original's Flask API and an empty express
  land    from events to files: the encoder, and the whole stream
  backlog M4: a million events; the stream, and a plain Spark job
  report  a small notebook: the report, and nbconvert; needs no stack
  start   M6: npm run up of a second stack; needs no running one
  engines the stream in TypeScript, and Spark, on one core and on two
  age     M8, M10: reports, audits, compaction, queries; events of 30 days.
          Makes a stack of its own, with a folder and ports of its own, and
          deletes it at the end; your data stays as it is
  --rows N  the events of age (10000000; with --short 100000)
  --short one short round, which shows only that a bench works`;
const options = {
  measure: { type: "string" }, // one figure, in a process that a bench starts
  short: { type: "boolean", default: false },
  rows: { type: "string" },
} as const;
const MIN_ROWS = 1_000;
const MAX_ROWS = 100_000_000;
const isRecorded = !process.argv.includes("--measure");
const interruptible = isRecorded && process.argv.includes("age"); // it ends its stack at Ctrl-C
const hint = "npm run status shows what runs";

await command(
  "bench",
  { usage, options, positionals: true, isRecorded, interruptible, hint },
  async ({ values, positionals, signal }) => {
    const [name] = positionals;
    if (values.rows !== undefined && name !== "age" && values.measure === undefined)
      throw new UsageError("--rows: expected with age only");
    const rows = readRows(values.rows, values.short);
    if (values.measure === "age") return measureAge(rows, values.short);
    if (values.measure !== undefined) return measure(values.measure, rows, ...positionals);
    const names = [...Object.keys(benches), "age"];
    if (name !== undefined && !names.includes(name))
      throw new UsageError(`expected one of ${names.join(", ")}, got "${name}"`);
    tellMachine();
    if (name === "age") return benchAge(rows, values.short, signal);
    if (name !== undefined) return benches[name]!(values.short);
    return runAll(values.short);
  },
);

/** Runs the benches one after another. One that fails is named, and the others go on. */
async function runAll(isShort: boolean): Promise<number> {
  let failed = 0;
  for (const [name, bench] of Object.entries(benches)) {
    if (ALONE.has(name)) continue;
    try {
      await bench(isShort);
    } catch (error) {
      console.error(`bench ${name}: ${(error as Error).message}`);
      failed++;
    }
  }
  return failed > 0 ? 1 : 0;
}

function readRows(text: string | undefined, isShort: boolean): number {
  if (text === undefined) return isShort ? SHORT_ROWS : AGED_ROWS;
  const rows = /^\d+$/.test(text) ? Number(text) : NaN;
  if (rows >= MIN_ROWS && rows <= MAX_ROWS) return rows;
  throw new UsageError(`--rows: expected a number from ${MIN_ROWS} to ${MAX_ROWS}, got "${text}"`);
}
