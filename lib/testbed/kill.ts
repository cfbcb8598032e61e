/**
 * A step of a commit → SIGKILL to this process when a commit reaches that step for the nth time.
 *
 * Drills use it: the process flushes, closes and prints nothing, as after a power failure.
 */
import type { KillAt } from "../kill-at.ts";
import type { AtPoint } from "../land/commits.ts";

export function killAt(at: KillAt, kill = () => process.kill(process.pid, "SIGKILL")): AtPoint {
  let left = at.nth;
  return (point) => {
    if (point === at.point && --left === 0) kill();
  };
}
