/**
 * "POINT" or "POINT:N" → a step of a commit or swap, and the number of times that it is reached.
 *
 * The setting QUESTLOG_KILL_AT has this form. Drills and tests end a process at that step.
 */

/** The steps of a commit, in order; `file_moved` once for each file. */
export const COMMIT_POINTS = [
  "files_staged",
  "record_staged",
  "record_renamed",
  "file_moved",
  "staging_removed",
] as const;

export type CommitPoint = (typeof COMMIT_POINTS)[number];

/** The steps of a swap of a day's files, in order; see lib/compact/swap-day.ts. */
export const SWAP_POINTS = [
  "rows_written",
  "rows_checked",
  "swap_recorded",
  "late_copied",
  "location_altered",
  "swap_done",
  "old_deleted",
  "old_cleared",
] as const;

export type SwapPoint = (typeof SWAP_POINTS)[number];

const ALL_POINTS = [...COMMIT_POINTS, ...SWAP_POINTS];

export interface KillAt {
  point: CommitPoint | SwapPoint;
  nth: number; // from 1
}

/** @throws Error if the text does not name a step */
export function parseKillAt(text: string): KillAt {
  const [, name, nth = "1"] = /^([a-z_]+)(?::([1-9]\d*))?$/.exec(text) ?? [];
  const point = ALL_POINTS.find((each) => each === name);
  if (point === undefined) {
    throw new Error(
      `QUESTLOG_KILL_AT: expected POINT or POINT:N, with POINT one of ${ALL_POINTS.join(", ")}; got "${text}"`,
    );
  }
  return { point, nth: Number(nth) };
}
