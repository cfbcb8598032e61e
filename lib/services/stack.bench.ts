/**
 * M6, M11: seconds of `npm run up` until all is ready; CPU time of an idle stack in a minute.
 *
 * M6 has a stack of its own, with a folder and ports of its own, beside the running one. Its first
 * start makes empty file systems and fills the caches, so it is no round.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { DEFAULT_PORTS, portVariable, settings } from "../settings.ts";
import { freePort } from "../testbed/free-port.ts";
import { cpuSeconds, rounds, tell, tellMissing } from "../testbed/figures.bench.ts";
import { findProcess } from "./process.ts";
import { ownNames, serverNames } from "./services.ts";

const IDLE_S = 12; // of a round
const names = [...serverNames, ...ownNames];

/** Prints the figure of M6. It needs no running stack. `signal` ends it, and deletes its stack. */
export async function benchStart(isShort: boolean, signal: AbortSignal): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), "questlog-bench-"));
  const env: NodeJS.ProcessEnv = { ...process.env, QUESTLOG_HOME: home, QUESTLOG_HISTORY: "/dev/null" };
  for (const name of Object.keys(DEFAULT_PORTS)) env[portVariable(name)] = String(await freePort());
  const run = (verb: string, words: string[] = []) =>
    promisify(execFile)(process.execPath, [`scripts/${verb}.ts`, ...words], { cwd: settings.root, env });
  const values: number[] = [];
  try {
    for (let round = 0; round <= rounds(isShort); round++) {
      signal.throwIfAborted();
      const started = performance.now();
      await run("up", ["--native"]);
      if (round > 0) values.push((performance.now() - started) / 1000);
      await run("down");
    }
  } finally {
    await run("down");
    rmSync(home, { recursive: true, force: true });
  }
  tell({ id: "M6", what: "npm run up to ready", unit: "s", values, goal: { is: "at most", value: 10 } });
}

/** Prints the figures of M11, of the running stack. Nobody else may use the stack meanwhile. */
export async function benchIdle(isShort: boolean): Promise<void> {
  const pids = names.flatMap((name) => {
    const record = findProcess(settings.home, name);
    return record === undefined ? [] : [[name, record.pid] as const];
  });
  const what = "CPU of an idle stack in a minute";
  if (pids.length < names.length)
    return tellMissing("M11", what, `expected ${names.length} processes, found ${pids.length}; npm run up`);
  const count = rounds(isShort);
  const all: number[] = Array<number>(count).fill(0);
  const single = new Map<string, number[]>(names.map((name) => [name, []]));
  for (let round = 0; round < count; round++) {
    const before = pids.map(([, pid]) => cpuSeconds(pid));
    const seconds = isShort ? 2 : IDLE_S;
    await sleep(seconds * 1000);
    for (const [i, [name, pid]] of pids.entries()) {
      const value = ((cpuSeconds(pid) - before[i]!) * 60) / seconds;
      single.get(name)!.push(value);
      all[round]! += value;
    }
  }
  tell({ id: "M11", what, unit: "s", values: all, goal: { is: "at most", value: 4 } });
  for (const [name, values] of single) tell({ id: "M11", what: `${what}, ${name}`, unit: "s", values });
}
