/**
 * Drills → their figures on stdout, one drill after another.
 *
 * An interruption starts the services that a drill has stopped, and removes the drill's own data.
 * The interrupted drill may go on for a while, so the caller has to end the process.
 */
import { writeFileSync } from "node:fs";
import { relative } from "node:path";
import { endOutages } from "../testbed/outages.ts";
import { stopClusters } from "../testbed/secured-cluster.ts";
import { closePipelines } from "../testbed/pipeline.ts";
import type { Drill } from "./drill.ts";
import { drills } from "./drills.ts";
import { DRILLS_FILE, drillsPage, type Passed, shortTable } from "./figures.ts";

export interface RunDrillsOptions {
  short: boolean; // the short forms, which are part of the tests
  seed: number;
  signal: AbortSignal;
}

const NAME_WIDTH = 36;

/** Runs the drills, and resolves with the exit code: 1 if one failed, 130 after the signal. */
export async function runDrills(chosen: readonly Drill[], options: RunDrillsOptions): Promise<number> {
  const { short, signal } = options;
  const undone = new Promise<void>((resolve) =>
    signal.addEventListener("abort", () => resolve(undo()), { once: true }),
  );
  const passed: Passed[] = [];
  for (const drill of chosen) {
    const one = await Promise.race([runDrill(drill, options), undone]);
    if (signal.aborted) {
      await undone;
      return 130;
    }
    if (one) passed.push(one);
  }
  console.log(`${passed.length} of ${chosen.length} passed`);
  if (!short && passed.length === drills.length) writeFigures(passed);
  return passed.length === chosen.length ? 0 : 1;
}

/** Resolves with the figures, or undefined if the drill has failed. */
async function runDrill(
  { name, what, run }: Drill,
  { short, seed, signal }: RunDrillsOptions,
): Promise<Passed | undefined> {
  console.log(`${name}: ${what}`);
  const started = performance.now();
  const seconds = (): number => (performance.now() - started) / 1000;
  try {
    const figures = await run({ short, seed, log: (line) => console.error(line) });
    for (const [figure, value] of Object.entries(figures))
      console.log(`  ${figure.padEnd(NAME_WIDTH)}  ${value}`);
    console.log(`${name}: passed, ${seconds().toFixed(1)} s`);
    return { name, what, figures, seconds: seconds() };
  } catch (error) {
    if (!signal.aborted)
      console.log(`${name}: failed, ${seconds().toFixed(1)} s: ${(error as Error).message}`);
  }
}

function writeFigures(passed: Passed[]): void {
  const page = drillsPage(passed, new Date());
  writeFileSync(DRILLS_FILE, page);
  const file = relative("", DRILLS_FILE);
  console.log(`figures: ${file}; short table, for the README:\n${shortTable(page)}`);
}

async function undo(): Promise<void> {
  console.log(
    "\ninterrupted: starting the services that the drill has stopped, removing its topics, files and tables",
  );
  try {
    await endOutages();
    await closePipelines();
    await stopClusters();
  } catch (error) {
    const { message } = error as Error;
    console.error(
      `drill: some are left (${message}); npm run up starts the services that a drill has stopped`,
    );
  }
}
