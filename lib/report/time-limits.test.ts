import assert from "node:assert/strict";
import { readLimits } from "./time-limits.ts";

describe("readLimits(values)", () => {
  it("reads seconds, also parts of one", () => {
    assert.deepEqual(readLimits({ "cell-timeout": "60", "query-timeout": "0.5" }), {
      cellTimeoutMs: 60_000,
      queryTimeoutMs: 500,
    });
    assert.deepEqual(readLimits({}), {});
  });

  for (const text of ["", "0", "-1", "1e3", "60s", "Infinity", "9999999"]) {
    it(`refuses "${text}"`, () => {
      assert.throws(() => readLimits({ "cell-timeout": text }), {
        name: "UsageError",
        message: `--cell-timeout: expected seconds from 0.001 to 604800, got "${text}"`,
      });
    });
  }
});
