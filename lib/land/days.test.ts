import assert from "node:assert/strict";
import { setImmediate as settled } from "node:timers/promises";
import { whenDaysAreNew } from "./days.ts";

describe("whenDaysAreNew(register, options)", () => {
  const file = (table: string, day: string) => ({ table, day, staged: "", target: "", rows: 1, bytes: 1 });

  function registrations(register: (call: number) => Promise<void> = () => Promise.resolve()) {
    const stopping = new AbortController();
    let calls = 0;
    const committed = whenDaysAreNew(() => register(++calls), { signal: stopping.signal, log: () => {} });
    return { committed, stopping, calls: () => calls };
  }

  it("registers at the start, then once for each new day of a table", async () => {
    const { committed, calls } = registrations();
    await settled();
    assert.equal(calls(), 1);
    for (const day of ["2026-01-01", "2026-01-01", "2026-01-02"]) {
      committed({ files: [file("sword_purchases", day)] });
      await settled();
    }
    assert.equal(calls(), 3);
    committed({ files: [file("sword_purchases", "2026-01-02"), file("guild_joins", "2026-01-02")] });
    await settled();
    assert.equal(calls(), 4);
  });

  it("registers again afterwards when a new day appears during a registration", async () => {
    let finish = () => {};
    const { committed, calls } = registrations(
      (call) => new Promise((resolve) => (call === 1 ? (finish = resolve) : resolve())),
    );
    committed({ files: [file("a", "2026-01-01")] });
    committed({ files: [file("b", "2026-01-01")] });
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
