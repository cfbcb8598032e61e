/** Process ids → CPU time and memory of these processes with all of their children (Linux). */
import { readdirSync, readFileSync } from "node:fs";

const TICKS = 100; // of the kernel's clock in a second

/** CPU time and memory of processes with all of their children, from /proc. */
export function usageOf(roots: readonly number[]): { cpuSeconds: number; mb: number } {
  const processes = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readProcess(Number(name)));
  const wanted = new Set(roots);
  for (let before = 0; wanted.size > before;) {
    before = wanted.size;
    for (const { pid, parent } of processes) if (wanted.has(parent)) wanted.add(pid);
  }
  const own = processes.filter(({ pid }) => wanted.has(pid));
  return {
    cpuSeconds: own.reduce((sum, { ticks }) => sum + ticks, 0) / TICKS,
    mb: own.reduce((sum, { pid }) => sum + sharedKib(pid), 0) / 1024,
  };
}

/** A process in a list; an empty list: it has ended since the folder was listed. */
function readProcess(pid: number): { pid: number; parent: number; ticks: number }[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const times = fields.slice(11, 15).map(Number); // own, and of ended children
    return [{ pid, parent: Number(fields[1]), ticks: times.reduce((sum, time) => sum + time) }];
  } catch {
    return [];
  }
}

/** A process's memory, in which a page that n processes share counts as 1/n. */
function sharedKib(pid: number): number {
  try {
    return Number(/^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1] ?? 0);
  } catch {
    return 0; // it has ended
  }
}
