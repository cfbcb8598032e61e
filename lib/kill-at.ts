/**
 * "POINT" or "POINT:N" → a step of a commit, and the number of times that it is reached.
 *
 * The setting QUESTLOG_KILL_AT has this form. Drills and tests end a stream at that step.
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

export interface KillAt {
  point: CommitPoint;
  nth: number; // from 1
}

/** @throws Error if the text does not name a step of a commit */
export function parseKillAt(text: string): KillAt {
  const [, name, nth = "1"] = /^([a-z_]+)(?::([1-9]\d*))?$/.exec(text) ?? [];
  const point = COMMIT_POINTS.find((each) => each === name);
  if (point === undefined) {
    throw new Error(
      `QUESTLOG_KILL_AT: expected POINT or POINT:N, with POINT one of ${COMMIT_POINTS.join(", ")}; got "${text}"`,
    );
  }
  return { point, nth: Number(nth) };
}
