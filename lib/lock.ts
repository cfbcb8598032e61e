/**
 * Work on a shared folder → one process at a time.
 *
 * The lock is a file with the pid of its holder. A dead holder (crash, reboot) does not hold the
 * lock any more.
 */
import { execFileSync } from "node:child_process";
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { until } from "./until.ts";

const LIMIT_MS = 30 * 60_000;
const POLL_MS = 500;

/**
 * Runs `work` while no other process holds `file`. `signal` ends the wait, not the work.
 * @throws Error if another process still holds it after 30 minutes.
 */
export async function withLock<T>(
  file: string,
  log: (line: string) => void,
  work: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  mkdirSync(dirname(file), { recursive: true });
  const first = takeLock(file);
  if (first !== undefined) {
    log(`waiting for process ${first}, which is at work in ${dirname(file)}`);
    const ask = () => {
      const holder = takeLock(file);
      if (holder !== undefined) throw new Error(`process ${holder} holds it`);
      return true;
    };
    await until(`the lock ${file} is free`, ask, { limitMs: LIMIT_MS, everyMs: POLL_MS, signal });
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

/** Takes the lock until this process ends or deletes `file`; or returns the pid of the holder. */
export function takeLock(file: string): number | undefined {
  for (;;) {
    if (take(file)) return undefined;
    const holder = holderOf(file);
    if (holder !== undefined) return holder;
    removeStale(file);
  }
}

/** Makes the lock file with its content in one step, by a link; false if the file exists. */
function take(file: string): boolean {
  const mine = `${file}.${process.pid}`;
  try {
    writeFileSync(mine, `${process.pid} ${processStartTime(process.pid)}`);
    linkSync(mine, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return false;
  } finally {
    rmSync(mine, { force: true });
  }
}

/** The pid of the living process that holds the lock. */
function holderOf(file: string): number | undefined {
  try {
    const [pid = "", ...startTime] = readFileSync(file, "utf8").split(" ");
    return processStartTime(Number(pid)) === startTime.join(" ") ? Number(pid) : undefined;
  } catch {
    return undefined; // released in the meantime
  }
}

/**
 * Removes the file of a dead holder by a rename, which succeeds for only one of several processes.
 * If another process was faster and took the lock, the rename moved its file: it is moved back.
 */
function removeStale(file: string): void {
  const aside = `${file}.stale.${process.pid}`;
  try {
    renameSync(file, aside);
    if (holderOf(aside) !== undefined) renameSync(aside, file);
    rmSync(aside, { force: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

/**
 * The start time of a process, as a text to compare: on Linux the boot's id and the clock tick,
 * elsewhere the text of `ps`. Undefined if the process does not exist or is a zombie.
 */
export function processStartTime(pid: number): string | undefined {
  try {
    if (process.platform !== "linux") {
      const line = execFileSync("ps", ["-o", "stat=,lstart=", "-p", String(pid)], {
        encoding: "utf8",
      }).trim();
      return line.startsWith("Z") ? undefined : line.replace(/^\S+\s+/, "");
    }
    // "pid (name) state ppid …": the name may have any characters, so count from its last bracket.
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // A zombie with more than one thread is about to end, and still holds its files and ports.
    if (fields[0] === "X" || (fields[0] === "Z" && Number(fields[17]) <= 1)) return undefined;
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return `${boot} ${fields[19]}`;
  } catch {
    return undefined; // no process has this pid: both ways fail for no other reason
  }
}
