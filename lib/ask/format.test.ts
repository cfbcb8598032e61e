import assert from "node:assert/strict";
import { formatNumber, formatPercent, formatShort, formatTime, forPeople, withCommas } from "./format.ts";

describe("formatNumber(number, { digits, unit })", () => {
  for (const [number, text] of [
    [0, "0"],
    [-0, "0"],
    [7, "7"],
    [1234567, "1,234,567"],
    [-1234, "-1,234"],
    [1e15, "1,000,000,000,000,000"],
    [1e24, "1e24"],
    [9007199254740993n, "9,007,199,254,740,993"],
    [1.5e24, "1.5e24"],
    [1e300, "1e300"],
    [1234.5, "1,234.5"],
    [1234.5678, "1,234.57"],
    [-3.14159, "-3.14"],
    [0.1, "0.1"],
    [0.1 + 0.2, "0.3"],
    [0.123456, "0.123"],
    [0.004, "0.004"],
    [0.0005, "0.0005"],
    [0.00045678, "0.000457"],
    [-0.00045678, "-0.000457"],
    [1e-9, "1e-9"],
    [-1.23456e-9, "-1.23e-9"],
    [99.9996, "99.9996"],
    [1.0001, "1.0001"],
    [0.99996, "0.99996"],
    [2.9999999999999996, "3"],
    [0.9999999999, "1"],
    [1e-6, "0.000001"],
    [NaN, "NaN"],
    [Infinity, "Infinity"],
    [-Infinity, "-Infinity"],
  ] as const) {
    it(`writes ${number} as ${text}`, () => assert.equal(formatNumber(number), text));
  }

  it("writes the decimals and the unit that are asked for", () => {
    assert.equal(formatNumber(1234.5, { digits: 2 }), "1,234.50");
    assert.equal(formatNumber(12, { digits: 1, unit: "ms" }), "12.0\u00a0ms");
    assert.equal(formatNumber(-0.001, { digits: 2 }), "0.00");
    assert.equal(formatNumber(12.5, { unit: "%" }), "12.5%");
    assert.equal(formatNumber(-1234, { unit: "€" }), "-€1,234");
    assert.equal(formatNumber(3n, { unit: "rows" }), "3\u00a0rows");
    assert.equal(formatNumber(NaN, { digits: 2 }), "NaN");
  });
});

describe("formatPercent(percent)", () => {
  for (const [percent, text] of [
    [0, "0.0%"],
    [100, "100.0%"],
    [25, "25.0%"],
    [0.01, "0.01%"],
    [-0.004, "-0.004%"],
    [99.99, "99.99%"],
    [1e-9, "1e-9%"],
    [1234.5678, "1,234.6%"],
  ] as const)
    it(`writes ${percent} as ${text}`, () => assert.equal(formatPercent(percent), text));
});

describe("formatShort(number)", () => {
  for (const [number, text] of [
    [0, "0"],
    [12.345, "12"],
    [-0.1234, "-0.12"],
    [-43_928, "-44K"],
    [100, "100"],
    [1000, "1K"],
    [-219_640, "-220K"],
    [1_250, "1.3K"],
    [999_950, "1M"],
    [4.2e12, "4.2T"],
    [1e15, "1,000,000,000,000,000"],
  ] as const)
    it(`writes ${number} as ${text}`, () => assert.equal(formatShort(number), text));

  it("has the unit behind the letter", () => {
    assert.equal(formatShort(2_500, { unit: "%" }), "2.5K%");
    assert.equal(formatShort(2_500, { unit: "€" }), "€2.5K");
    assert.equal(formatShort(2_500, { unit: "m2" }), "2.5K\u00a0m2");
  });
});

describe("formatTime(time)", () => {
  for (const [iso, text] of [
    ["2026-11-25T00:00:00Z", "2026-11-25"],
    ["2026-11-25T10:00:00Z", "2026-11-25 10:00 UTC"],
    ["2026-10-25T01:30:05Z", "2026-10-25 01:30:05 UTC"],
    ["2026-11-25T10:00:00.120Z", "2026-11-25 10:00:00.120 UTC"],
    ["2026-11-25T00:00:01Z", "2026-11-25 00:00:01 UTC"],
    ["never", "Invalid Date"],
  ] as const) {
    it(`writes ${iso} as ${text}`, () => assert.equal(formatTime(new Date(iso)), text));
  }

  it("leaves the zone out where the reader knows it", () => {
    assert.equal(formatTime(new Date("2026-11-25T10:00:00Z"), { zone: false }), "2026-11-25 10:00");
  });
});

describe("forPeople(value)", () => {
  it("formats each type of value", () => {
    const values = [1234.5678, 12n, "1234.50", "0123", "1234", null, true, new Date(0), ["a", 1n], "NaN"];
    assert.deepEqual(
      values.map((value) => forPeople(value)),
      ["1,234.57", "12", "1,234.50", "0123", "1234", "(none)", "true", "1970-01-01", '["a","1"]', "NaN"],
    );
    assert.equal(forPeople("1234.50", { unit: "$" }), "$1,234.50");
    assert.equal(forPeople("1234.50", { digits: 0 }), "1,235");
  });

  for (const [decimal, digits, text] of [
    ["12345678901234567890.55", 1, "12,345,678,901,234,567,890.6"],
    ["12345678901234567890.55", 3, "12,345,678,901,234,567,890.550"],
    ["9999999999999999999999.95", 1, "10,000,000,000,000,000,000,000.0"],
    ["-12345678901234567890.5", 0, "-12,345,678,901,234,567,891"],
    ["1.005", 2, "1.01"],
    ["-0.004", 2, "0.00"],
  ] as const)
    it(`rounds the decimal ${decimal} to ${digits} decimals exactly`, () => {
      assert.equal(forPeople(decimal, { digits }), text);
    });
});

describe("withCommas(decimal)", () => {
  it("separates thousands, and leaves decimals and other texts as they are", () => {
    const texts = ["1234567.8901", "-1234.5", "999", "2026.1 a", "1e9"];
    assert.deepEqual(texts.map(withCommas), ["1,234,567.8901", "-1,234.5", "999", "2026.1 a", "1e9"]);
  });
});
