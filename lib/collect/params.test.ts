import assert from "node:assert/strict";
import fc from "fast-check";
import { parseParams } from "./params.ts";

const parsed = (query: string) => [...parseParams(query)];

describe("parseParams(query)", () => {
  it("keeps the order of the query, also of names that look like integers", () => {
    assert.deepEqual(parsed("b=1&10=2&9=3&a=4"), [
      ["b", "1"],
      ["10", "2"],
      ["9", "3"],
      ["a", "4"],
    ]);
  });

  it("takes the first value of a repeated name", () => {
    assert.deepEqual(parsed("metal=gold&x=1&metal=copper"), [
      ["metal", "gold"],
      ["x", "1"],
    ]);
  });

  it("reads a name without = as empty text, and skips empty pairs", () => {
    assert.deepEqual(parsed("&metal&&region=&=x&"), [
      ["metal", ""],
      ["region", ""],
      ["", "x"],
    ]);
    assert.deepEqual(parsed(""), []);
    assert.deepEqual(parsed("&"), []);
  });

  it("treats __proto__ and constructor as names like any other", () => {
    assert.deepEqual(parsed("__proto__=a&constructor=b&hasOwnProperty=c"), [
      ["__proto__", "a"],
      ["constructor", "b"],
      ["hasOwnProperty", "c"],
    ]);
  });

  // werkzeug 1.0 (Flask's decoder) gives the expected texts for the same queries.
  for (const [query, expected] of [
    ["a=b+c%20d%2Be", "b c d+e"],
    ["a=%F0%9F%98%80%c3%a9", "😀é"],
    ["a=%zz%4", "%zz%4"],
    ["a=%FFx", "\ufffdx"],
    ["a=%ED%A0%80", "\ufffd\ufffd\ufffd"], // a lone surrogate is not UTF-8
    ["a=%F0%9F%98", "\ufffd"],
    ["a=%EF%BB%BFx", "\ufeffx"],
    ["a=1=2;b", "1=2;b"],
    ["a=%00%0a%22", '\0\n"'],
  ] as const) {
    it(`decodes ${JSON.stringify(query)}`, () => assert.deepEqual(parsed(query), [["a", expected]]));
  }

  it("reads back everything that URLSearchParams encodes", () => {
    const pairs = fc.uniqueArray(fc.tuple(fc.string({ unit: "grapheme", minLength: 1 }), fc.string()), {
      selector: ([name]) => name,
    });
    fc.assert(
      fc.property(pairs, (entries) => {
        assert.deepEqual(parsed(new URLSearchParams(entries).toString()), entries);
      }),
    );
  });
});
