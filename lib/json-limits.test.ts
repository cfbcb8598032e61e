import assert from "node:assert/strict";
import { isReadableJson } from "./json-limits.ts";

describe("isReadableJson(text)", () => {
  const nested = (levels: number, inner = "") => "[".repeat(levels) + inner + "]".repeat(levels);
  const named = (characters: number, after = ":") => `{"${"k".repeat(characters)}"${after}1}`;
  const cases: [subject: string, text: string, isReadable: boolean][] = [
    ["100 levels", nested(100), true],
    ["101 levels", nested(101), false],
    ["101 levels of objects and lists", '{"a":['.repeat(50) + "[]" + "]}".repeat(50), false],
    ["100 levels with a name before each", '{"a":'.repeat(100) + "1" + "}".repeat(100), true],
    ["101 levels in a value that a later one replaces", `{"a":${nested(101)},"a":1}`, false],
    ["1,000 lists beside each other", `[${"[],".repeat(1000)}[]]`, true],
    ["brackets in a string", `["${"[{".repeat(1000)}"]`, true],
    ["brackets after an escaped quote", `["\\"${"[".repeat(200)}"]`, true],
    ["brackets after an escaped backslash", `["\\\\",${nested(101)}]`, false],
    ["a name of 19,999 characters", named(19_999), true],
    ["a name of 20,001 characters", named(20_001), false],
    ["a name of 20,001 characters and white space before its colon", named(20_001, " \n:"), false],
    ["a string of 100,000 characters", `["${"x".repeat(100_000)}"]`, true],
  ];
  for (const [subject, text, isReadable] of cases)
    it(`is ${isReadable} for ${subject}`, () => {
      JSON.parse(text);
      assert.equal(isReadableJson(text), isReadable);
    });
});
