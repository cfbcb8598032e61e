/**
 * "POINT" or "POINT:N" → a step of a commit, swap or removal, and how many times it is reached.
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

/**
 * The steps of a removal, in order; `file_replaced` once for each file, `day_emptied` once for each
 * day of a table. See lib/forget/removal-plan.ts.
 */
export const FORGET_POINTS = [
  "plan_written",
  "plan_decided",
  "file_replaced",
  "day_emptied",
  "files_replaced",
  "messages_deleted",
  "removal_recorded",
  "plan_cleared",
] as const;

export type ForgetPoint = (typeof FORGET_POINTS)[number];

const ALL_POINTS = [...COMMIT_POINTS, ...SWAP_POINTS, ...FORGET_POINTS];

export type KillPoint = CommitPoint | SwapPoint | ForgetPoint;

export interface KillAt {
  point: KillPoint;
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
