import assert from "node:assert/strict";
import { differenceOf, withoutDifference } from "./kernel-difference.ts";

describe("differenceOf(actual, expected)", () => {
  it("has the lines of both values, and those around them", () => {
    const lines = "  {\n    a: 1,\n    b: {\n+     c: 2\n-     c: 3\n    }\n  }";
    assert.equal(differenceOf({ a: 1, b: { c: 2 } }, { a: 1, b: { c: 3 } }), lines);
  });

  it("is missing for small and equal values, and for a value that cannot be shown", () => {
    const hostile = {
      get [Symbol.toStringTag](): string {
        throw new Error("no");
      },
    };
    for (const [actual, expected] of [
      [1, 2],
      [[1], [2]],
      [{ a: 1 }, { a: 1 }],
      [hostile, 1],
    ])
      assert.equal(differenceOf(actual, expected), undefined);
  });

  it("has a limit", () => {
    const rows = (n: number): object[] =>
      Array.from({ length: 60 }, (_, i) => ({ i, text: "x".repeat(90) + n }));
    assert.ok(differenceOf(rows(1), rows(2))!.length <= 2_001);
  });
});

describe("withoutDifference(message)", () => {
  for (const head of ["+ actual - expected", "\u001b[32m+ actual\u001b[39m \u001b[31m- expected\u001b[39m"])
    it(`leaves the author's words: ${JSON.stringify(head)}`, () => {
      assert.equal(withoutDifference(`one is lost\n${head}\n\n+ 1\n- 2\n`), "one is lost");
    });
});
