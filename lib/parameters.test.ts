import assert from "node:assert/strict";
import { defineParameter, type ParameterEntry } from "./parameter-entries.ts";
import { columnName, exampleText, parseValue, type ParameterType, type Value } from "./parameters.ts";

const define = (entry: ParameterType | ParameterEntry, name = "p") => defineParameter("here", name, entry);

describe("parseValue(parameter, text)", () => {
  const cases: [entry: ParameterType | ParameterEntry, text: string, value: Value | undefined][] = [
    ["text", "", ""],
    ["text", "null", "null"],
    [{ type: "text", maxLength: 2 }, "😀😀", "😀😀"],
    [{ type: "text", maxLength: 2 }, "abc", undefined],
    [{ type: "text", oneOf: ["a", "b"] }, "b", "b"],
    [{ type: "text", oneOf: ["a", "b"] }, "B", undefined],
    ["integer", "2147483647", 2147483647],
    ["integer", "2147483648", undefined],
    ["integer", "-2147483648.0", -2147483648],
    ["integer", "1e2", 100],
    ["integer", "100.5", undefined],
    ["integer", "[1]", undefined],
    ["integer", "{}", undefined],
    [{ type: "integer", min: 1, max: 99 }, "1", 1],
    [{ type: "integer", min: 1, max: 99 }, "0", undefined],
    [{ type: "integer", min: 1, max: 99 }, "99", 99],
    [{ type: "integer", min: 1, max: 99 }, "100", undefined],
    [{ type: "integer", oneOf: [1, 2] }, "1.0", 1],
    [{ type: "integer", oneOf: [1, 2] }, "3", undefined],
    ["bigint", "9223372036854775807", 9223372036854775807n],
    ["bigint", "9223372036854775808", undefined],
    ["bigint", "-9223372036854775808", -9223372036854775808n],
    [{ type: "bigint", max: "9007199254740993" }, "9007199254740993", 9007199254740993n],
    [{ type: "bigint", max: "9007199254740993" }, "9007199254740994", undefined],
    ["decimal(5, 2)", "999.99", 99999n],
    ["decimal(5, 2)", "1000", undefined],
    ["decimal(5, 2)", "1.999", undefined],
    ["decimal(5, 2)", "1.990", 199n],
    ["decimal(38, 10)", "-9999999999999999999999999999.9999999999", -(10n ** 38n) + 1n],
    [{ type: "decimal(5, 2)", min: "0.01" }, "0", undefined],
    [{ type: "decimal(5, 2)", oneOf: ["0.99", "1.99"] }, "1.990", 199n],
    ["double", "1e-7", 1e-7],
    ["double", "1e999", undefined],
    [{ type: "double", min: 0, max: 1 }, "1.0000001", undefined],
    ["boolean", "TRUE", true],
    ["boolean", "1", undefined],
    ["timestamp", "2026-01-31T12:00:00+01:00", Date.UTC(2026, 0, 31, 11)],
    [{ type: "timestamp", min: "2026-01-01T00:00:00Z" }, "2025-12-31T23:59:59.999Z", undefined],
    ["date", "2026-01-31", 20484],
    ["date", "2026-01-32", undefined],
    [{ type: "date", max: "2026-01-31" }, "2026-02-01", undefined],
    ["json", '{"a": [1, 2]}', '{"a": [1, 2]}'],
    ["json", "[]", "[]"],
    ["json", " [1]", " [1]"],
    ["json", '"text"', undefined],
    ["json", "7", undefined],
    ["json", "{", undefined],
    ["json", "[".repeat(100) + "]".repeat(100), "[".repeat(100) + "]".repeat(100)],
    ["json", "[".repeat(101) + "]".repeat(101), undefined],
    [{ type: "json", maxLength: 4 }, "[1,2]", undefined],
  ];
  for (const [entry, text, value] of cases)
    it(`reads ${JSON.stringify(text)} as ${String(value)} for ${JSON.stringify(entry)}`, () =>
      assert.equal(parseValue(define(entry), text), value));
});

describe("exampleText(parameter, n)", () => {
  const entries: (ParameterType | ParameterEntry)[] = [
    "text",
    { type: "text", maxLength: 1 },
    { type: "text", oneOf: ["only"] },
    "integer",
    { type: "integer", min: 50, max: 60 },
    { type: "integer", max: -5 },
    "bigint",
    { type: "bigint", max: 10 },
    "decimal(1, 1)",
    "decimal(38, 0)",
    { type: "decimal(10, 2)", min: "5.50", max: "5.51" },
    "double",
    { type: "double", max: -1.5 },
    "boolean",
    "timestamp",
    { type: "timestamp", max: "1999-01-01T00:00:00Z" },
    "date",
    { type: "date", min: "2030-01-01" },
    "json",
    { type: "json", maxLength: 2 },
  ];
  for (const entry of entries)
    it(`fits ${JSON.stringify(entry)} for every n`, () => {
      const parameter = define(entry);
      for (const n of [0, 1, 2, 99, 12345])
        assert.notEqual(
          parseValue(parameter, exampleText(parameter, n)),
          undefined,
          exampleText(parameter, n),
        );
    });
});

describe("columnName(name)", () => {
  for (const [name, column] of [
    ["power_level", "power_level"],
    ["powerLevel", "power_level"],
    ["PowerLevel", "power_level"],
    ["HTTPStatus", "http_status"],
    ["userID", "user_id"],
    ["level2Boss", "level2_boss"],
    ["Sword Metal", "sword_metal"],
    ["sword-metal.kind", "sword_metal_kind"],
    ["Größe", "groudfe"],
    ["naïve", "naive"],
    ["10", "_10"],
    ["__proto__", "proto"],
    ["価格", "u4fa1u683c"],
    ["!", "u21"],
    ["", ""],
    ["a&b=", "a_b"],
  ] as const)
    it(`of ${JSON.stringify(name)} is ${column}`, () => assert.equal(columnName(name), column));
});
