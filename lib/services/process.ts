/**
 * Commands → processes that outlive this one, found again by their pid files.
 *
 * A pid alone proves nothing: after a crash or a reboot another process may have it.
 * So the pid file also keeps when its process started, as the system says it.
 */
import { spawn } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { processStartTime } from "../lock.ts";
import { until } from "../until.ts";

/** What a process is started with. */
export interface Command {
  file: string;
  args: string[];
  cwd: string;
  env?: NodeJS.ProcessEnv; // default: this process's
}

/** A process that was started, as its pid file keeps it. */
export interface ProcessRecord {
  pid: number;
  startTime: string; // see processStartTime
}

/**
 * Starts `command` detached, as `name` of the stack in `home`: pid file in <home>/run, output
 * in <home>/logs/<name>.log (begun anew at each start; the one before is kept, as <name>.log.1).
 * @throws Error if the command cannot be executed.
 */
export async function startProcess(home: string, name: string, command: Command): Promise<ProcessRecord> {
  const log = logFile(home, name);
  mkdirSync(join(home, "logs"), { recursive: true });
  mkdirSync(join(home, "run"), { recursive: true });
  if (existsSync(log)) renameSync(log, `${log}.1`);
  const output = openSync(log, "a");
  try {
    const { file, args, cwd, env } = command;
    const child = spawn(file, args, { cwd, env, detached: true, stdio: ["ignore", output, output] });
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", reject);
    });
    child.unref();
    const pid = child.pid as number; // set once spawned
    const record = { pid, startTime: processStartTime(pid) ?? "" };
    writeFileSync(pidFile(home, name), JSON.stringify(record) + "\n");
    return record;
  } finally {
    closeSync(output);
  }
}

/** The process that runs as `name` in `home`, or undefined; removes a stale pid file. */
export function findProcess(home: string, name: string): ProcessRecord | undefined {
  const file = pidFile(home, name);
  if (!existsSync(file)) return undefined;
  const record = parseRecord(readFileSync(file, "utf8"));
  if (record && record.startTime !== "" && processStartTime(record.pid) === record.startTime) return record;
  rmSync(file, { force: true });
  return undefined;
}

/**
 * Stops the process `name` of `home`, if it runs: SIGTERM, and SIGKILL after `graceMs`.
 * Resolves when it is gone, with the way it went; "absent" if it did not run.
 */
export async function stopProcess(
  home: string,
  name: string,
  { graceMs = 20_000 } = {},
): Promise<"absent" | "stopped" | "killed"> {
  const record = findProcess(home, name);
  if (!record) return "absent";
  signal(record, "SIGTERM");
  const stopped = await isGone(record, graceMs);
  if (!stopped) {
    signal(record, "SIGKILL");
    if (!(await isGone(record, 5_000))) {
      throw new Error(`${name}: process ${record.pid} is still there 5 s after SIGKILL`);
    }
  }
  rmSync(pidFile(home, name), { force: true });
  return stopped ? "stopped" : "killed";
}

/** The last `count` lines that `name` wrote to its log. */
export function lastLogLines(home: string, name: string, count = 20): string[] {
  const file = logFile(home, name);
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8").trimEnd().split("\n").slice(-count);
}

/** The log file of `name` in `home`. */
export function logFile(home: string, name: string): string {
  return join(home, "logs", `${name}.log`);
}

function isGone({ pid, startTime }: ProcessRecord, limitMs: number): Promise<boolean> {
  const gone = () => processStartTime(pid) !== startTime || undefined;
  return until(`process ${pid} ends`, gone, { limitMs, everyMs: 50 }).catch(() => false);
}

/** Signals the process alone, not its group: it stops its own children itself. */
function signal({ pid }: ProcessRecord, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error; // gone in the meantime
  }
}

function pidFile(home: string, name: string): string {
  return join(home, "run", `${name}.pid`);
}

function parseRecord(text: string): ProcessRecord | undefined {
  try {
    const { pid, startTime } = JSON.parse(text) as Partial<ProcessRecord>;
    return Number.isInteger(pid) && typeof startTime === "string"
      ? { pid: pid as number, startTime }
      : undefined;
  } catch {
    return undefined; // cut short by a crash
  }
}
