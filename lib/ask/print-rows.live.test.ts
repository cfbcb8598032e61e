// The command as its user types it, against the real Trino.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { settings } from "../settings.ts";

function run(args: string[], input = "") {
  const command = ["run", "--silent", "query", "--", ...args];
  return spawnSync("npm", command, { cwd: settings.root, encoding: "utf8", input, maxBuffer: 2 ** 26 });
}

const NUMBERS = `SELECT nan() AS a, -infinity() AS b, ARRAY[nan(), NULL] AS c, -0e0 AS d, CAST(NULL AS double) AS e`;
const NAMES = `SELECT 1 AS name, 2 AS "2026", MAP(ARRAY[3, 1], ARRAY['x', 'y']) AS "2025",
  CAST(ROW(1, 2) AS ROW("9" integer, "2" integer)) AS r`;
const GRID = "SELECT x, y FROM UNNEST(sequence(1, 400)) a(x), UNNEST(sequence(1, 400)) b(y)";

// Statement and options → stdout.
const CASES: [string, string[], string | RegExp][] = [
  [
    "the order of number-like names",
    [NAMES, "--json"],
    '[{"name":1,"2026":2,"2025":{"3":"x","1":"y"},"r":{"9":1,"2":2}}]\n',
  ],
  ["the order in a table", ['SELECT 1 AS name, 2 AS "2026", 3 AS "2025"'], /│ name │ 2026 │ 2025 │/],
  ["the order in CSV", ['SELECT 1 AS name, 2 AS "2026", 3 AS "2025"', "--csv"], "name,2026,2025\n1,2,3\n"],
  [
    "numbers that JSON has not, in JSON",
    [NUMBERS, "--json"],
    '[{"a":"NaN","b":"-Infinity","c":["NaN",null],"d":"-0","e":null}]\n',
  ],
  [
    "numbers that JSON has not, in CSV",
    [NUMBERS, "--csv"],
    'a,b,c,d,e\nNaN,-Infinity,"[""NaN"",null]",-0,\n',
  ],
  [
    "numbers that JSON has not, in a table",
    [NUMBERS],
    /│ NaN │ -Infinity │ \["NaN",null\] │ -0 │ \(none\) │/,
  ],
  ["a value of several lines, as it is", ["SELECT 'a' || chr(10) || ' b' AS x"], "a\n b\n"],
  ["a list", ["SELECT 1 AS one, 'x' AS text", "--vertical"], /^── row 1 ─+\none {2}│ 1\ntext │ x\n$/],
  ["the names of a result without rows, in CSV", ["SELECT 1 AS one WHERE false", "--csv"], "one\n"],
  ["an empty document", ["SELECT 1 AS one WHERE false", "--json"], "[]\n"],
  ["a comment before the statement", ["-- how many\nSELECT 1 AS one", "--csv"], "one\n1\n"],
  ["a comment after the statement", ["SELECT 1 AS one; -- done", "--csv"], "one\n1\n"],
  ["a byte order mark", ["\uFEFFSELECT 1 AS one", "--csv"], "one\n1\n"],
  ["several statements", ["SELECT 1 AS one; SELECT 2 AS two", "--vertical"], /one │ 1\n[^]*two │ 2\n/],
];

describe("npm run query", () => {
  for (const [name, args, expected] of CASES)
    it(`prints ${name}`, () => {
      const { status, stdout, stderr } = run(args);
      assert.equal(status, 0, stderr);
      if (typeof expected === "string") assert.equal(stdout, expected);
      else assert.match(stdout, expected);
    });

  it("reads statements from stdin and from a file", () => {
    assert.equal(run(["--csv"], "SELECT 1 AS one;\n").stdout, "one\n1\n");
    const folder = mkdtempSync(join(tmpdir(), "questlog-"));
    const file = join(folder, "one query.sql");
    writeFileSync(file, "-- a file\nSELECT 1 AS one;\n");
    assert.equal(run(["--csv", "-f", file]).stdout, "one\n1\n");
    rmSync(folder, { recursive: true });
  });

  it("prints 160,000 rows", () => {
    const { status, stdout } = run([GRID]);
    assert.equal(status, 0);
    assert.equal(stdout.split("\n").length, 160_000 + 5);
  });

  it("cancels a statement that is late, and names the option", () => {
    const slow = `SELECT count(*) FROM (${GRID}) a, (${GRID}) b WHERE (a.x * b.y) % 7 = 3`;
    const { status, stderr } = run([slow, "--timeout", "1"]);
    assert.equal(status, 1);
    assert.match(
      stderr,
      /^query: TIME_OUT: not finished after 1000 ms: [^]*\n {2}--timeout SECONDS gives it more time\n$/,
    );
  });
});
