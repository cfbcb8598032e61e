/**
 * "POINT" or "POINT:N" → SIGKILL to this process when a commit reaches that point for the Nth time.
 *
 * Drills use it: the process flushes, closes and prints nothing, as after a power failure.
 */
import { type AtPoint, COMMIT_POINTS, type CommitPoint } from "../land/commits.ts";

/** @throws Error if the text does not name a point of a commit */
export function killAt(text: string, kill = () => process.kill(process.pid, "SIGKILL")): AtPoint {
  const [, name, nth = "1"] = /^([a-z_]+)(?::([1-9]\d*))?$/.exec(text) ?? [];
  if (!COMMIT_POINTS.includes(name as CommitPoint)) {
    throw new Error(
      `QUESTLOG_KILL_AT: expected POINT or POINT:N, with POINT one of ${COMMIT_POINTS.join(", ")}; got "${text}"`,
    );
  }
  let left = Number(nth);
  return (point) => {
    if (point === name && --left === 0) kill();
  };
}
