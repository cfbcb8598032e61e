import assert from "node:assert/strict";
import { orderedObject } from "../row-keys.ts";
import { formatValue } from "./format.ts";
import { csvLines, jsonText } from "./row-text.ts";

describe("jsonText(rows)", () => {
  it("has Dates in ISO 8601, and integers beyond 2^53 as text", () => {
    const rows = [{ at: new Date(0), n: 1, big: 9007199254740993n, a: null }, { at: null }];
    assert.deepEqual(JSON.parse(jsonText(rows)), [
      { at: "1970-01-01T00:00:00.000Z", n: 1, big: "9007199254740993", a: null },
      { at: null },
    ]);
    assert.equal(jsonText([]), "[]");
  });

  it("escapes control and direction characters, and parses to the same values", () => {
    const hostile = "\x1b[2J\x9b31m\x7f\r\u202e\u2066gold";
    const json = jsonText([{ [hostile]: hostile }]);
    assert.doesNotMatch(json, /[\p{Cc}\u202e\u2066]/u);
    assert.deepEqual(JSON.parse(json), [{ [hostile]: hostile }]);
  });

  // Value → its JSON, alone and inside of an array and an object.
  const NUMBERS: [number | null, string][] = [
    [NaN, '"NaN"'],
    [Infinity, '"Infinity"'],
    [-Infinity, '"-Infinity"'],
    [-0, '"-0"'],
    [0, "0"],
    [1.5, "1.5"],
    [null, "null"],
  ];
  for (const [value, json] of NUMBERS)
    it(`writes ${Object.is(value, -0) ? "-0" : value} as ${json}, at any depth`, () => {
      assert.equal(
        jsonText([{ a: value, b: [value], c: { d: value } }]),
        `[{"a":${json},"b":[${json}],"c":{"d":${json}}}]`,
      );
    });

  it("keeps the order of number-like names", () => {
    const row = orderedObject(["name", "2026", "2025"], [1, orderedObject(["b", "7"], [1, 2]), 3]);
    assert.equal(jsonText([row]), '[{"name":1,"2026":{"b":1,"7":2},"2025":3}]');
  });
});

describe("csvLines(rows)", () => {
  it("quotes a field with a comma, a quote or a line end, and tells null from an empty text", () => {
    const row = { a: 'say "hi"', b: "x,y", c: "1\n2", d: "", e: null, f: NaN, g: [1, null] };
    assert.deepEqual([...csvLines([row])], ["a,b,c,d,e,f,g", '"say ""hi""","x,y","1\n2","",,NaN,"[1,null]"']);
  });

  it("has the names also without rows, if they are given", () => {
    assert.deepEqual([...csvLines([], ["a", "b"])], ["a,b"]);
  });
});

describe("formatValue(value)", () => {
  it("tells -0, NaN and null apart", () => {
    assert.deepEqual([-0, 0, NaN, null, -Infinity].map(formatValue), ["-0", "0", "NaN", "null", "-Infinity"]);
  });
});
