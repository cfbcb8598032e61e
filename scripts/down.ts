/**
 * Stop the whole stack, in order; its data stays.
 *
 *   npm run down                everything
 *   npm run down -- stream      by name
 *   npm run down -- --wipe      everything, and delete the data
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { recordScript } from "../lib/history.ts";
import { readChoice, UsageError } from "../lib/services/arguments.ts";
import { stopServices } from "../lib/services/stop.ts";
import { settings } from "../lib/settings.ts";

const args = process.argv.slice(2);
recordScript("down");
try {
  const { names, all, runtime, wipe } = readChoice(args, { canWipe: true });
  if (wipe && !all)
    throw new UsageError("--wipe deletes the data of all services; expected no names beside it");
  const rows = await stopServices({
    names,
    runtime,
    onStopped: ({ service, seconds }) => console.log(`${service.padEnd(10)} stopped ${seconds} s`),
  });
  if (rows.length === 0) console.log("nothing was running");
  if (wipe) {
    await runtime.wipe();
    rmSync(join(settings.home, "spool"), { recursive: true, force: true }); // else it would go to the next Kafka
    console.log("data deleted");
  }
} catch (error) {
  console.error(`down: ${(error as Error).message}`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
