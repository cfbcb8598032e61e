import assert from "node:assert/strict";
import { identifier, literal, sql } from "./sql.ts";

describe("literal(value)", () => {
  it("doubles quotes and leaves every other character as it is", () => {
    assert.equal(literal("O'Hara'; DROP TABLE t --"), "'O''Hara''; DROP TABLE t --'");
    assert.equal(literal("\\' \0 \n 😀"), "'\\'' \0 \n 😀'");
  });

  it("refuses half a surrogate pair, which UTF-8 would replace", () => {
    assert.throws(() => literal("a\ud83d"), /half a surrogate pair \(\\ud83d\) at position 1/);
  });

  it("writes integers exactly and other numbers as doubles", () => {
    assert.deepEqual([5, -5, 1.5, 1e300, NaN, -Infinity, -0].map(literal), [
      "5",
      "-5",
      "DOUBLE '1.5'",
      "DOUBLE '1e+300'",
      "nan()",
      "-infinity()",
      "DOUBLE '-0'",
    ]);
    assert.deepEqual([2n ** 63n - 1n, 2n ** 63n].map(literal), [
      "BIGINT '9223372036854775807'",
      "DECIMAL '9223372036854775808'",
    ]);
    assert.throws(() => literal(10n ** 38n), /at most 38 digits, got 1000/);
  });

  it("writes a Date as a timestamp in UTC", () => {
    assert.equal(literal(new Date("2026-01-31T10:00:00.123Z")), "TIMESTAMP '2026-01-31 10:00:00.123'");
  });

  it("writes null and booleans as keywords", () => {
    assert.deepEqual([null, true, false].map(literal), ["NULL", "true", "false"]);
  });
});

describe("identifier(name)", () => {
  it("doubles double quotes", () => {
    assert.equal(identifier('a"b'), '"a""b"');
  });
});

describe("sql`…`", () => {
  it("writes each value as a literal, and a list with commas", () => {
    const [region, days] = ["O'Hara'; --", [1, 2n, null, "a"]];
    assert.equal(
      sql`SELECT 1 WHERE r = ${region} AND d IN (${days})`,
      "SELECT 1 WHERE r = 'O''Hara''; --' AND d IN (1, BIGINT '2', NULL, 'a')",
    );
    assert.equal(sql`SELECT '\n' FROM t`, "SELECT '\n' FROM t");
  });

  it("refuses a value between quotes, an empty list, and a call without a template", () => {
    assert.throws(
      () => sql`SELECT '${"ny"}'`,
      /^Error: sql: expected no quotes around a value, got SELECT '…$/,
    );
    assert.throws(() => sql`SELECT 1 WHERE r IN (${[]})`, /expected a list with values, got an empty one/);
    const call = sql as unknown as (text: string) => string;
    assert.throws(() => call("SELECT 1"), /expected a template: write sql`…`, not sql\(…\)/);
  });
});
