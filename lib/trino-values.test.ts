import assert from "node:assert/strict";
import fc from "fast-check";
import { parseJson, type ResultColumn, rowReader } from "./trino-values.ts";

type Signature = ResultColumn["typeSignature"];

const type = (rawType: string, ...given: Signature["arguments"]): Signature => ({
  rawType,
  arguments: given,
});
const of = (value: Signature) => ({ kind: "TYPE" as const, value });
const precision = (value: number) => ({ kind: "LONG" as const, value });

function read(typeSignature: Signature, value: unknown): unknown {
  return rowReader([{ name: "x", typeSignature }])([value]).x;
}

describe("rowReader(columns)", () => {
  it("reads null as null in every type", () => {
    for (const name of ["bigint", "varchar", "timestamp", "date", "double"]) {
      assert.equal(read(type(name), null), null);
    }
    assert.deepEqual(read(type("array", of(type("bigint"))), [1, null]), [1, null]);
  });

  it("reads a bigint as a number up to 2^53 - 1, as a bigint beyond", () => {
    assert.equal(read(type("bigint"), 9007199254740991), 9007199254740991);
    assert.equal(read(type("bigint"), "9007199254740992"), 9007199254740992n);
    assert.equal(read(type("bigint"), "-9223372036854775808"), -(2n ** 63n));
  });

  it("reads doubles that JSON cannot write", () => {
    assert.deepEqual(
      ["NaN", "Infinity", 1.5].map((value) => read(type("double"), value)),
      [NaN, Infinity, 1.5],
    );
  });

  it("reads timestamps of any year as UTC, at most milliseconds", () => {
    const timestamp = type("timestamp", precision(3));
    assert.deepEqual(read(timestamp, "2026-01-31 10:00:00.123"), new Date("2026-01-31T10:00:00.123Z"));
    assert.deepEqual(read(timestamp, "0099-12-31 00:00:00.000"), new Date("0099-12-31T00:00:00.000Z"));
    assert.deepEqual(read(timestamp, "12345-01-01 00:00:00.000"), new Date("+012345-01-01T00:00:00.000Z"));
    assert.deepEqual(read(type("timestamp", precision(0)), "1970-01-01 00:00:01"), new Date(1000));
    assert.equal(
      read(type("timestamp", precision(6)), "2026-01-31 10:00:00.123456"),
      "2026-01-31 10:00:00.123456",
    );
  });

  it("reads a zone's offset, and leaves a region as text", () => {
    const zoned = type("timestamp with time zone", precision(3));
    assert.deepEqual(read(zoned, "2026-01-31 10:00:00.000 UTC"), new Date("2026-01-31T10:00:00Z"));
    assert.deepEqual(read(zoned, "2026-01-31 10:00:00.000 -05:30"), new Date("2026-01-31T15:30:00Z"));
    assert.equal(
      read(zoned, "2026-10-25 02:30:00.000 Europe/Berlin"),
      "2026-10-25 02:30:00.000 Europe/Berlin",
    );
  });

  it("reads arrays, maps and rows to their depth", () => {
    const row = type(
      "row",
      {
        kind: "NAMED_TYPE",
        value: { fieldName: { name: "at" }, typeSignature: type("timestamp", precision(3)) },
      },
      { kind: "NAMED_TYPE", value: { typeSignature: type("bigint") } },
    );
    const map = type("map", of(type("varchar")), of(type("array", of(row))));
    assert.deepEqual(read(map, { __proto__x: [["1970-01-01 00:00:00.000", "9007199254740993"]] }), {
      __proto__x: [{ at: new Date(0), field1: 9007199254740993n }],
    });
  });
});

describe("parseJson(text)", () => {
  it("agrees with JSON.parse in texts without long integers", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        fc.pre(!/\d{16}/.test(text));
        assert.deepEqual(parseJson(text), JSON.parse(text));
      }),
    );
  });

  it("returns long integers as strings, in any surrounding text", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary" }),
        fc.bigInt({ min: 10n ** 15n, max: 10n ** 18n }),
        (text, n) => {
          const quoted = JSON.stringify(`${text},${n}`);
          assert.deepEqual(parseJson(`[${quoted},${n},{${quoted}:-${n}},1.5,${n}.5]`), [
            `${text},${n}`,
            String(n),
            { [`${text},${n}`]: `-${n}` },
            1.5,
            Number(`${n}.5`),
          ]);
        },
      ),
    );
  });

  it("reads a megabyte of escaped text beside a long integer", () => {
    const text = '\\"{}\n'.repeat(300_000);
    assert.deepEqual(parseJson(JSON.stringify([[text, 1]]).replace(",1]", ",1234567890123456789]")), [
      [text, "1234567890123456789"],
    ]);
  });
});
