import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import vm from "node:vm";
import { textToNotebook } from "../testbed/notebook-text.ts";
import { readGiven } from "./given-values.ts";
import { renderReport } from "./html.ts";
import { type LiteralValue, writeLiteral } from "./literal-code.ts";
import { isCode, newCell, type Notebook, writeNotebook, readNotebook } from "./notebook.ts";
import { setParameters } from "./notebook-parameters.ts";
import { isError } from "./outputs.ts";
import { renderParameters } from "./parameter-list.ts";
import { runNotebooks } from "./run.ts";

const DEFAULTS = `// The players' region.
const region = "ny";
let day = "2026-11-25", top: number = 10;
const ratio = -0.5;
const big = 10n;
const all = false;
const metals = ["gold", "copper"] as const;
const limits = { min: 1, max: 5 };
const rows = [1, 2] satisfies number[];
const metal: "gold" | "copper" = "gold";
const until: string | null = null;
const from = new Date(day);`;

function notebookOf(source: string, name = "shop"): Notebook {
  const cell = newCell("code", source, "p");
  cell.metadata = { tags: ["hide-input", "parameters"] };
  return { name, cells: [newCell("markdown", "# Shop", "m"), cell, newCell("code", "region;", "c")] };
}

async function codeWith(sets: string[], source = DEFAULTS): Promise<string> {
  const [notebook] = setParameters([notebookOf(source)], await readGiven(sets, undefined));
  return notebook!.cells[1]!.source;
}

/** The lines of the cell that a run with `sets` changes. */
async function changed(...sets: string[]): Promise<string[]> {
  const old = DEFAULTS.split("\n");
  return (await codeWith(sets)).split("\n").filter((line) => !old.includes(line));
}

describe("setParameters(notebooks, given)", () => {
  const VALUES: [set: string, line: string][] = [
    ["region=la", 'const region: string = "la";'],
    ["region=10", 'const region: string = "10";'],
    ["region=", 'const region: string = "";'],
    ['region="la"', 'const region: string = "la";'],
    ['region="a" or "b"', String.raw`const region: string = "\"a\" or \"b\"";`],
    ['until="null"', 'const until: string | null = "null";'],
    ["region=a=b", 'const region: string = "a=b";'],
    ["day=2026-11-26", 'let day = "2026-11-26", top: number = 10;'],
    ["top=3", 'let day = "2026-11-25", top: number = 3;'],
    ["top=-1.5e3", 'let day = "2026-11-25", top: number = -1500;'],
    ["ratio=0", "const ratio: number = 0;"],
    ["ratio=-0", "const ratio: number = -0;"],
    ["big=-9007199254740993", "const big: bigint = -9007199254740993n;"],
    ["all=true", "const all: boolean = true;"],
    ["metals=[iron, 'gold']", 'const metals = ["iron", "gold"] as const;'],
    ["metals=[]", "const metals = [] as const;"],
    ["limits={min: -2, max: 7.5}", 'const limits = { "min": -2, "max": 7.5 };'],
    ["rows=[3]", "const rows = [3] satisfies number[];"],
    ["metal=copper", 'const metal: "gold" | "copper" = "copper";'],
    ["until=null", ""],
    ["until=2026-11-27", 'const until: string | null = "2026-11-27";'],
  ];
  for (const [set, line] of VALUES) {
    it(`--set ${set} gives the cell: ${line || "its defaults"}`, async () => {
      assert.deepEqual(await changed(set), line === "" ? [] : [line]);
    });
  }

  const REFUSED: [set: string, message: RegExp][] = [
    ["regoin=la", /^--set: expected the name of a parameter, got "regoin"; did you mean region\?$/],
    [
      "__proto__=1",
      /^--set: expected the name of a parameter, got "__proto__"; known: region, day, .*until$/,
    ],
    ["from=2026", /^--set: expected the name of a parameter, got "from"; .*$/], // no literal
    ["region", /^--set: expected NAME=VALUE, got "region"$/],
    ["=la", /^--set: expected NAME=VALUE, got "=la"$/],
    ["region=a\ud800", /^--set region \(shop\): expected text, got /],
    ["top=many", /^--set top \(shop\): expected a number, got "many"$/],
    ["top=", /expected a number, got ""$/],
    ["top= 1", /expected a number, got " 1"$/],
    ["top=0x10", /expected a number, got "0x10"$/],
    ["top=NaN", /expected a number, got "NaN"$/],
    ["top=Infinity", /expected a number, got "Infinity"$/],
    ["top=1e999", /expected a number up to 9007199254740991, got 1e999; a default of 0n takes any integer$/],
    ["top=9007199254740993", /expected a number up to 9007199254740991, got 9007199254740993; .*$/],
    ["big=1.5", /expected an integer, got "1.5"$/],
    ["all=1", /expected true or false, got "1"$/],
    ["all=TRUE", /expected true or false, got "TRUE"$/],
    ["metals=gold", /expected a list, got "gold"$/],
    ["metals=[1]", /--set metals \(shop\)\[0\]: expected text, got 1$/],
    ["rows=[.nan]", /expected text, finite numbers, lists and names with values, got NaN$/],
    ["rows=[1e999]", /expected text, finite numbers, lists and names with values, got Infinity$/],
    ["rows=[", /expected YAML or JSON, got .*/],
    ["limits={min: 1}", /expected the names min, max, got min$/],
    ["limits={min: 1, mx: 2}", /expected the names min, max, got min, mx$/],
    ["limits={min: a, max: 1}", /--set limits \(shop\)\[min\]: expected a number, got "a"$/],
    [
      "metal=silver",
      /^--set metal \(shop\): expected a value of its type: Type '"silver"' is not assignable to/,
    ],
  ];
  for (const [set, message] of REFUSED) {
    it(`refuses --set ${JSON.stringify(set).slice(1, -1)}`, async () => {
      await assert.rejects(changed(set), { name: "UsageError", message });
    });
  }

  it("refuses a name that comes twice, and any name if no notebook has parameters", async () => {
    await assert.rejects(changed("top=1", "top=2"), /--set: expected top once, got it twice/);
    const given = await readGiven(["a=1"], undefined);
    const none = { name: "x", cells: [newCell("code", "const a = 1;", "c")] };
    assert.throws(
      () => setParameters([none], given),
      /got "a"; no notebook has a cell with the tag parameters$/,
    );
  });

  it("gives each notebook that has the parameter its own type", async () => {
    const given = await readGiven(["n=1"], undefined);
    const [a, b, c] = setParameters(
      ['const n = "a";', "const n = 5n;", "const m = 1;"].map((source, i) => notebookOf(source, `n${i}`)),
      given,
    );
    assert.deepEqual(
      [a, b, c].map((one) => [one!.cells[1]!.source, one!.parameters]),
      [
        ['const n: string = "1";', [{ name: "n", code: '"1"', isDefault: false }]],
        ["const n: bigint = 1n;", [{ name: "n", code: "1n", isDefault: false }]],
        ["const m = 1;", [{ name: "m", code: "1", isDefault: true }]],
      ],
    );
    assert.deepEqual(a!.cells[1]!.metadata.tags, ["hide-input", "parameters", "injected-parameters"]);
    assert.deepEqual(c!.cells[1]!.metadata.tags, ["hide-input", "parameters"]);
  });

  it("refuses two cells with the tag", () => {
    const notebook = notebookOf("const a = 1;");
    notebook.cells.push({ ...notebook.cells[1]!, id: "q" });
    assert.throws(() => setParameters([notebook], new Map()), {
      message: "notebook shop: expected one cell with the tag parameters, got 2",
    });
  });
});

describe("writeLiteral(value)", () => {
  const TEXTS = [
    'it\'s "q" `t` ${x}',
    "a\nb\r\t\\",
    "\u2028\u2029\x001\x7f",
    "größe 結果 😀",
    "*/ </script>",
    "'; --",
  ];
  const VALUES: LiteralValue[] = [
    ...TEXTS,
    ...[0, -0, 1.5, -1e300, 5e-324, 2 ** 53 - 1, 1e21, 0n, -(2n ** 80n), true, false, null],
    [1, ["a", [-2n]], null],
    new Map<string, LiteralValue>([
      ...TEXTS.map((text): [string, LiteralValue] => [text, text]),
      ["__proto__", 1],
    ]),
  ];
  for (const value of VALUES) {
    const code = writeLiteral(value);
    it(`writes code that has the same value: ${JSON.stringify(code).slice(0, 60)}`, () => {
      const got: unknown = vm.runInThisContext(`(${code})`);
      assert.ok(isDeepStrictEqual(plain(got), plain(value)), code);
    });
  }
});

describe("parameters of a run", function () {
  this.timeout(60_000);
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), "questlog-parameters-"))));
  after(() => rmSync(folder, { recursive: true }));

  async function profile(name: string, text: string) {
    const file = join(folder, name);
    writeFileSync(file, text);
    return readGiven(["region=la"], file);
  }

  it("come from a profile in YAML or JSON, and --set is stronger", async () => {
    const yaml = "region: sf\nday: 2026-11-26\ntop: 3\nbig: 9007199254740993\nmetals: [iron]\n";
    const json =
      '{"region": "sf", "day": "2026-11-26", "top": 3, "big": 9007199254740993, "metals": ["iron"]}';
    for (const [name, text] of [
      ["p.yaml", yaml],
      ["p.json", json],
    ] as const) {
      const [notebook] = setParameters([notebookOf(DEFAULTS)], await profile(name, text));
      const [, region, days, , big, , metals] = notebook!.cells[1]!.source.split("\n");
      assert.deepEqual(
        [region, days, big, metals],
        [
          'const region: string = "la";',
          'let day = "2026-11-26", top: number = 3;',
          "const big: bigint = 9007199254740993n;",
          'const metals = ["iron"] as const;',
        ],
      );
    }
  });

  it("are refused if the profile has a wrong name, type or form, with the file", async () => {
    const set = async (text: string) => setParameters([notebookOf(DEFAULTS)], await profile("p.yaml", text));
    await assert.rejects(
      set("tip: 3"),
      /^UsageError: --profile .*p\.yaml: .* got "tip"; did you mean top\?$/,
    );
    await assert.rejects(
      set("day: 3"),
      /^UsageError: --profile .*p\.yaml day \(shop\): expected text, got 3$/,
    );
    await assert.rejects(set("top: '3'"), /expected a number, got "3"$/);
    await assert.rejects(set("top: .inf"), /p\.yaml: expected text, finite numbers, .* got Infinity$/);
    await assert.rejects(set("a: 1\na: 2"), /expected YAML or JSON, got Map keys must be unique/);
    await assert.rejects(set("- 1"), /expected names with values/);
    await assert.rejects(
      readGiven([], join(folder, "none.yaml")),
      /expected a file that can be read, got ENOENT/,
    );
  });

  const FAULTS: [what: string, cell: string, next: string, error: RegExp][] = [
    [
      "the cell that declares them",
      'const day = "2026-11-25"; const other = 1; const time = new Date(day).toISOString();',
      "time;",
      /^Invalid time value \(parameter day = "never"\)$/,
    ],
    [
      "a later cell",
      'const day = "2026-11-25"; const other = 1;',
      "new Date(day).toISOString();",
      /^Invalid time value \(parameter day = "never"\)$/,
    ],
    [
      "through names of other cells",
      'const day = "2026-11-25"; const other = 1; const from = new Date(day);',
      "function time() { return from.toISOString(); }\nconst { length } = time();",
      /^Invalid time value \(parameter day = "never"\)$/,
    ],
    [
      "no name that depends on them",
      'const day = "2026-11-25"; const other = 1; const from = new Date(day);',
      "const row = { day: other, from: 2 };\nthrow new Error(`no ${row.from}`);",
      /^no 2$/,
    ],
    [
      "an error of several lines",
      'const day = "2026-11-25"; const other = 1;',
      "throw new Error(`no ${day}\\nat all`);",
      /^no never \(parameter day = "never"\)\nat all$/,
    ],
    ["no parameter", 'const day = "2026-11-25";', 'throw new Error("day");', /^day$/],
  ];
  for (const [what, cell, next, error] of FAULTS)
    it(`are named in an error, if they are given: ${what}`, async () => {
      const path = join(folder, "shop.ipynb");
      const notebook = textToNotebook(`// %%\n${cell}\n// %%\n${next}\n`, "shop");
      notebook.cells[0]!.metadata = { tags: ["parameters"] };
      await writeNotebook(path, notebook);
      const run = await runNotebooks([path], {
        outFolder: join(folder, "out"),
        parameters: await readGiven(["day=never"], undefined),
      });
      const outputs = run.steps[0]!.cells.flatMap(({ cell: { outputs } }) => outputs);
      assert.match(outputs.find(isError)!.evalue, error);
    });

  it("are in the executed notebook and in the report, below the title, with the defaults marked", async () => {
    const path = join(folder, "shop.ipynb");
    const notebook = textToNotebook(
      `// %% [markdown]
// # Shop
// %%
const region = "ny"; const day = "2026-11-25";
const title = region + " " + day;
// %%
title + (region === "la" ? " is la" : "");
`,
      "shop",
    );
    notebook.cells[1]!.metadata = { tags: ["parameters"] };
    await writeNotebook(path, notebook);
    const hostile = "l'a\"</code>\n`${day}`";
    const run = await runNotebooks([path], {
      outFolder: join(folder, "out"),
      parameters: await readGiven([`region=${hostile}`], undefined),
    });
    assert.equal(run.status, "ok");
    const executed = await readNotebook(join(folder, "out", "shop.ipynb"));
    assert.deepEqual(executed.cells[1]!.metadata.tags, ["parameters", "injected-parameters"]);
    assert.deepEqual(executed.cells.filter(isCode).at(-1)!.outputs, [
      { output_type: "stream", name: "stdout", text: `${hostile} 2026-11-25\n` },
    ]);
    const html = await renderReport(run, { title: "T", facts: [] });
    const list = /<\/h2>\s*<\/div>\s*<dl class="parameters"[^>]*>(.*?)<\/dl>/s.exec(html)?.[1];
    assert.equal(
      list,
      "<div><dt>region</dt><dd><code>&#34;l&#39;a\\&#34;&#60;/code&#62;\\n`${day}`&#34;</code></dd></div>\n" +
        "<div><dt>day</dt><dd><code>&#34;2026-11-25&#34;</code> (default)</dd></div>",
    );
  });

  it("shows readers the values without quotes and marks", () => {
    const source =
      'const town = "York <b>";\nconst metals = ["gold", "iron"];\nconst until = null, top = { n: 2 };';
    const [notebook] = setParameters([notebookOf(source)], new Map());
    const shown = [...renderParameters(notebook!, true).matchAll(/<dd>(.*?)<\/dd>/g)].map(([, text]) => text);
    assert.deepEqual(shown, ["York &#60;b&#62;", "gold, iron", "(none)", "n: 2"]);
  });
});

/** The value with lists of entries instead of maps and objects. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  const entries = value instanceof Map ? [...(value as Map<string, unknown>)] : Object.entries(value);
  return entries.map(([name, each]: [string, unknown]) => [name, plain(each)]);
}
