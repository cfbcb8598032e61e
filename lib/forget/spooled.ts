/**
 * A choice of lines → their number in the API's spool on this machine, and their removal.
 *
 * A running API holds the spool's lock, and sends its lines by itself when Kafka is there. So then
 * only a wait is right. Without an API, this process takes the lock and writes each file again
 * without those lines. They were never sent, so no other place has them.
 *
 * A spooled line has no day yet: Kafka gives it its time. So its age is that of its file.
 */
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { takeLock } from "../lock.ts";
import { until } from "../until.ts";
import { writeWhole } from "../whole-file.ts";
import { namesPlayer } from "./names-player.ts";

const POLL_MS = 500;

/** Whether a line is to be removed. @param writtenAt of its file's last line, in milliseconds */
export type ChooseLine = (line: string, writtenAt: number) => boolean;

/** The lines that name one of the players. */
export function namingLine(players: readonly string[]): ChooseLine {
  return (line) => isNamed(line, players);
}

/** The lines of files to which nothing was written since. @param before YYYY-MM-DD */
export function oldLine(before: string): ChooseLine {
  return (_, writtenAt) => writtenAt < Date.parse(before);
}

/** The number of chosen lines, in all files of a spool. */
export function countSpooled(folder: string, choose: ChooseLine): number {
  return filesOf(folder).reduce((sum, file) => sum + linesOf(file, choose).chosen, 0);
}

/**
 * Removes the lines, or waits until the API has sent them.
 * @throws Error after `waitMs` with the way out
 */
export async function emptySpool(folder: string, choose: ChooseLine, waitMs: number): Promise<void> {
  if (!existsSync(folder) || countSpooled(folder, choose) === 0) return;
  const lock = join(folder, "lock");
  const ask = async () => {
    const left = countSpooled(folder, choose);
    if (left === 0) return true;
    const holder = takeLock(lock);
    if (holder !== undefined)
      throw new Error(`${left} lines wait for Kafka; to remove them unsent, stop the API, process ${holder}`);
    try {
      for (const file of filesOf(folder)) await removeLines(file, choose);
    } finally {
      rmSync(lock, { force: true });
    }
    return true;
  };
  await until(`the spool ${folder} has no such line`, ask, { limitMs: waitMs, everyMs: POLL_MS });
}

async function removeLines(file: string, choose: ChooseLine): Promise<void> {
  const { kept, chosen } = linesOf(file, choose);
  if (chosen === 0) return;
  if (kept.length === 0) rmSync(file, { force: true });
  else await writeWhole(file, kept.map((line) => `${line}\n`).join(""));
}

function linesOf(file: string, choose: ChooseLine): { kept: string[]; chosen: number } {
  let text: string;
  let writtenAt: number;
  try {
    writtenAt = statSync(file).mtimeMs;
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { kept: [], chosen: 0 }; // sent meanwhile
    throw error;
  }
  const lines = text.split("\n").filter((line) => line !== "");
  const kept = lines.filter((line) => !choose(line, writtenAt));
  return { kept, chosen: lines.length - kept.length };
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
