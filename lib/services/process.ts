/**
 * Commands → processes that outlive this one, found again by their pid files.
 *
 * After a crash or a reboot another process may have the same pid. So the pid file also contains
 * the start time of its process, in the system's form.
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

const KILL_LIMIT_MS = 10_000;

/** A command line, its folder and its environment. */
export interface Command {
  file: string;
  args: string[];
  cwd: string;
  env?: NodeJS.ProcessEnv; // default: this process's
}

/** The content of a pid file. */
export interface ProcessRecord {
  pid: number;
  startTime: string; // by processStartTime
}

/**
 * Starts `command` detached, as `name` of the stack in `home`. The pid file is in <home>/run. The
 * output goes to a new <home>/logs/<name>.log; the previous log becomes <name>.log.1.
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
    const pid = child.pid as number; // the pid is set after "spawn"
    const record = { pid, startTime: processStartTime(pid) ?? "" };
    writeFileSync(pidFile(home, name), JSON.stringify(record) + "\n");
    return record;
  } finally {
    closeSync(output);
  }
}

/** The running process `name` of `home`, or undefined; deletes a stale pid file. */
export function findProcess(home: string, name: string): ProcessRecord | undefined {
  const file = pidFile(home, name);
  if (!existsSync(file)) return undefined;
  const record = parseRecord(readFileSync(file, "utf8"));
  if (record && record.startTime !== "" && processStartTime(record.pid) === record.startTime) return record;
  rmSync(file, { force: true });
  return undefined;
}

/**
 * Stops the process `name` of `home` by SIGTERM, and by SIGKILL after `graceMs`. Resolves after its
 * end with the way it ended; "absent" if it did not run.
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

/** Ends the process `name` of `home` by SIGKILL; resolves after its end. */
export async function killProcess(home: string, name: string): Promise<void> {
  const record = signalProcess(home, name, "SIGKILL");
  if (!(await isGone(record, KILL_LIMIT_MS)))
    throw new Error(`${name}: process ${record.pid} is still there ${KILL_LIMIT_MS / 1000} s after SIGKILL`);
}

/** Sends a signal to the process `name` of `home`. @throws Error if there is no such process */
export function signalProcess(home: string, name: string, signalName: NodeJS.Signals): ProcessRecord {
  const record = findProcess(home, name);
  if (!record) throw new Error(`${name}: expected a process in ${home}, found none; npm run up starts it`);
  signal(record, signalName);
  return record;
}

/** The last `count` lines in the log of `name`. */
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

/** Signals the process, but not its group: the process stops its own children. */
function signal({ pid }: ProcessRecord, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error; // it has ended in the meantime
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
    return undefined; // a crash cut the text
  }
}
