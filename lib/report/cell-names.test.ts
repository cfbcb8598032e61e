// Sources of cells → conclusions of the rules. Each doubt has a case in which its rule is needed.
import assert from "node:assert/strict";
import { namesOf } from "./cell-names.ts";

const BEFORE = 'import assert from "node:assert/strict";\nimport { query, show, say } from "questlog";';

/** The names of a cell behind a cell with imports. */
const read = (source: string) => namesOf([BEFORE, source])[1]!;

describe("namesOf(sources)", () => {
  for (const [source, defines, uses] of [
    ["const a = b + 1;", "a", "b"],
    ["const { a, b: [c] } = d; let e: T;", "a,c,e", "T,d"],
    ["function f(x: number) { return x + y; }", "f", "y"],
    ["rows.map((row) => row.n)", "", "rows"],
    ["for (const row of rows) say`${row.n} ${total}`;", "", "rows,say,total"],
    ["const o = { a, b: c }; o.d;", "o", "a,c"],
    ["type T = U; interface V { a: W }", "T,V", "U,W"],
    ["{ const a = 1; say`${a}`; }", "", "say"],
  ] as const)
    it(`finds the names of ${source}`, () => {
      const names = read(source);
      assert.deepEqual([[...names.defines].sort().join(), [...names.uses].sort().join()], [defines, uses]);
    });

  for (const source of [
    "const rows = await query(`SELECT count(*) AS n FROM events WHERE day >= '2026-11-20'`);",
    "const sorted = [...rows].sort((a, b) => a.n - b.n);\nsorted.reverse();",
    "const sums = new Map();\nfor (const { k, n } of rows) sums.set(k, (sums.get(k) ?? 0) + n);",
    "let total = 0;\nfor (const row of rows) total += row.n;",
    "let total = 0;\nrows.forEach((row) => { total += row.n; });",
    "assert.equal(rows.length, 3);\nsay`${rows.length} rows at ${new Date(rows[0].t)}`;",
    "function half(n: number) { const parts = []; parts.push(n / 2); return parts; }",
    "Object.entries(o).map(([k, v]) => `${k} ${v.toFixed(2)}`).join()",
  ])
    it(`calls a cell safe to repeat: ${source.replaceAll("\n", " ")}`, () => {
      const { isRepeatable, hasEffects, isStored } = read(source);
      assert.deepEqual(
        { isRepeatable, hasEffects, isStored },
        { isRepeatable: true, hasEffects: false, isStored: false },
      );
    });

  for (const source of [
    "list.push(1);",
    "rows.sort();",
    "total += 1;",
    "total++;",
    "[a, b] = [b, a];",
    "({ x } = o);",
    "rows[0].n = 1;",
    "const first = rows[0];\nfirst.n = 1;",
    "const copy = [...rows];\ncopy[0].n = 1;",
    "let copy = [1];\ncopy = rows;\ncopy.push(2);",
    "for (const row of rows) row.n = 1;",
    "rows.forEach((row) => { row.n = 1; });",
    "const [first] = rows;\nfirst.n++;",
    "delete o.x;",
    "Object.assign(o, { x: 1 });",
    "iterator.next();",
    "const it = list.values();",
    "for (x of rows) {}",
    "function* g() { yield 1; }",
    "class A { n = 0; }",
    "/a/g.exec(text);",
  ])
    it(`calls a cell unsafe to repeat: ${source.replaceAll("\n", " ")}`, () => {
      assert.equal(read(source).isRepeatable, false);
    });

  for (const source of [
    "let n = 0;\nfunction add() { n += 1; }",
    "const add = (list: number[]) => { list.push(1); };",
    "const o = { add() { total = 1; } };",
  ])
    it(`finds a stored function that changes values outside: ${source.replaceAll("\n", " ")}`, () => {
      assert.equal(read(source).isStored, true);
    });

  for (const source of [
    "await query('INSERT INTO t VALUES (1)');",
    "await query(`DROP TABLE t`);",
    "await query('SELECT now()');",
    "await query('SELECT current_date');",
    "await query(`SELECT * FROM events WHERE t > CURRENT_TIMESTAMP - ${d}`);",
    "await query('SELECT random()');",
    "await query('SELECT * FROM system.runtime.queries');",
    "const d = new Date();",
    "const d = Date.now();",
    "const d = Math.random();",
  ])
    it(`finds effects or a dependence on the time: ${source}`, () => {
      assert.equal(read(source).hasEffects, true);
    });

  it("finds the use of a module that can do anything, in another cell than its import", () => {
    const cells = namesOf([
      'import { send } from "../dist/traffic/traffic.js";',
      "await send();",
      "const a = 1;",
    ]);
    assert.deepEqual(
      cells.map(({ hasEffects }) => hasEffects),
      [false, true, false],
    );
  });
});
