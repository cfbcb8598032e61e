/**
 * Players → the lines of the API's spool on this machine that name them, and their removal.
 *
 * A running API holds the spool's lock, and sends its lines by itself when Kafka is there. So then
 * only a wait is right. Without an API, this process takes the lock and writes each file again
 * without those lines. They were never sent, so no other place has them.
 */
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { takeLock } from "../lock.ts";
import { until } from "../until.ts";
import { writeWhole } from "../whole-file.ts";
import { namesPlayer } from "./names-player.ts";

const POLL_MS = 500;

/** The number of lines that name a player, in all files of a spool. */
export function countSpooled(folder: string, players: readonly string[]): number {
  return filesOf(folder).reduce((sum, file) => sum + linesOf(file, players).named, 0);
}

/**
 * Removes the lines, or waits until the API has sent them.
 * @throws Error after `waitMs` with the way out
 */
export async function emptySpool(folder: string, players: readonly string[], waitMs: number): Promise<void> {
  if (!existsSync(folder) || countSpooled(folder, players) === 0) return;
  const lock = join(folder, "lock");
  const ask = async () => {
    const left = countSpooled(folder, players);
    if (left === 0) return true;
    const holder = takeLock(lock);
    if (holder !== undefined)
      throw new Error(`${left} lines wait for Kafka; to remove them unsent, stop the API, process ${holder}`);
    try {
      for (const file of filesOf(folder)) await removeLines(file, players);
    } finally {
      rmSync(lock, { force: true });
    }
    return true;
  };
  await until(`the spool ${folder} names no such player`, ask, { limitMs: waitMs, everyMs: POLL_MS });
}

async function removeLines(file: string, players: readonly string[]): Promise<void> {
  const { kept, named } = linesOf(file, players);
  if (named === 0) return;
  if (kept.length === 0) rmSync(file, { force: true });
  else await writeWhole(file, kept.map((line) => `${line}\n`).join(""));
}

function linesOf(file: string, players: readonly string[]): { kept: string[]; named: number } {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { kept: [], named: 0 }; // sent meanwhile
    throw error;
  }
  const lines = text.split("\n").filter((line) => line !== "");
  const kept = lines.filter((line) => !isNamed(line, players));
  return { kept, named: lines.length - kept.length };
}

/** Whether a line `{"key":…,"value":…}` names a player. */
function isNamed(line: string, players: readonly string[]): boolean {
  try {
    const { key, value } = JSON.parse(line) as { key?: unknown; value?: unknown };
    if (typeof key === "string" && players.includes(key)) return true;
    return typeof value === "string" && namesPlayer(value, players);
  } catch {
    return namesPlayer(line, players); // an incomplete line, which was never acknowledged
  }
}

function filesOf(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith(".ndjson"))
    .map((name) => join(folder, name));
}
