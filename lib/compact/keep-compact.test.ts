import assert from "node:assert/strict";
import { keepCompact } from "./keep-compact.ts";

describe("keepCompact(options)", () => {
  it("finishes interrupted swaps first, goes on after failures, tells each once, and ends with its signal", async () => {
    const abort = new AbortController();
    const told: string[] = [];
    let [finished, calls] = [0, 0];
    await keepCompact({
      signal: abort.signal,
      log: (line) => told.push(line),
      everyMs: 1,
      finish: () => (++finished < 3 ? Promise.reject(new Error("HDFS is away")) : Promise.resolve()),
      run: () => {
        calls++;
        if (calls === 2 || calls === 3) return Promise.reject(new Error("Trino is away"));
        if (calls === 5) abort.abort();
        return Promise.resolve();
      },
    });
    assert.deepEqual([finished, calls], [3, 5]);
    assert.deepEqual(told, [
      "cannot rewrite days, and tries again: HDFS is away",
      "cannot rewrite days, and tries again: Trino is away",
    ]);
  });

  it("does nothing if the settings turn it off", async () => {
    const log = () => assert.fail("expected no call");
    await keepCompact({ signal: new AbortController().signal, log, everyMs: 0 });
  });
});
