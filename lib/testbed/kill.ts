/**
 * A step of a commit or swap → SIGKILL to this process when it reaches that step the nth time.
 *
 * Drills use it: the process flushes, closes and prints nothing, as after a power failure.
 */
import type { CommitPoint, KillAt, SwapPoint } from "../kill-at.ts";

export function killAt(at: KillAt, kill = () => process.kill(process.pid, "SIGKILL")) {
  let left = at.nth;
  return (point: CommitPoint | SwapPoint): void => {
    if (point === at.point && --left === 0) kill();
  };
}
