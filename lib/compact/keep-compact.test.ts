import assert from "node:assert/strict";
import { keepCompact } from "./keep-compact.ts";

describe("keepCompact(options)", () => {
  it("goes on after a failure, which it tells once, and ends with its signal", async () => {
    const abort = new AbortController();
    const told: string[] = [];
    let calls = 0;
    await keepCompact({
      signal: abort.signal,
      log: (line) => told.push(line),
      everyMs: 1,
      run: () => {
        calls++;
        if (calls === 2 || calls === 3) return Promise.reject(new Error("Trino is away"));
        if (calls === 5) abort.abort();
        return Promise.resolve();
      },
    });
    assert.equal(calls, 5);
    assert.deepEqual(told, ["cannot rewrite days, and tries again: Trino is away"]);
  });

  it("does nothing if the settings turn it off", async () => {
    const log = () => assert.fail("expected no call");
    await keepCompact({ signal: new AbortController().signal, log, everyMs: 0 });
  });
});
