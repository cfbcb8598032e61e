/**
 * Print the recorded commands, numbered like a shell's history.
 *
 *   npm run history             all of them
 *   npm run history -- 20       the last 20
 */
import { readHistory } from "../lib/history.ts";

const [count] = process.argv.slice(2);
if (count !== undefined && !/^[1-9]\d*$/.test(count)) {
  console.error(`history: expected a number of commands, got "${count}"; try: npm run history -- 20`);
  process.exit(2);
}
const entries = readHistory().map((entry, i) => ({ ...entry, number: i + 1 }));
for (const { number, time, step, command, exit_code, duration_ms } of entries.slice(-Number(count ?? 0))) {
  const outcome = exit_code === null ? "–" : `exit ${exit_code}`;
  const seconds = `${(duration_ms / 1000).toFixed(1)} s`;
  console.log(
    `${String(number).padStart(5)}  ${time.slice(0, 19)}Z  ${outcome.padEnd(8)} ${seconds.padStart(8)}  ${step.padEnd(12)} ${command}`,
  );
}
if (entries.length === 0)
  console.error("history: nothing recorded yet; npm run report or npm run up records what it runs");
