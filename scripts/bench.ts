/** Measure the project's speed on the running stack; print one line for each figure. */
import { once } from "node:events";
import { AGED, type Age, benchAge, measureAge, YOUNG } from "../lib/audit/age.bench.ts";
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
const benches: Record<string, (isShort: boolean, signal: AbortSignal) => Promise<void>> = {
  idle: benchIdle,
  query: benchQuery,
  fresh: benchFreshness,
  api: benchApi,
  land: benchLand,
  backlog: benchBacklog,
  report: benchReport,
  start: benchStart,
  engines: benchEngines,
  age: (isShort, signal) => benchAge({ ...YOUNG, isShort }, signal),
};
const ALONE = new Set(["engines"]); // too long for a whole run
const OWN_STACK = new Set(["start", "age"]); // at Ctrl-C they stop and delete it
const usage = `npm run bench -- [NAME] [--short] [--rows N] [--days N]
  Measures speed on the running stack, and prints a line for each figure.
  Without a name: all but engines.
  idle    M11: CPU time of the idle stack
  query   M7: what query() adds to Trino's own time
  fresh   M5: from a request to its row in Trino
  api     M1, M2: the API, the original's Flask API and an empty express
  land    from events to files: the encoder, and the whole stream
  backlog M4: a million events; the stream, and a plain Spark job
  report  a small notebook: the report, and nbconvert; needs no stack
  start   M6: npm run up of a second stack; needs no running one
  engines the stream in TypeScript, and Spark, on one core and on two
  age     M8, M10: reports, audits, compaction, queries of an old stack.
          Makes a stack of its own, with a folder and ports of its own, and
          deletes it at the end; your data stays as it is. About an hour;
          without a name, ${YOUNG.rows} events of ${YOUNG.days} days
  --rows N  the events of age (${AGED.rows}; with --short ${YOUNG.rows})
  --days N  their days, up to today (${AGED.days}; with --short ${YOUNG.days})
  --short one short round, which shows only that a bench works`;
const options = {
  measure: { type: "string" }, // one figure, in a process that a bench starts
  short: { type: "boolean", default: false },
  rows: { type: "string" },
  days: { type: "string" },
} as const;
const MIN_ROWS = 1_000;
const MAX_ROWS = 100_000_000;
const MAX_DAYS = 3_650;
const isRecorded = !process.argv.includes("--measure");
const hint = "npm run status shows what runs";

await command(
  "bench",
  { usage, options, positionals: true, isRecorded, interruptible: isRecorded, hint },
  async ({ values, positionals, signal }) => {
    const [name] = positionals;
    const isAge = name === "age" || values.measure !== undefined;
    for (const option of ["rows", "days"] as const)
      if (values[option] !== undefined && !isAge) throw new UsageError(`--${option}: expected with age only`);
    const preset = values.short ? YOUNG : AGED;
    const age: Age = {
      rows: readNumber("--rows", values.rows, preset.rows, MIN_ROWS, MAX_ROWS),
      days: readNumber("--days", values.days, preset.days, 1, MAX_DAYS),
      isShort: values.short,
      isBrief: values.measure === "brief",
    };
    if (values.measure === "age" || values.measure === "brief") return measureAge(age);
    if (values.measure !== undefined) return measure(values.measure, age.rows, ...positionals);
    if (name !== undefined && benches[name] === undefined)
      throw new UsageError(`expected one of ${Object.keys(benches).join(", ")}, got "${name}"`);
    tellMachine();
    if (name === "age") return benchAge(age, signal);
    if (name !== undefined) return run(name, values.short, signal);
    return runAll(values.short, signal);
  },
);

/** Runs the benches one after another. One that fails is named, and the others go on. */
async function runAll(isShort: boolean, signal: AbortSignal): Promise<number> {
  let failed = 0;
  for (const name of Object.keys(benches)) {
    if (ALONE.has(name)) continue;
    try {
      await run(name, isShort, signal);
    } catch (error) {
      signal.throwIfAborted();
      console.error(`bench ${name}: ${(error as Error).message}`);
      failed++;
    }
  }
  return failed > 0 ? 1 : 0;
}

/** Runs a bench up to its end, or to Ctrl-C. */
async function run(name: string, isShort: boolean, signal: AbortSignal): Promise<void> {
  const bench = benches[name]!(isShort, signal);
  if (OWN_STACK.has(name)) return bench;
  await Promise.race([bench, once(signal, "abort").then(() => signal.throwIfAborted())]);
}

function readNumber(
  name: string,
  text: string | undefined,
  preset: number,
  least: number,
  most: number,
): number {
  if (text === undefined) return preset;
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (value >= least && value <= most) return value;
  throw new UsageError(`${name}: expected a number from ${least} to ${most}, got "${text}"`);
}
