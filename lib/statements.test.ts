import assert from "node:assert/strict";
import { statementsOf } from "./statements.ts";

// SQL → its statements.
const CASES: [string, string[]][] = [
  ["SELECT 1", ["SELECT 1"]],
  ["SELECT 1;", ["SELECT 1"]],
  ["SELECT 1 ; ;; \n", ["SELECT 1"]],
  [";;", []],
  ["", []],
  ["-- nothing", []],
  ["/* nothing; */ ;", []],
  ["\uFEFFSELECT 1", ["SELECT 1"]],
  ["-- how many\nSELECT 1 AS one", ["-- how many\nSELECT 1 AS one"]],
  ["SELECT 1 AS one; -- done", ["SELECT 1 AS one"]],
  ["SELECT 1; SELECT 2", ["SELECT 1", "SELECT 2"]],
  ["SELECT ';'", ["SELECT ';'"]],
  ["SELECT 'it''s;'; SELECT 2", ["SELECT 'it''s;'", "SELECT 2"]],
  ['SELECT 1 AS "a;b"', ['SELECT 1 AS "a;b"']],
  ['SELECT 1 AS "a"";"', ['SELECT 1 AS "a"";"']],
  ["SELECT 1 -- a; b\n, 2", ["SELECT 1 -- a; b\n, 2"]],
  ["SELECT /* ; */ 1", ["SELECT /* ; */ 1"]],
  ["SELECT '-- no comment;'", ["SELECT '-- no comment;'"]],
  ["SELECT 6 - 4 / 2", ["SELECT 6 - 4 / 2"]],
  ["SELECT 'open;", ["SELECT 'open;"]], // Trino says what is wrong
  ["SELECT 1 /* open;", ["SELECT 1 /* open;"]],
];

describe("statementsOf(sql)", () => {
  for (const [sql, statements] of CASES)
    it(`splits ${JSON.stringify(sql)}`, () => {
      assert.deepEqual(statementsOf(sql), statements);
    });

  it("splits a megabyte in linear time", () => {
    assert.equal(statementsOf("SELECT 'a;b' -- c;\n;".repeat(50_000)).length, 50_000);
  });
});
