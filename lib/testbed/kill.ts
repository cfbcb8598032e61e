/**
 * A step of a commit, swap or removal → SIGKILL to this process at that step, the nth time.
 *
 * Drills use it: the process flushes, closes and prints nothing, as after a power failure.
 */
import type { KillAt, KillPoint } from "../kill-at.ts";

export function killAt(at: KillAt, kill = () => process.kill(process.pid, "SIGKILL")) {
  let left = at.nth;
  return (point: KillPoint): void => {
    if (point === at.point && --left === 0) kill();
  };
}
