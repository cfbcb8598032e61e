import assert from "node:assert/strict";
import fc from "fast-check";
import { date, double, scaled, timestamp, utcTime } from "./exact.ts";

describe("scaled(text, scale)", () => {
  const cases: [text: string, scale: number, value: bigint | undefined][] = [
    ["0", 0, 0n],
    ["-0", 0, 0n],
    ["100", 0, 100n],
    ["100.0", 0, 100n],
    ["1e2", 0, 100n],
    ["1E+2", 0, 100n],
    ["10000e-2", 0, 100n],
    ["0.0100e4", 0, 100n],
    ["100.5", 0, undefined],
    ["1e-1", 0, undefined],
    ["0e-9", 0, 0n],
    ["007", 0, 7n],
    ["9007199254740993", 0, 9007199254740993n],
    ["-9223372036854775808", 0, -(2n ** 63n)],
    ["19.90", 2, 1990n],
    ["19.900", 2, 1990n],
    ["19.901", 2, undefined],
    ["-0.05", 2, -5n],
    ["1e999999", 0, undefined],
    ["0e999999", 0, 0n],
    ["1e-999999", 2, undefined],
    ["1e9999999", 0, undefined],
    ["", 0, undefined],
    ["+1", 0, undefined],
    [" 1", 0, undefined],
    ["1.", 0, undefined],
    [".5", 1, undefined],
    ["0x10", 0, undefined],
    ["1_000", 0, undefined],
    ["Infinity", 0, undefined],
    ["NaN", 0, undefined],
  ];
  for (const [text, scale, value] of cases) {
    it(`reads ${JSON.stringify(text)} at scale ${scale} as ${String(value)}`, () =>
      assert.equal(scaled(text, scale), value));
  }

  it("reads back any integer of 38 digits, in each way to write it", () => {
    const limit = 10n ** 38n - 1n;
    fc.assert(
      fc.property(fc.bigInt({ min: -limit, max: limit }), fc.nat(9), (value, scale) => {
        assert.equal(scaled(String(value), 0), value);
        assert.equal(scaled(`${value}e-${scale}`, scale), value);
        assert.equal(scaled(`${value}.000`, 0), value);
      }),
    );
  });
});

describe("double(text)", () => {
  for (const [text, value] of [
    ["1.5", 1.5],
    ["-0", -0],
    ["1e308", 1e308],
    ["1e309", undefined],
    ["5e-324", 5e-324],
    ["NaN", undefined],
    ["", undefined],
    ["0x1p3", undefined],
  ] as const) {
    it(`reads ${JSON.stringify(text)} as ${value}`, () => assert.equal(double(text), value));
  }
});

describe("date(text)", () => {
  for (const [text, days] of [
    ["1970-01-01", 0],
    ["1969-12-31", -1],
    ["2024-02-29", 19782],
    ["2026-02-29", undefined],
    ["2026-13-01", undefined],
    ["0001-01-01", -719162],
    ["0000-12-31", undefined],
    ["9999-12-31", 2932896],
    ["2026-1-1", undefined],
    ["2026-01-01T00:00:00Z", undefined],
    ["20260101", undefined],
  ] as const) {
    it(`reads ${text} as ${days}`, () => assert.equal(date(text), days));
  }
});

describe("timestamp(text)", () => {
  const at = Date.UTC(2026, 10, 25, 10, 30);
  const cases: [text: string, ms: number | undefined][] = [
    ["2026-11-25T10:30:00Z", at],
    ["2026-11-25t10:30:00z", at],
    ["2026-11-25 10:30:00Z", at],
    ["2026-11-25T10:30Z", at],
    ["2026-11-25T12:30:00+02:00", at],
    ["2026-11-25T12:30:00+0200", at],
    ["2026-11-25T05:00:00.000-05:30", at],
    ["2026-11-25T10:30:00.5Z", at + 500],
    ["2026-11-25T10:30:00.123000Z", at + 123],
    ["2026-11-25T10:30:00.123456Z", at + 123],
    ["2026-11-25T10:30:00.123456+00:00", at + 123], // Python's isoformat
    ["2026-11-25 10:30:00.999999+00:00", at + 999], // str(datetime) in Python
    ["2026-11-25T10:30:00.999999999Z", at + 999], // Java's Instant
    ["2026-11-25T10:30:00.1234567Z", at + 123], // .NET's round-trip format
    ["1969-12-31T23:59:59.999999Z", -1],
    ["9999-12-31T23:59:59.999999Z", Date.parse("9999-12-31T23:59:59.999Z")],
    ["2026-11-25T10:30:00.1234567890Z", undefined],
    ["2026-11-25T10:30:00.Z", undefined],
    ["2026-11-25T10:30:00", undefined],
    ["2026-11-25T24:00:00Z", undefined],
    ["2026-11-25T10:60:00Z", undefined],
    ["2026-11-25T10:30:60Z", undefined],
    ["2026-11-25T10:30:00+24:00", undefined],
    ["2026-02-30T10:30:00Z", undefined],
    [String(at), at],
    [`${at}.0`, at],
    ["1.7640666e12", 1_764_066_600_000],
    ["0", 0],
    ["-1", -1],
    ["1.5", undefined],
    ["1e99", undefined],
    ["253402300800000", undefined], // the year 10000
    ["", undefined],
    ["yesterday", undefined],
  ];
  for (const [text, ms] of cases) it(`reads ${text} as ${ms}`, () => assert.equal(timestamp(text), ms));
});

describe("utcTime(text)", () => {
  it("reads each time that Date writes, from the year 1 to 9999", () => {
    const [min, max] = [new Date("0001-01-01T00:00:00Z"), new Date("9999-12-31T23:59:59.999Z")];
    fc.assert(
      fc.property(fc.date({ min, max, noInvalidDate: true }), (time) => {
        assert.equal(utcTime(time.toISOString()), time.getTime());
      }),
      { numRuns: 3000 },
    );
  });

  it("refuses every text that Date would not write", () => {
    const time = "2026-01-31T12:00:00.000Z";
    const place = fc.nat(time.length - 1);
    const character = fc.constantFrom(..."0123456789TZ:.- +é");
    const changed = fc.array(fc.tuple(place, character), { minLength: 1, maxLength: 3 }).map((changes) => {
      const characters = [...time];
      for (const [at, one] of changes) characters[at] = one;
      return characters.join("");
    });
    const expected = (text: string) => {
      const value = Date.parse(text);
      return !Number.isNaN(value) && new Date(value).toISOString() === text ? value : undefined;
    };
    fc.assert(
      fc.property(fc.oneof(changed, fc.string()), (text) =>
        assert.equal(utcTime(text), expected(text), text),
      ),
      { numRuns: 5000, examples: [["2026-02-30T00:00:00.000Z"], ["2026-01-31T24:00:00.000Z"]] },
    );
  });
});
