import assert from "node:assert/strict";
import { setImmediate as settled } from "node:timers/promises";
import { DayRegistrar } from "./days.ts";

describe("new DayRegistrar(register, options)", () => {
  const file = (table: string, day: string) => ({ table, day, staged: "", target: "", rows: 1, bytes: 1 });

  function registrations(register: (call: number) => Promise<void> = () => Promise.resolve()) {
    const stopping = new AbortController();
    let calls = 0;
    const days = new DayRegistrar(() => register(++calls), { signal: stopping.signal, log: () => {} });
    return { days, calls: () => calls };
  }

  it("registers at the start, then once for each new day of a table", async () => {
    const { days, calls } = registrations();
    await settled();
    assert.equal(calls(), 1);
    for (const day of ["2026-01-01", "2026-01-01", "2026-01-02"]) {
      days.onCommit({ files: [file("sword_purchases", day)] });
      await settled();
    }
    assert.equal(calls(), 3);
    days.onCommit({ files: [file("sword_purchases", "2026-01-02"), file("guild_joins", "2026-01-02")] });
    await settled();
    assert.equal(calls(), 4);
  });

  it("registers again afterwards when a new day appears during a registration", async () => {
    let finish = () => {};
    const { days, calls } = registrations(
      (call) => new Promise((resolve) => (call === 1 ? (finish = resolve) : resolve())),
    );
    days.onCommit({ files: [file("a", "2026-01-01")] });
    days.onCommit({ files: [file("b", "2026-01-01")] });
    await settled();
    assert.equal(calls(), 1);
    finish();
    await settled();
    assert.equal(calls(), 2);
  });

  it("tries again while Trino is away", async () => {
    const done = new Promise<void>((resolve) => {
      registrations((call) => {
        if (call === 1) return Promise.reject(new Error("away"));
        resolve();
        return Promise.resolve();
      });
    });
    await done;
  });
});
