/**
 * Work on a shared folder → one process at a time.
 *
 * The lock is a pid file: whoever holds it and is gone (crash, reboot) holds it no more.
 */
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { until } from "../until.ts";
import { processStartTime } from "./process.ts";
import type { Say } from "./log.ts";

const LIMIT_MS = 30 * 60_000;
const POLL_MS = 500;

/**
 * Runs `work` while no other process holds `file`.
 * @throws Error if another one still holds it after 30 minutes.
 */
export async function withLock<T>(file: string, say: Say, work: () => Promise<T>): Promise<T> {
  mkdirSync(dirname(file), { recursive: true });
  const first = takeLock(file);
  if (first !== undefined) {
    say(`waiting for process ${first}, which is at work in ${dirname(file)}`);
    const ask = () => {
      const holder = takeLock(file);
      if (holder !== undefined) throw new Error(`process ${holder} holds it`);
      return true;
    };
    await until(`the lock ${file} is free`, ask, { limitMs: LIMIT_MS, everyMs: POLL_MS });
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

/** Takes the lock, for as long as this process lives and `file` is there; or returns the pid of who holds it. */
export function takeLock(file: string): number | undefined {
  for (;;) {
    if (take(file)) return undefined;
    const holder = holderOf(file);
    if (holder !== undefined) return holder;
    removeStale(file);
  }
}

/** Makes the lock file with its content in one step, by a link; false if somebody alive holds it. */
function take(file: string): boolean {
  const mine = `${file}.${process.pid}`;
  writeFileSync(mine, `${process.pid} ${processStartTime(process.pid)}`);
  try {
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
 * By a rename, which only one of several waiting processes can do. If what was renamed is a
 * lock after all (another process was faster, and took it), it is put back.
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
