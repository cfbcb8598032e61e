import assert from "node:assert/strict";
import { COMMIT_POINTS, FORGET_POINTS, parseKillAt, SWAP_POINTS } from "../kill-at.ts";
import { killAt } from "./kill.ts";

describe("killAt(parseKillAt(text))", () => {
  /** How many points are passed before the process is killed. */
  function passedUntilKill(text: string): number {
    let killed = false;
    const at = killAt(parseKillAt(text), () => (killed = true));
    let passed = 0;
    while (!killed) at(COMMIT_POINTS[passed++ % COMMIT_POINTS.length]!);
    return passed;
  }

  it("kills at the first time, or at the nth time", () => {
    assert.equal(passedUntilKill("files_staged"), 1);
    assert.equal(passedUntilKill("staging_removed"), 5);
    assert.equal(passedUntilKill("staging_removed:3"), 15);
  });

  it("refuses anything but a point of a commit, a swap or a removal", () => {
    const all = [...COMMIT_POINTS, ...SWAP_POINTS, ...FORGET_POINTS].join(", ");
    for (const text of [
      "",
      "staged",
      "file_moved:",
      "file_moved:0",
      "file_moved:x",
      "files_staged,file_moved",
    ])
      assert.throws(() => parseKillAt(text), {
        message: `QUESTLOG_KILL_AT: expected POINT or POINT:N, with POINT one of ${all}; got "${text}"`,
      });
  });
});
