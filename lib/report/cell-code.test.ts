// Each notebook runs in the real kernel, and its cells as one file in Node: both print the same.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ts from "typescript";
import type { KernelOutput } from "./channels.ts";
import { type Kernel, startKernel } from "./kernel.ts";

const LIMIT_MS = 30_000;

const FILES = {
  "live.mjs": "export let n = 0;\nexport function more() { n++; }\nexport default class Box { n = 7; }",
  "old.cjs": "module.exports = { one: 1, two() { return this.one + 1; } };",
  "flagged.cjs": "exports.__esModule = true; exports.default = 5; exports.six = 6;",
  "data.json": '{ "swords": 3 }',
};

/** Behaviour → the cells of a notebook. Each prints something that a wrong compiler gets wrong. */
const NOTEBOOKS: Record<string, string[]> = {
  "a function sees what a later cell assigns": [
    "let total = 0;\nfunction add(n: number) { total += n; return total; }",
    "console.log(add(7));",
    "total = 100;\nconsole.log(add(1));",
  ],
  "an arrow function sees it too": ["let t = 1;\nconst get = () => t;", "t = 2;", "console.log(get(), t);"],
  "a later cell sees what a function assigns": [
    "let seen = 0;\nconst see = () => { seen++; };",
    "see(); see();",
    "console.log(seen);",
  ],
  "++, += and ??= change names of earlier cells": [
    "let a = 1, b = 2, c: number | undefined;\nconst all = () => [a, b, c].join();",
    "a++; ++a; b += 5; b **= 2; c ??= 9;",
    "console.log(all(), a--, a);",
  ],
  "a shorthand property takes an earlier name": [
    'const title = "Swords", n = 3;',
    "console.log(JSON.stringify({ title, n, m: n }));",
  ],
  "an array is destructured into earlier names": [
    "let a = 1, b = 2;\nconst pair = () => `${a}${b}`;",
    "[a, b] = [b, a];",
    "console.log(pair(), a, b);",
  ],
  "an object is destructured into earlier names": [
    "let x = 0, y = 0, rest: object = {};\nconst xy = () => [x, y, JSON.stringify(rest)].join();",
    "({ x, deep: [y = 5], ...rest } = { x: 4, deep: [] as number[], z: 6 });",
    "console.log(xy());",
  ],
  "a default in a destructuring reads an earlier name": [
    "const base = 10;",
    "const { p = base, q = p + 1 } = {} as { p?: number; q?: number };",
    "console.log(p, q);",
  ],
  "await in parentheses waits": [
    "const later = Promise.resolve(4);",
    "await (later);\nconsole.log(await (later));",
  ],
  "await in an expression waits": [
    "const one = async () => 1;",
    "console.log((await one()) + (await (one())), [await one()].length);",
  ],
  "for await reads a generator": [
    "async function* count() { yield 1; yield 2; }\nlet sum = 0;",
    "for await (const n of count()) sum += n;",
    "console.log(sum);",
  ],
  "await stands in blocks, conditions and loops": [
    "let n = 0;",
    "if (await Promise.resolve(true)) { for (const x of [1, 2]) n += await Promise.resolve(x); }",
    "console.log(n);",
  ],
  "a function calls a later function of its cell": [
    "console.log(outer());\nfunction outer() { return inner() * 2; }\nfunction inner() { return 21; }",
  ],
  "a function of an earlier cell is replaced": [
    "let greet = () => 'a';\nconst twice = () => greet() + greet();",
    "greet = () => 'b';",
    "console.log(twice(), greet.name);",
  ],
  "functions and classes keep their names": [
    "const f = () => {}, g = function () {};\nclass K {}\nconst L = class {};\nfunction h() {}",
    "console.log([f, g, K, L, h].map(({ name }) => name).join());",
  ],
  "a class extends a class of an earlier cell": [
    "class Base { static made = 0; constructor() { Base.made++; } hi() { return 'base'; } }",
    "class More extends Base { #n = 2; override hi() { return super.hi() + this.#n; } }",
    "console.log(new More().hi(), Base.made, new More() instanceof Base);",
  ],
  "a class knows itself while it is made": [
    "class One { static only = new One(); static { One.only.n = 3; } n = 1; }",
    "console.log(One.only.n, One.only instanceof One);",
  ],
  "getters and setters read an earlier name": [
    "let inside = 1;",
    "const box = { get value() { return inside; }, set value(v) { inside = v; } };",
    "box.value = 8;\nconsole.log(inside, box.value);",
  ],
  "a generator keeps its place between cells": [
    "function* ids() { let id = 0; while (true) yield ++id; }\nconst it = ids();",
    "it.next();",
    "console.log(it.next().value, [...[1, 2]].length);",
  ],
  "labels work, also of an earlier name": [
    "const rows = 5; let hits = 0;",
    "rows: for (let i = 0; i < 3; i++) { for (let j = 0; j < 3; j++) { if (j === 1) continue rows; hits++; } }",
    "console.log(hits, rows);",
  ],
  "an inner name hides an earlier one": [
    "const n = 1; const f = (n: number) => { { const n = 3; void n; } return n; };",
    "{ const n = 2; console.log(n); }\nfor (const n of [7]) console.log(n);",
    "try { throw 4; } catch (n) { console.log(n); }\nconsole.log(n, f(9));",
  ],
  "a parameter's default reads the outer name": [
    "const x = 1;",
    "function g(a = x, { b = x } = {}) { const x = 5; return a + b + x; }\nconsole.log(g());",
  ],
  "a property is not the name of a variable": [
    "const size = 3;",
    "const o = { size: 1, 'n': size, [size]: 2, getSize() { return this.size; } };",
    "console.log(o.size, o.n, o[3], o.getSize(), new Set([1]).size);",
  ],
  "var in a block belongs to the whole program": [
    "if (true) { var v = 1; }\nfor (var i = 0; i < 3; i++) { var last = i; }",
    "var v = v + 1;",
    "console.log(v, i, last);\nfor (var k in { a: 1 }) {}\nfor (var [p, q] of [[1, 2]]) {}",
    "console.log(k, p, q);",
  ],
  "a function sees a var that is declared again": [
    "var x = 1;\nfunction getX() { return x; }",
    "var x = 2;",
    "console.log(getX());",
  ],
  "a var without a value keeps its value": ["var kept = 4;", "var kept: number;", "console.log(kept);"],
  "this is undefined": [
    "console.log(this === undefined);\nfunction who(this: unknown) { return this === undefined; }",
    "console.log(who());",
  ],
  "the code is strict": [
    "const frozen = Object.freeze({ a: 1 }) as { a: number };",
    "let caught = '';\ntry { frozen.a = 2; } catch (error) { caught = (error as Error).name; }",
    "console.log(caught, frozen.a);",
  ],
  "types of earlier cells are known": [
    "interface Row { n: number }\ntype Rows = Row[];\nconst first = (rows: Rows): Row => rows[0]!;",
    "const rows: Rows = [{ n: 5 }];",
    "console.log(first(rows).n satisfies number);",
  ],
  "an enum is known to later cells": [
    "enum Side { Left, Right = 5 }",
    "console.log(Side.Right, Side[0]);\nconst side: Side = Side.Left;",
    "console.log(side);",
  ],
  "export is allowed": [
    "export const rate = 0.2;\nexport function twice(n: number) { return 2 * n; }\nexport class C { n = 1; }",
    "const local = 3;\nexport { local as other };\nexport default twice;",
    "console.log(twice(rate), new C().n, local);",
  ],
  "the default and the names of an ES module": [
    'import Box, { n, more } from "./live.mjs";',
    "more(); more();",
    "console.log(n, new Box().n);",
  ],
  "all names of a module": ['import * as live from "./live.mjs";', "console.log(Object.keys(live).join());"],
  "the default of a CommonJS module": ['import old from "./old.cjs";', "console.log(old.two());"],
  "the default of a CommonJS module with a flag": [
    'import flagged from "./flagged.cjs";',
    "console.log(JSON.stringify(flagged));",
  ],
  "the default and the names of Node's modules": [
    'import path, { basename as base } from "node:path";\nimport * as os from "node:os";\nimport fs from "fs";',
    "console.log(path.join('a', 'b'), base('/c/d'), typeof os.cpus, typeof fs.readFileSync);",
  ],
  "a module is imported while the cell runs": [
    'const { default: Box } = await import("./live.mjs");\nconst load = () => import("node:path");',
    "console.log(new Box().n, (await load()).basename('/x/y'));",
  ],
  "import.meta names the folder": [
    'import { basename } from "node:path";',
    "console.log(basename(new URL('.', import.meta.url).pathname).slice(0, 8), basename(import.meta.resolve('./x/y.js')));",
  ],
  "an imported name is used in a closure, a shorthand and a template": [
    'import { join } from "node:path";',
    "const tools = { join };\nconst f = () => `${join('a', 'b')}`;",
    "console.log(tools.join('c', 'd'), f());",
  ],
  "a call has no this": [
    "function free(this: unknown) { return this; }\nconst tag = function (this: unknown, s: TemplateStringsArray) { return [this, s[0]]; };",
    "console.log(free(), tag`x`[0], free?.());",
  ],
  "a method keeps its this": [
    "const counter = { n: 1, up() { return ++this.n; } };",
    "console.log(counter.up(), counter['up'](), counter?.up());",
  ],
  "closures of a loop keep their own value": [
    "const fs: (() => number)[] = [];\nfor (let i = 0; i < 3; i++) fs.push(() => i);",
    "console.log(fs.map((f) => f()).join());",
  ],
  "a variable of an earlier cell counts a loop": [
    "let i = 0; let key = '';",
    "for (i = 0; i < 4; i++) {}\nfor (key of ['a', 'b']) {}",
    "console.log(i, key);",
  ],
  "several declarations use each other": [
    "const a = 1, b = a + 1, [c, d = b] = [b], { e = d } = {} as { e?: number };",
    "console.log(a, b, c, d, e);",
  ],
  "a variable is read before it has a value": [
    "const read = () => late;\nlet text = '';\ntry { read(); } catch (error) { text = (error as Error).message; }\nlet late = 3;",
    "console.log(text, read());",
  ],
  "typeof and in work on earlier names": [
    "const o = { a: 1 }; let nothing: undefined;",
    "console.log(typeof o, typeof nothing, 'a' in o, delete (o as { a?: number }).a, typeof (globalThis as any).absent);",
  ],
  "names of Object's properties are names like others": [
    "const toString = 5; const constructor = 6; let hasOwnProperty = 1;",
    "hasOwnProperty++;\nconsole.log(toString, constructor, hasOwnProperty);",
  ],
  "names of the kernel's own variables are free": [
    "const exports = 1; const require = (s: string) => s + 2; const $ = 3; const $init = 4; const module = 5;",
    "console.log(exports, require('a'), $, $init, module);",
  ],
  "a sparse and a nested pattern": [
    "let m = 0, n = 0;",
    "[, m, ...[n]] = [1, 2, 3];\nconst [{ z: [deep] }, ...others] = [{ z: [9] }, 8, 7] as [{ z: number[] }, ...number[]];",
    "console.log(m, n, deep, others.join());",
  ],
  "a namespace and a constant enum": [
    "namespace Shop { export const price = 3; export const twice = () => price * 2; }\nconst enum Size { S, M = 4 }",
    "console.log(Shop.twice(), Size.M);",
  ],
  "an import of types only has no effect": [
    'import type { Stats } from "node:fs";\nimport { type Dirent, PathLike } from "node:fs";\nimport { basename } from "node:path";',
    "const s: Stats | Dirent | PathLike | null = null;\nconsole.log(s, basename('/a/b'));",
  ],
  "an assertion in an earlier function": [
    'import assert from "node:assert/strict";\nfunction check(n: number) { assert(n > 0); assert.ok(n); return n; }',
    "console.log(check(2));\ntry { check(-1); } catch (error) { console.log((error as Error).name); }",
  ],
  "nested functions assign names of an earlier cell": [
    "let depth = 0, path = '';",
    "const go = (n: number): void => { if (n > 0) { depth++; path += n; (function () { go(n - 1); })(); } };",
    "go(3);\nconsole.log(depth, path);",
  ],
  "async functions and generators assign them too": [
    "let log = '';\nasync function say(s: string) { await null; log += s; }\nasync function* three() { yield* [1, 2, 3]; }",
    "await Promise.all([say('a'), say('b')]);\nfor await (const n of three()) log += n;",
    "console.log(log);",
  ],
  "members with names of earlier variables are members": [
    "let total = 1;\nconst key = 'k';",
    "const o = { total() { return total; }, get key() { return key + total; }, async *[key]() { yield total; } };\ntotal = 2;",
    "class T { total = total; static [key] = total; key() { return this.total; } }\nconsole.log(o.total(), o.key, (await o.k().next()).value, new T().key(), (T as any).k);",
  ],
  "parameters, catches and patterns hide earlier names": [
    "let a = 1, b = 2, c = 3;",
    "const f = ({ a, x: b = a }: { a: number; x?: number }, [c]: number[]) => { a++; return [a, b, c].join(); };",
    "const g = function a(n: number): number { return n > 0 ? a(n - 1) : 0; };\nclass H { static m(a: number, c = a) { var b = c + 1; return b; } }",
    "console.log(f({ a: 5 }, [6]), g(2), H.m(7), a, b, c);",
  ],
  "one statement uses a name in every way": [
    "let n = 1; let o: { n: number; m?: number } = { n };",
    "({ n: o.n, m: n = 4 } = { n: n + 1 } as { n: number; m?: number });\nn = o.n = n * 2; o = { ...o, n }; n ||= 9; n &&= n + 1;",
    "console.log(n, JSON.stringify(o), `${`${n}`}${n}`, [n, ...[n]].length, n > 1 ? n : -n, !n, -n, ~n, void n);",
  ],
  "a later loop assigns and closes over an earlier name": [
    "let x = 0; const seen: (() => number)[] = [];",
    "for (x of [1, 2]) seen.push(() => x);\nfor (x = 5; x < 7; x++) seen.push(() => x);\nfor (const y in { a: 1 }) seen.push(() => y.length + x);",
    "x = 100; console.log(seen.map((f) => f()).join());",
  ],
  "a nested default closes over an earlier name": [
    "let unit = 's';",
    "const { show = (n: number) => n + unit } = {} as { show?: (n: number) => string };\nlet [say = () => unit] = [] as (() => string)[];",
    "unit = 'ms'; console.log(show(1), say(), show.name, say.name);\n[say = () => 'x'] = []; console.log(say.name, say());",
  ],
  "code with dollar signs and directives": [
    "'use strict';\nconst $ = 1, $$ = 2; let $init = `$${$}$`;",
    "$init += $$; const $import = (s: string) => s; console.log($init, $import('$exports'), '$&$1'.replace('$&', '$$'));",
  ],
  "carriage returns, and no semicolons": [
    "let lines = 1\r\nconst up = () => lines++\r\nup()\r\n;[lines] = [lines + 1]\r\n",
    "const before = lines\n;(() => { lines = before + 1 })()\nup()\nconsole.log(lines)",
  ],
  "declarations without values": [
    "let later: number; let later2: string | undefined, other = 1;\ndeclare const nowhere: number;\nabstract class Shape { abstract area(): number; twice() { return 2 * this.area(); } }",
    "later = other; class Square extends Shape { constructor(private n: number) { super(); } area() { return this.n ** 2; } }",
    "console.log(later, later2, new Square(3).twice());",
  ],
  "a recursive function and a memo of an earlier cell": [
    "const memo = new Map<number, bigint>();",
    "function fib(n: number): bigint { if (n < 2) return BigInt(n); const known = memo.get(n); if (known !== undefined) return known; const v = fib(n - 1) + fib(n - 2); memo.set(n, v); return v; }",
    "console.log(String(fib(90)), memo.size);",
  ],
  "a promise of an earlier cell is awaited later": [
    "let done = false;\nconst work = (async () => { await null; done = true; return 5; })();",
    "console.log(await work, done);",
  ],
  "private names, static blocks and accessors": [
    "class P { static #made = 0; static { P.#made = 2; } #v = 1; get v() { return this.#v + P.#made; } static is(o: object) { return #v in o; } }",
    "console.log(new P().v, P.is(new P()), P.is({}));",
  ],
  "overloads, generics and optional calls": [
    "function pick(x: string): string;\nfunction pick(x: number): number;\nfunction pick(x: unknown) { return x; }\nconst id = <T>(x: T) => x;",
    "console.log(pick('a'), pick(1), id<number>(2), (undefined as (() => void) | undefined)?.());",
  ],
  "a switch, a comma and a conditional": [
    "let mode = 'b'; let n = 0;",
    "switch (mode) { case 'a': n = 1; break; case 'b': { let mode = 2; n = mode; } }\nn = (n++, n > 2 ? n : 0);",
    "console.log(n, mode);",
  ],
  "comments, regular expressions and Unicode": [
    "const größe = 3; /* total = */ const re = /[$]{1}\\/total/g; // größe",
    "console.log(größe, re.source, 'größe', `${größe}`);",
  ],
};

describe("a cell's code in the kernel", function () {
  this.timeout(LIMIT_MS);
  let kernel: Kernel;
  const folder = mkdtempSync(join(tmpdir(), "questlog-code-"));

  before(async () => {
    for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, name), text);
    kernel = await startKernel(folder);
  });

  after(async () => {
    await kernel.shutdown();
    rmSync(folder, { recursive: true });
  });

  async function run(cells: string[]): Promise<string> {
    let text = "";
    const onOutput = ({ content }: KernelOutput): void => {
      if (typeof content.text === "string") text += content.text;
    };
    for (const cell of cells) {
      if ((await kernel.execute(cell, { timeoutMs: LIMIT_MS, onOutput })) === "ok") continue;
      await kernel.shutdown(); // after an error it would refuse the next cells
      kernel = await startKernel(folder);
      break;
    }
    return text;
  }

  /** What Node prints for the cells as one file. */
  function printedByNode(cells: string[]): string {
    const { outputText } = ts.transpileModule(cells.join("\n"), {
      compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
    });
    const file = join(folder, "program.mjs");
    writeFileSync(file, outputText);
    const { stdout, stderr } = spawnSync(process.execPath, [file], { encoding: "utf8" });
    return stdout + stderr;
  }

  it("shows the value of a cell's last expression", async () => {
    assert.equal(
      await run(["let a = 1;\nconst f = async () => a;", "a", "a = 5", "await f()", "f.name"]),
      "1\n5\n5\nf\n",
    );
  });

  it("gives a name that is declared again its new value everywhere", async () => {
    const cells = [
      "const rate = 2; const fee = (n: number) => rate * n;",
      "fee(1)",
      "const rate = 3;",
      "fee(1)",
    ];
    assert.equal(await run(cells), "2\n3\n");
  });

  it("refuses a name whose global an earlier cell uses", async () => {
    const text = await run(["const load = () => typeof fetch;", "const fetch = 5;"]);
    assert.match(
      text,
      /^1:1 - fetch: an earlier cell uses the global of this name; give the variable another name/,
    );
  });

  it("fails a cell by an import that the module does not have", async () => {
    assert.match(await run(['import { absent } from "./old.cjs";\nabsent;']), /absent/);
  });

  for (const [behaviour, cells] of Object.entries(NOTEBOOKS)) {
    it(behaviour, async () => {
      const endsSilent = cells.map((cell) => `${cell}\n;void 0;`);
      assert.equal(await run(endsSilent), printedByNode(cells));
    });
  }
});
