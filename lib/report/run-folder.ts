/**
 * `--out` → the folder of the run, and the folder of all runs.
 */
import { type Dirent, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { UsageError } from "../command.ts";
import { settings } from "../settings.ts";
import { fromUser } from "../user-folder.ts";
import { RESULTS_FILE } from "./place.ts";

const MAX_DEPTH = 4; // of folders below the folder of runs
const PLACEHOLDER = /\{[^}]*\}?/;

/** The folders of a run at `now`; `runs` is null without a placeholder. */
export function foldersOf(out: string | undefined, now: Date): { out: string; runs: string | null } {
  if (out === undefined) return { out: settings.out, runs: null };
  const runs = folderOfRuns(out);
  return { out: fromUser(folderOfRun(out, now)), runs: runs === null ? null : fromUser(runs) };
}

/**
 * The folder of a run: `{day}` and `{time}` of a pattern are those of `now`, in UTC.
 * @throws UsageError for another placeholder
 */
export function folderOfRun(pattern: string, now: Date): string {
  const [day, time] = now.toISOString().slice(0, 19).split("T") as [string, string];
  const folder = pattern.replaceAll("{day}", day).replaceAll("{time}", time.replaceAll(":", "-"));
  const [other] = PLACEHOLDER.exec(folder) ?? [];
  if (other !== undefined) throw new UsageError(`--out: expected {day} or {time}, got ${other}`);
  return folder;
}

/** The folder of all runs of a pattern: `archive` for `archive/{day}`; null without `{…}`. */
export function folderOfRuns(pattern: string): string | null {
  const at = pattern.search(PLACEHOLDER);
  return at < 0 ? null : dirname(`${pattern.slice(0, at)}x`);
}

/** `folder` and the folders in it that have results of a run; without `left`, and all in it. */
export function runFoldersIn(folder: string, left?: string): string[] {
  const found: string[] = [];
  const look = (path: string, depth: number): void => {
    const entries = entriesOf(path);
    if (entries.some(({ name }) => name === RESULTS_FILE)) found.push(path);
    if (depth === MAX_DEPTH) return;
    const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(path, name));
    for (const inside of folders) if (inside !== left) look(inside, depth + 1);
  };
  look(folder, 0);
  return found;
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return []; // no folder, or one that cannot be read
  }
}
