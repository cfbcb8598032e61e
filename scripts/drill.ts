/**
 * Do something bad to the running stack on purpose, and say what it cost; exit 1 if a goal was missed.
 *
 *   npm run drill                          all drills, one after another; their figures go to history/drills.md
 *   npm run drill -- soak kill-api         these
 *   npm run drill -- --short --seed 2      the forms that are part of the tests; another seed of what is random
 *
 * Attacks on the API, the report and the stack are tests of their stages (malformed, large, slow, inject, xss,
 * sockets): npm run test:attacks runs their full forms, and prints their figures.
 */
import { writeFileSync } from "node:fs";
import { relative } from "node:path";
import { parseArgs } from "node:util";
import type { Drill } from "../lib/drill/drill.ts";
import { drills } from "../lib/drill/drills.ts";
import { closePipelines } from "../lib/testbed/pipeline.ts";
import { endOutages } from "../lib/testbed/outages.ts";
import { DRILLS_FILE, drillsPage, type Passed, shortTable } from "../lib/drill/figures.ts";
import { recordScript } from "../lib/history.ts";

const NAME_WIDTH = 36;
const SAME_CTRL_C_MS = 1_000; // npm and the terminal may both pass on one Ctrl-C

const { chosen, short, seed } = readArguments();
recordScript("drill");
const passed: Passed[] = [];
let interruptedAt = 0;
for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, () => void interrupt());
for (const drill of chosen) if (interruptedAt === 0) await run(drill);
if (interruptedAt > 0) await new Promise(() => {}); // until the process exits
console.log(`${passed.length} of ${chosen.length} passed`);
if (!short && passed.length === drills.length) {
  const page = drillsPage(passed, new Date());
  writeFileSync(DRILLS_FILE, page);
  console.log(
    `the figures: ${relative("", DRILLS_FILE)}; their short table, for the README:\n${shortTable(page)}`,
  );
}

/** Undoes what the drill that runs has done; a second Ctrl-C does not wait for that. */
async function interrupt(): Promise<void> {
  if (interruptedAt > 0 && Date.now() - interruptedAt > SAME_CTRL_C_MS) process.exit(130);
  if (interruptedAt > 0) return;
  interruptedAt = Date.now();
  console.log(
    "\ninterrupted: starting what the drill has stopped, removing its own topics, files and tables",
  );
  await endOutages()
    .then(closePipelines)
    .catch((error: Error) =>
      console.error(
        `drill: some are left, since ${error.message}; npm run up starts what a drill has stopped`,
      ),
    );
  process.exit(130);
}

async function run({ name, what, run }: Drill): Promise<void> {
  console.log(`${name}: ${what}`);
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  try {
    const figures = await run({ short, seed, log: (line) => console.error(line) });
    for (const [figure, value] of Object.entries(figures))
      console.log(`  ${figure.padEnd(NAME_WIDTH)}  ${value}`);
    passed.push({ name, what, figures, seconds: seconds() });
    console.log(`${name}: passed, ${seconds().toFixed(1)} s`);
  } catch (error) {
    if (interruptedAt > 0) return;
    console.log(`${name}: failed, ${seconds().toFixed(1)} s: ${(error as Error).message}`);
    process.exitCode = 1;
  }
}

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { short: { type: "boolean", default: false }, seed: { type: "string", default: "1" } },
    });
    if (!/^\d{1,9}$/.test(values.seed))
      throw new Error(`--seed: expected an integer from 0 to 999999999, got "${values.seed}"`);
    const unknown = positionals.find((word) => !drills.some(({ name }) => name === word));
    if (unknown !== undefined)
      throw new Error(`expected names among ${drills.map(({ name }) => name).join(", ")}, got "${unknown}"`);
    const chosen = drills.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
    return { chosen, short: values.short, seed: Number(values.seed) };
  } catch (error) {
    console.error(`drill: ${(error as Error).message}; try: npm run drill -- [NAME…] [--short] [--seed N]`);
    process.exit(2);
  }
}
