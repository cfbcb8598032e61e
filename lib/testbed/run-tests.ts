/**
 * Test files → one mocha run: unit tests first, then live tests on a stack of their own.
 *
 * This stack has other ports and another home than the user's. The first live test starts it, and
 * the last one stops it.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { $, glob } from "zx";
import { DEFAULT_PORTS, portVariable } from "../settings.ts";

const TEST_PORT_OFFSET = 10_000;
const LIVE_TIMEOUT_MS = 60_000; // of one live test, unless it says otherwise
const START = "lib/services/start.live.test.ts"; // starts the stack of all live tests
// These two run last, because they break the stack, and take it down and up again.
const LAST = ["lib/drill/outages.live.test.ts", "lib/services/restart.live.test.ts"];

/**
 * Runs the tests whose path has one of the words; without words all, with coverage. Resolves with
 * mocha's exit code.
 */
export async function runTests(words: readonly string[]): Promise<number> {
  const home = join(".questlog", "test");
  const env = testEnvironment(home);
  await $`npm run --silent build`;
  // A test run that was killed may have left processes, and then data.
  await $({ env })`npm run --silent down`.quiet();
  rmSync(home, { recursive: true, force: true });
  // --exit: otherwise an open addon or client would keep mocha running after the last test.
  const own = ["--require", "./scripts/original-game.js", "--reporter", "scripts/test-reporter.ts"];
  const options = ["--exit", "--timeout", String(LIVE_TIMEOUT_MS), ...own];
  const runner = words.length === 0 ? ["c8", "mocha"] : ["mocha"]; // some tests alone would miss the coverage
  const mocha = $({ env, stdio: "inherit", nothrow: true });
  const files = await testFiles(words);
  const { exitCode } = await mocha`npx ${runner} --no-config --no-package ${options} ${files}`;
  return exitCode ?? 1;
}

async function testFiles(words: readonly string[]): Promise<string[]> {
  const wanted = (file: string) => words.length === 0 || words.some((word) => file.includes(word));
  const units = (await glob(["{lib,scripts}/**/*.test.ts", "!**/*.live.test.ts"])).sort().filter(wanted);
  const others = await glob(["lib/**/*.live.test.ts", ...[START, ...LAST].map((file) => `!${file}`)]);
  const live = [...others.sort(), ...LAST].filter(wanted);
  return [...units, ...(live.length > 0 || wanted(START) ? [START] : []), ...live];
}

function testEnvironment(home: string): NodeJS.ProcessEnv {
  const ports = Object.entries(DEFAULT_PORTS).map(([name, port]): [string, string] => [
    portVariable(name),
    String(port + TEST_PORT_OFFSET),
  ]);
  return {
    ...process.env,
    ...Object.fromEntries(ports),
    QUESTLOG_HOME: home,
    QUESTLOG_RUNTIME: "native", // also beside an engine with images
    QUESTLOG_OUT: join(home, "out"),
    QUESTLOG_HISTORY: join(home, "history.jsonl"),
  };
}
