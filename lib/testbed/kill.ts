/**
 * "point" or "point:n" → the end of this process by SIGKILL, when its commits reach that point for
 * the nth time.
 *
 * For drills: nothing is flushed, closed or said, as when the machine kills it.
 */
import { type AtPoint, COMMIT_POINTS, type CommitPoint } from "../land/commits.ts";

/** @throws Error if the text names no point of a commit. */
export function killAt(text: string, kill = () => process.kill(process.pid, "SIGKILL")): AtPoint {
  const [, name, nth = "1"] = /^([a-z_]+)(?::([1-9]\d*))?$/.exec(text) ?? [];
  if (!COMMIT_POINTS.includes(name as CommitPoint)) {
    throw new Error(
      `QUESTLOG_KILL_AT: expected one of ${COMMIT_POINTS.join(", ")}, or such a one with ":n", got "${text}"`,
    );
  }
  let left = Number(nth);
  return (point) => {
    if (point === name && --left === 0) kill();
  };
}
