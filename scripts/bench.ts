/**
 * Measure how fast the project is, on the running stack; one line a figure.
 *
 *   npm run bench              all
 *   npm run bench -- land      events to files: the encoder, and the whole stream
 */
import { benchLand, measure } from "../lib/land/land.bench.ts";
import { recordScript } from "../lib/history.ts";

const benches: Record<string, () => Promise<void>> = { land: benchLand };

const [name, ...rest] = process.argv.slice(2);
if (name === "--measure") {
  await measure(rest[0]!, rest[1]!); // a process that a bench starts, for one figure
} else if (name !== undefined && !Object.hasOwn(benches, name)) {
  console.error(`bench: expected one of ${Object.keys(benches).join(", ")}, got "${name}"`);
  process.exitCode = 2;
} else {
  recordScript("bench");
  try {
    for (const run of name ? [benches[name]!] : Object.values(benches)) await run();
  } catch (error) {
    console.error(`bench: ${(error as Error).message}`);
    process.exitCode = 1;
  }
}
