import assert from "node:assert/strict";
import fc from "fast-check";
import { type Json, readJson } from "./json.ts";

/** The value that JSON.parse would have made. */
function plain(json: Json): unknown {
  switch (json.type) {
    case "object":
      return JSON.parse(
        `{${json.members.map(([name, value]) => `${JSON.stringify(name)}:${value.source}`).join()}}`,
      );
    case "array":
      return json.items.map(plain);
    case "text":
      return json.value;
    default:
      return JSON.parse(json.source);
  }
}

describe("readJson(text)", () => {
  it("reads all texts that JSON.parse reads", () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom(0, 2), (text, indent) => {
        const value: unknown = JSON.parse(text);
        const written = JSON.stringify(value, null, indent);
        assert.deepEqual(plain(readJson(` ${written}\r\n\t`)), value);
      }),
    );
  });

  it("refuses all texts that JSON.parse refuses", () => {
    const piece = fc.constantFrom(
      "{",
      "}",
      "[",
      "]",
      ",",
      ":",
      '"a"',
      '"',
      "\\",
      "1",
      "-",
      "01",
      "1.",
      "1e5",
      "true",
      "nul",
      " ",
      "\n",
      "\u0000",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const text = pieces.join("");
        let expected = true;
        try {
          JSON.parse(text);
        } catch {
          expected = false;
        }
        if (expected) readJson(text);
        else assert.throws(() => readJson(text), { name: "JsonError" });
      }),
      { numRuns: 2000 },
    );
  });

  it("keeps order, repetition and __proto__ of names, and numbers as written", () => {
    const json = readJson('{"10":1e400,"9":-0.10,"__proto__":{"a":1},"10":12345678901234567890}');
    assert.ok(json.type === "object");
    assert.deepEqual(
      json.members.map(([name, { type, source }]) => [name, type, source]),
      [
        ["10", "number", "1e400"],
        ["9", "number", "-0.10"],
        ["__proto__", "object", '{"a":1}'],
        ["10", "number", "12345678901234567890"],
      ],
    );
  });

  for (const [text, message] of [
    ["", "JSON, character 1: expected a JSON value, got the end"],
    ['{"a":}', 'JSON, character 6: expected a JSON value, got "}"'],
    ["[1 2]", 'JSON, character 4: expected , or ], got "2]"'],
    ["{a:1}", 'JSON, character 2: expected a string, got "a:1}"'],
    ['["a\n"]', 'JSON, character 2: expected a string, got "\\"a\\n\\"]"'],
    ["1 1", 'JSON, character 3: expected nothing more, got "1"'],
    ["[".repeat(1e6), "JSON, character 34: expected at most 32 levels of nesting"],
    [`[${"0,".repeat(200_000)}0]`, "JSON, character 200000: expected at most 100000 values"],
  ] as const) {
    it(`names the position and the reason why ${JSON.stringify(text.slice(0, 12))} is not JSON`, () => {
      assert.throws(() => readJson(text), { name: "JsonError", message });
    });
  }
});
