/**
 * Run all tests: units first, then live ones on a stack of their own, with other
 * ports and another home than the user's, started and stopped by the first and last of them.
 *
 *   npm test                    ends with the line "N passed, N failed, N skipped"
 *   npm test -- lib/ask         only the files whose path contains one of the words; without coverage
 *   npm run test:attacks        the attacks in their full form, with figures
 *   npm run test:unit           those that need no services, in seconds
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { $, glob } from "zx";
import { DEFAULT_PORTS, portVariable } from "../lib/settings.ts";

const TEST_PORT_OFFSET = 10_000;
const LIVE_TIMEOUT_MS = 60_000; // of one live test, unless it says otherwise
const START = "lib/services/start.live.test.ts"; // starts the stack of all that follow
// These break that stack, and take it down and up again: last.
const LAST = ["lib/drill/outages.live.test.ts", "lib/services/restart.live.test.ts"];

const ports: Record<string, string> = {};
for (const [name, port] of Object.entries(DEFAULT_PORTS)) {
  ports[portVariable(name)] = String(port + TEST_PORT_OFFSET);
}
const home = join(".questlog", "test");
const env = {
  ...process.env,
  ...ports,
  QUESTLOG_HOME: home,
  QUESTLOG_OUT: join(home, "out"),
  QUESTLOG_HISTORY: join(home, "history.jsonl"),
};

const words = process.argv.slice(2);
const wanted = (file: string) => words.length === 0 || words.some((word) => file.includes(word));
const units = (await glob(["lib/**/*.test.ts", "!**/*.live.test.ts"])).sort().filter(wanted);
const others = await glob(["lib/**/*.live.test.ts", ...[START, ...LAST].map((file) => `!${file}`)]);
const live = [...others.sort(), ...LAST].filter(wanted);
const files = [...units, ...(live.length > 0 || wanted(START) ? [START] : []), ...live];

await $`npm run --silent build`;
// What a test run that was killed left behind goes first: its processes, then its data.
await $({ env })`npm run --silent down`.quiet();
rmSync(home, { recursive: true, force: true });
// What an addon or a client has not closed must not keep a run that has ended (Node waits for it without end): hence --exit.
const options = ["--exit", "--timeout", LIVE_TIMEOUT_MS, "--reporter", "scripts/test-reporter.ts"].map(
  String,
);
const runner = words.length === 0 ? ["c8", "mocha"] : ["mocha"]; // a part of the tests covers a part only
const { exitCode } = await $({
  env,
  stdio: "inherit",
  nothrow: true,
})`npx ${runner} --no-config --no-package ${options} ${files}`;
process.exitCode = exitCode ?? 1;
