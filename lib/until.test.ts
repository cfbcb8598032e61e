import assert from "node:assert/strict";
import { until } from "./until.ts";

const soon = { limitMs: 50, everyMs: 5 };

describe("until(what, ask, options)", () => {
  it("resolves with the first answer that is not undefined", async () => {
    const answers = [undefined, undefined, 0, 1];
    assert.equal(await until("a number", () => answers.shift(), soon), 0);
    assert.deepEqual(answers, [1]);
  });

  it("asks again after an error", async () => {
    let asked = 0;
    const ask = () => (++asked < 3 ? Promise.reject(new Error("refused")) : Promise.resolve("here"));
    assert.equal(await until("an answer", ask, soon), "here");
  });

  it("names the awaited state, the limit and the last error at the limit", async () => {
    const error = new Error("partition 0 is at offset 3 of 5");
    await assert.rejects(
      until("all is landed", () => Promise.reject(error), soon),
      {
        message: "expected within 50 ms: all is landed; last: partition 0 is at offset 3 of 5",
        cause: error,
      },
    );
    await assert.rejects(
      until("a file", () => undefined, { limitMs: 1_000, everyMs: 400 }),
      { message: "expected within 1 s: a file" },
    );
  });

  it("asks once more at the limit, also after a long pause", async () => {
    let asked = 0;
    assert.equal(
      await until("two", () => (++asked === 2 ? asked : undefined), { limitMs: 20, everyMs: 60_000 }),
      2,
    );
  });

  it("rejects with the signal's reason, and asks no more", async () => {
    const abort = new AbortController();
    let asked = 0;
    const ask = () => {
      if (++asked === 2) abort.abort(new Error("interrupted"));
      return undefined;
    };
    await assert.rejects(until("nothing", ask, { limitMs: 60_000, everyMs: 5, signal: abort.signal }), {
      message: "interrupted",
    });
    assert.equal(asked, 2);
  });
});
