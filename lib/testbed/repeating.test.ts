import assert from "node:assert/strict";
import { startRepeating } from "./repeating.ts";

describe("startRepeating(ask, pauseMs)", () => {
  it("asks again and again until it is stopped, and counts the answers", async () => {
    let asked = 0;
    const third = Promise.withResolvers<void>();
    const ask = () => {
      if (++asked === 3) third.resolve();
      return Promise.resolve();
    };
    const repeating = startRepeating(ask, 1);
    await third.promise;
    assert.equal(await repeating.stop(), asked);
    assert.ok(asked >= 3);
  });

  it("ends at a wrong answer, which stop() throws", async () => {
    let asked = 0;
    const wrong = Promise.withResolvers<void>();
    const ask = () => {
      if (++asked < 2) return Promise.resolve();
      wrong.resolve();
      return Promise.reject(new Error("expected 3 rows, got 2"));
    };
    const repeating = startRepeating(ask, 1);
    await wrong.promise;
    await assert.rejects(repeating.stop(), /^Error: expected 3 rows, got 2$/);
    assert.equal(asked, 2);
  });
});
