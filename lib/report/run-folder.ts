/**
 * `--out` → the folder of the run, and the folder of all runs.
 */
import { dirname } from "node:path";
import { UsageError } from "../command.ts";
import { settings } from "../settings.ts";
import { fromUser } from "../user-folder.ts";

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
