// Cells and SQL → whether a report with them may come from the cache.
import assert from "node:assert/strict";
import { viewsOf } from "../ask/views.ts";
import { columnsOf } from "../catalog.ts";
import { events } from "../events.ts";
import { newCell } from "./notebook.ts";
import { unsteadyPart } from "./steady.ts";
import { isSteadySql } from "./steady-sql.ts";

const IMPORT =
  'import assert from "node:assert/strict";\nimport { bars, headline, query, say, show, sql, tiles } from "questlog";';

const partOf = (source: string, type: "code" | "markdown" = "code") =>
  unsteadyPart([{ name: "shop", cells: [newCell("code", IMPORT, "a"), newCell(type, source, "b")] }]);

describe("unsteadyPart(notebooks)", () => {
  for (const source of [
    "const rows = await query<{ n: number }>(`SELECT count(*) AS n FROM events WHERE day >= '2026-11-20'`);",
    "const days: number = 7;\nconst rows = await query(sql`SELECT * FROM unique_shop WHERE n > ${days}`, { timeoutMs: 9 });",
    "const rows = await query('SELECT 1 AS n');\nshow(bars(rows, { category: 'n', value: 'n' }));",
    "const total = [1].reduce((sum, n) => sum + n, 0);\nsay`${total} at ${new Date(0)}`;\nheadline`${total} sold`;\nassert.equal(total, 1);",
    "const sums = new Map<string, number>();\nfor (const [k, n] of Object.entries({ a: 1 })) sums.set(k, Math.max(n, 2));",
    "interface Row { now: number; process: string }\ntype T = typeof globalThis;",
    "const { a, b: c } = { a: 1, b: 2 };\nfunction half(n: number) { return n / 2; }\nhalf(a + c);",
  ])
    it(`finds nothing in ${source.replaceAll("\n", " ")}`, () => {
      assert.equal(partOf(source), null);
    });

  for (const source of [
    "Date.now()",
    "new Date()",
    "new Date(...[])",
    "Date()",
    "const { now } = Date;",
    "const D = Date;\nnew D();",
    "const D = Date<unknown>;\nnew D();",
    "const o = { Date };",
    "new (new Date(0).constructor)()",
    "[]['constructor']",
    "Math.random()",
    'Math["random"]()',
    "const { random } = Math;",
    "const M = Math;",
    "performance.now()",
    "process.env.HOME",
    "globalThis.Date",
    "new Intl.DateTimeFormat().format()",
    "await fetch('http://127.0.0.1')",
    "setTimeout(() => {}, 1)",
    "crypto.randomUUID()",
    "require('fs')",
    "eval('1')",
    "await Promise.race([1])",
    "const half = (process: number) => process;\nprocess.hrtime();",
    "declare const performance: { now(): number };",
    'import "./x.js";',
    'import fs from "node:fs";',
    'import { a } from "../dist/events.js";',
    'import { countEvents } from "questlog";',
    'import { readOffsets } from "questlog";',
    'import { query as ask } from "questlog";',
    'import * as all from "questlog";',
    'export { readFileSync } from "node:fs";',
    "export const a = 1;",
    "await import('node:fs');",
    "import.meta.url",
    "class A { n = 0; }",
    "function* g() { yield 1; }",
    "this",
    "const ask = query;",
    "[`SELECT 1`].map(query);",
    "const text = 'SELECT 1';\nawait query(text);",
    "await query(`SELECT ${'no' + 'w()'}`);",
    "await query('SELECT 1', { server: 'http://127.0.0.1' });",
    "await query(sql`SELECT now() - ${1}`);",
    'await query("SELECT \\u006eow()");',
    "await query('INSERT INTO t VALUES (1)');",
    "unknown",
  ])
    it(`names the part of ${source.replaceAll("\n", " ")}`, () => {
      assert.match(partOf(source) ?? "", /^shop, cell 2: /);
    });

  it("reads the expressions of a text as it reads cells", () => {
    assert.equal(partOf("It is {{ Date.now() }}.", "markdown"), "shop, a text: Date.now");
    assert.equal(partOf("It is {{ 1 + 1 }}.", "markdown"), null);
  });

  for (const [text, isSteady] of [
    ["![a](pictures/a.png)", true],
    ['![a](a%20b.png "A title")', true],
    ["![a][b]\n\n[b]: a.svg", true],
    ["![a](<a b.png>)", false],
    ["![a](a(1)/b.png)", false],
    ["![a](ä.png)", false],
    ["![a](a&amp;b.png)", false],
  ] as const)
    it(`${isSteady ? "follows" : "does not follow"} the picture of ${text.replaceAll("\n", " ")}`, () => {
      assert.equal(partOf(text, "markdown") === null, isSteady);
    });
});

describe("isSteadySql(sql)", () => {
  for (const sql of [
    "SELECT count(*) FROM events",
    'WITH a AS (SELECT "day", sum(n) AS n FROM t GROUP BY 1) SELECT * FROM a ORDER BY n DESC',
    "select date_trunc('minute', event_time) AS minute, session, current_level FROM events",
    "SELECT n FROM (VALUES (1), (2)) AS t (n) CROSS JOIN UNNEST(sequence(1, 2)) AS u(i)",
    "SELECT approx_percentile(n, 0.5), map_agg(k, n), listagg(k) WITHIN GROUP (ORDER BY k) FROM t GROUP BY ROLLUP (a)",
    "SELECT nan(), infinity(), rpad('a', 3, 'b') FROM (VALUES 1, 2) t (a)",
    "SELECT * FROM UNNEST(sequence(1, 3)) WITH ORDINALITY t(i, n)",
    "WITH RECURSIVE t(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t WHERE n < 5) SELECT * FROM t",
    "-- the rows (all)\nSELECT a /* f(x) */ FROM t -- end",
    "SELECT 'it''s now() (and current_date)' AS text",
    "SELECT rank() OVER (PARTITION BY day ORDER BY n), CAST(n AS decimal(10, 2)) FROM t WHERE a IN ('now')",
  ])
    it(`allows ${sql}`, () => assert.ok(isSteadySql(sql)));

  for (const sql of [
    "SELECT now()",
    "SELECT NOW ()",
    'SELECT "now"()',
    "SELECT now/**/()",
    "SELECT now--\n()",
    'SELECT U&"\\006eow"()',
    "SELECT 1 AS n FROM t FOR TIMESTAMP AS OF now()",
    'SELECT n AS "a", now() FROM (VALUES 1) AS t (n)',
    "SELECT current_date",
    "SELECT '--', now()",
    "SELECT 'a' /* ' */, now() -- '",
    "SELECT (1), now() FROM (VALUES 1) t (n)",
    "WITH t (n) AS (SELECT now()) SELECT * FROM t",
    "SELECT U&'\\0061', 'open",
    "SELECT CURRENT_TIMESTAMP(3)",
    "SELECT localtimestamp",
    "SELECT random()",
    "SELECT rand()",
    "SELECT uuid()",
    "SELECT shuffle(a) FROM t",
    "SELECT * FROM t TABLESAMPLE BERNOULLI (10)",
    "SELECT * FROM system.runtime.queries",
    'SELECT * FROM "system".runtime.queries',
    "WITH FUNCTION f() RETURNS integer RETURN 1 SELECT f()",
    "SELECT version()",
    "SHOW SESSION",
    "INSERT INTO t SELECT 1",
    "EXPLAIN ANALYZE SELECT 1",
    "",
  ])
    it(`refuses ${JSON.stringify(sql)}`, () => assert.ok(!isSteadySql(sql)));

  it("allows the views of the game", () => {
    const stored = new Map(events.map((event) => [event.table, columnsOf(event)]));
    const views = viewsOf(events, stored, "default");
    assert.deepEqual(
      views.filter(({ select }) => !isSteadySql(select)).map(({ select }) => select),
      [],
    );
  });
});
