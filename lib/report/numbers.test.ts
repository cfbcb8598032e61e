import assert from "node:assert/strict";
import { join } from "node:path";
import { glob } from "zx";
import { CHART_TYPE, TABLE_TYPE } from "../ask/show.ts";
import { settings } from "../settings.ts";
import { isCode, type Notebook, readNotebook } from "./notebook.ts";
import { textToNotebook } from "../testbed/notebook-text.ts";
import { numbersIn, spelledNumbers } from "./number-forms.ts";
import { requireProse, sentNumbers, typedIn, typedNumbers, unboundNumbers } from "./numbers.ts";

describe("typedNumbers(source)", () => {
  it("finds a number that was typed into a sentence, and no other", () => {
    assert.deepEqual(typedNumbers("say`All **${n}** of 220 events after **1,000.5 s**.`;"), [
      "220",
      "1000.5",
    ]);
    assert.deepEqual(typedNumbers('const a = 7;\nsay`${"There are 110."}`;\nshow(8);'), ["110"]);
  });

  it("accepts values from results, names and code", () => {
    assert.deepEqual(
      typedNumbers("say`**${rows.length + 110}** at p99, as \\`limit(11)\\` of 5-report says.`;"),
      [],
    );
  });
});

describe("typedNumbers(source), in other places than one text of a say", () => {
  it("finds numbers in joined texts, captions and titles", () => {
    assert.deepEqual(typedNumbers("say`${`**${n}** of ` + `220 ` + `events`}`;"), ["220"]);
    assert.deepEqual(typedNumbers("say`All of ${220} events`;"), ["220"]);
    assert.deepEqual(typedNumbers('table(rows, { caption: "Of 8 rows" });'), ["8"]);
    assert.deepEqual(typedNumbers('bars(rows, { title: "Seconds of eleven rows", limit: 7 });'), ["eleven"]);
  });

  it("finds number words", () => {
    assert.deepEqual(typedNumbers("say`Gold leads: six of the eleven rounds, ${n} in two seconds.`;"), [
      "six",
      "eleven",
      "two",
    ]);
  });
});

describe("spelledNumbers(text)", () => {
  for (const [text, words] of [
    ["asked twice a second, for half a second", ["twice", "half"]],
    ["Twenty-two players, four parties, eighty swords", ["Twenty-two", "four", "eighty"]],
    ["a third of the dozen, hundreds of rows", ["a third of", "dozen", "hundreds"]],
    ["exactly one row, once a second, at most once", ["exactly one", "once a second", "at most once"]],
    ["all but\none in a hundred", ["all but one", "hundred"]],
  ] as const) {
    it(`finds ${words.join(", ")}`, () => assert.deepEqual(spelledNumbers(text), words));
  }

  it("accepts idioms, ordinals, compounds, parts of words and code", () => {
    const text =
      "One by one, at once; one of them counts once. The second row, a third sword, a two-way street, a half-open " +
      "interval, someone, often, weight, `limit(eleven)`.";
    assert.deepEqual(spelledNumbers(text), []);
  });
});

describe("typedNumbers(source), whatever the form of the sentence", () => {
  for (const source of [
    'countBars(c, "All 12 dragons");',
    'const chart = countBars(c, "All 12 dragons"); show(chart);',
    'show(bars(rows, { title: ok ? "12 rows" : "x" }));',
    'const title = "12 rows"; table(rows, { title });',
    'const t = "12 rows"; say`${t}`;',
    'const t = "12 rows"; say`All ${t}`;',
    'const { t } = { t: "12 rows" }; say`${t}`;',
    'const texts = { all: "12 rows" }; say`${texts.all}`;',
    'const text = () => "12 rows"; say`${text()}`;',
    "const n = 12; say`${n} rows`;",
    "const n = -(10 + 2); say`${n * 2} rows`;",
    'let t = ""; t = "12 rows"; say`${t}`;',
    'say`${ok ? "12 rows" : ""}`;',
    'say`${text ?? "12 rows"}`;',
    'say`${("12 rows")}`;',
    'say`${"12 rows" as string}`;',
    'say`${["12", "rows"].join(" ")}`;',
    'say`${"rows: ".concat("12")}`;',
    'say`${"rows: " + 12}`;',
    "say`${String(12)} rows`;",
    "say`${12} rows`;",
    "headline`All **12** rows`;",
    'tiles([{ label: "rows", value: 12 }]);',
    'tiles([{ label: "of 12 rows", value: rows }]);',
    'tiles([{ label: "rows", value: rows, note: `${n} of 12 rows` }]);',
    "say`${-12} rows`;",
    "say`${ok ? 12 : n} rows`;",
    'say`${"12"} rows`;',
    "say`${n}000 rows`;",
    'report.say`${"12 rows"}`;',
    "say`${rows.map((row) => `${row.name} of 12`).join()}`;",
  ]) {
    it(`refuses ${source}`, () => assert.notDeepEqual(typedNumbers(source), []));
  }

  for (const source of [
    "say`**${(all.p95_ms / 1000).toFixed(1)} s**`;",
    "const [slowest] = rows.slice(0, -1); say`**${slowest.ms}**`;",
    "const rows = await query(`SELECT 12 LIMIT 12`); say`${rows[0].n} rows`;",
    "const sent = [{ power: 7 }]; say`${sent.length} events`;",
    "const played = await limit(11, { pauseMs: 500 }); say`${played.requests} requests`;",
    "const golden = (swords.gold * totals.rounds) / 2; say`${golden} rounds`;",
    'show(bars(hops, { category: "hop", value: "p95_ms", title: "Milliseconds, p95", limit: 7 }));',
    "say`\\`limit(${n}, 12)\\``;",
    "say`\\`\\`\\`json\\n${JSON.stringify(record, null, 2)}\\n\\`\\`\\``;",
    'table([{ power: "12 rows" }], { caption: `The first of ${n}` });',
    'recordHistory("5-report");',
    'tiles([{ label: "rows", value: rows.length, unit: "ms" }]);',
  ]) {
    it(`accepts ${source}`, () => assert.deepEqual(typedNumbers(source), []));
  }

  it("finds a constant of another cell", () => {
    assert.deepEqual(typedNumbers("say`${t}`;", 'const t = "12 rows";\nsay`${t}`;'), ["12"]);
  });
});

describe("typedNumbers(source), of a statement", () => {
  const SQL = "SELECT metal, 1e15 AS n FROM t WHERE power > 42 AND x IN (3, -4) GROUP BY 1";
  for (const source of [
    `show(bars(await query("${SQL}"), { category: "metal", value: "n" }));`,
    `show(bars(await query(\`${SQL} LIMIT \${n}\`), { category: "metal", value: "n" }));`,
    `show(bars(await query(sql\`${SQL} \${12}\`), { category: "metal", value: "n" }));`,
    `show(bars(await query("${SQL} " + "LIMIT 7"), { category: "metal", value: "n" }));`,
    `show(bars(await questlog.query("${SQL}", { schema: "s 12" }), { category: "metal", value: "n" }));`,
    `show({ mark: "bar", data: { values: await query("${SQL}") } });`,
    `show(lines((await query("${SQL}")).slice(1), { x: "metal", y: "n" }));`,
    `table(await query("${SQL}"), { caption: "Metals" });`,
    `table(rows, { caption: \`Metals: \${(await query("${SQL}")).length}\` });`,
    `say\`\${(await query("${SQL}"))[0].n} rounds\`;`,
    `tiles([{ label: "n", value: (await query("${SQL}"))[0].n }]);`,
    `headline\`\${(await query("${SQL}")).length} rounds\`;`,
    `const text = "${SQL}"; show(bars(await query(text), { category: "metal", value: "n" }));`,
    `const ask = (metal: string) => query(\`${SQL} \${metal}\`); show(bars(await ask("gold > 12"), {}));`,
    `function ask(text) { return query(text + " LIMIT 5"); } say\`\${(await ask("${SQL}"))[0].n}\`;`,
    `const ask = async (text) => { const rows = await query(text); return rows; }; show(bars(await ask("${SQL}"), {}));`,
    'show(countBars(await countBy("code", eventsIn(ranges, { where: { code: "12 x" } })), "Codes"));',
    `show(bars(await query("SELECT " + identifier("12 x") + literal("12 y")), {}));`,
  ])
    it(`accepts ${source}`, () => assert.deepEqual(typedNumbers(source), []));

  for (const source of [
    `show(bars(await query("${SQL}"), { category: "metal", value: "n", title: "12 rows" }));`,
    'say`${(await query("SELECT 1"))[0].n + " of 12 rows"}`;',
    'const draw = async (text, title) => bars(await query(text), { title }); show(await draw("SELECT 1", "12 rows"));',
    'const draw = async (text) => bars(await query(text), { title: text }); show(await draw("12 rows"));',
    'const f = (text) => text; say`${f("12 rows")}`;',
    'function f() { return "12 rows"; } say`${f()}`;',
  ])
    it(`refuses ${source}`, () => assert.notDeepEqual(typedNumbers(source), []));
});

describe("sentNumbers(cell, notebook)", () => {
  const output = (data: Record<string, unknown>) => {
    return { output_type: "display_data" as const, data: data as Record<string, string>, metadata: {} };
  };
  /** The numbers that are found after the code has sent `data`. */
  function found(code: string, data: Record<string, unknown>): string[] {
    const made: Notebook = textToNotebook(`// %%\n1;\n// %%\n${code}\n`, "5-x");
    const cell = made.cells.filter(isCode)[0]!;
    cell.outputs.push(output(data));
    return sentNumbers(cell, made);
  }
  const chart = (spec: object) => ({ [CHART_TYPE]: spec });

  it("finds a text of the code in a sentence, a caption and titles, whatever way it took", () => {
    const code = 'const texts = new Map([["t", "All 12 dragons"]]);';
    for (const data of [
      { "text/markdown": "The **All 12** dragons are here." },
      { [TABLE_TYPE]: { title: "All 12 dragons: first 20 of 30 rows" } },
      chart({ title: "All 12 dragons" }),
      chart({ layer: [{ encoding: { x: { title: "All 12 dragons" } } }] }),
    ]) {
      assert.deepEqual(found(code, data), ["12"]);
    }
  });

  it("accepts texts of results, of code and of data", () => {
    assert.deepEqual(found('f("All 12 dragons");', { "text/markdown": "All 13 dragons, 12" }), []);
    assert.deepEqual(found('f("SELECT 12 x");', { "text/markdown": "```sql\nSELECT 12 x\n```" }), []);
    assert.deepEqual(found('f("12 x");', chart({ data: { values: [{ title: "12 x" }] } })), []);
  });
});

describe("numbersIn(text) and spelledNumbers(text)", () => {
  const all = (text: string) => [...numbersIn(text), ...spelledNumbers(text)];

  for (const text of [
    ...["12ms", "5s later", "3x as fast", "10k rows", "1e6 rows", "12_000 rows", "-5 degrees", "−5", "+5"],
    ...["1/3 of", "rows 1-5", "1–5", "½ of them", "1½", "１２ rows", "Ⅻ rows", "① row", "5%", "€5", "(12)"],
    ...["**12**", "_12_ rows", "1**2** rows", "0x1F", "v.12", "at 12:30", "2026-01-31", "99.5pct", "&#49;2"],
    ...["&frac12; of", "HTTP 200", "3-fold", "a 12-row table", "a 5-minute wait", "4xx", "2.5 s", "٣ rows"],
    ...["a couple of rows", "a couple", "double the rows", "double as many", "tripled", "a billion"],
    ...["two-thirds of the rows", "three-fold", "twofold", "tenfold", "a half-hour", "a ten-second pause"],
    ...["two-and-a-half", "twenty one", "hundreds", "three quarters of", "a sixth of", "nought", "halved"],
    ...["a **pair** of swords", "ｔｗｏ rows", "quadruples", "tens of rows", "zeros"],
  ]) {
    it(`find a number in "${text}"`, () => assert.notDeepEqual(all(text), []));
  }

  for (const text of [
    ...[
      "1-services",
      "2-requests",
      "4-tables",
      "5-report",
      "in 6-drill, the last",
      "`limit(11)`",
      "`node 26.10`",
      "`HTTP 200`",
    ],
    ...["```\nSELECT 12\n```", "one by one", "one of them", "at once", "once more", "p50, p95", "UTF-8"],
    ...["event_id", "x86_64", "snake_case_2", "[here](http://127.0.0.1:80/#5)", "http://127.0.0.1:5000/a"],
    ...["the second row", "a third sword", "the 2nd and the 95th", "1. First\n2. Then", "a two-way street"],
    ...[
      "a half-open interval",
      "lost or doubled",
      "a doubled event",
      "dropped as doubles",
      "a double",
      "many",
    ],
    ...["550e8400-e29b-41d4-a716-446655440000", "someone, often, weight, manifold", "coupled", "no gap"],
    ...["v2", "H2O", "out/report-5.html", "a single stream", "both", "several", "first-class"],
  ]) {
    it(`find none in "${text}"`, () => assert.deepEqual(all(text), []));
  }
});

describe("unboundNumbers(source)", () => {
  for (const [text, numbers] of [
    ["It showed 111 rows, or 15 %.", ["111", "15"]],
    ["Eleven rows, {{ rows }} of 12", ["12", "Eleven"]],
    ["{{ 12 }} rows, {{ `12 rows` }}", ["12", "12"]],
    ["{{ ok ? '12 rows' : rows }}", ["12"]],
  ] as const) {
    it(`finds ${numbers.join(", ")} in "${text}"`, () => assert.deepEqual(unboundNumbers(text), numbers));
  }

  it("finds a number that a name of the code holds", () => {
    assert.deepEqual(unboundNumbers("{{ n }} rows", "const n = 12;"), ["12"]);
  });

  it("ignores bound values, and code", () => {
    assert.deepEqual(unboundNumbers("**{{ rows.length + 110 }}** rows. Run `limit(11)`, [here](#5)."), []);
  });
});

describe("typedIn(notebook)", () => {
  const find = (text: string) => typedIn(textToNotebook(text, "shop"));

  it("tells the cell of each number", () => {
    const text =
      "// %% [markdown]\n// Of 12 rows\n// %%\nsay`All 13 rows`;\n// %%\n1;\n// %% [markdown]\n// In 14 s\n";
    assert.deepEqual(find(text), [
      { place: "text above cell 1", numbers: ["12"] },
      { place: "cell 1", numbers: ["13"] },
      { place: "text after the last cell", numbers: ["14"] },
    ]);
  });

  it("accepts the constants of a cell with the tag parameters, and no other constants", () => {
    const notebook = textToNotebook("// %%\nconst goal = 7_500;\n// %%\nsay`${goal} rows`;\n", "shop");
    assert.deepEqual(typedIn(notebook), [{ place: "cell 2", numbers: ["7500 (of goal = 7_500)"] }]);
    notebook.cells[0]!.metadata.tags = ["parameters"];
    assert.deepEqual(typedIn(notebook), []);
  });
});

describe("typedIn(notebook), for a number of the code inside of a bound value", () => {
  const numbersOf = (code: string) => typedIn(textToNotebook(`// %%\n${code}\n`, "shop"))[0]?.numbers;

  for (const [code, number] of [
    ["say`${sold ?? 0} sold`;", "0 (of sold ?? 0)"],
    ["say`${sold || 0} sold`;", "0 (of sold || 0)"],
    ["say`${isKnown ? sold : 0} sold`;", "0 (of isKnown ? sold : 0)"],
    ["const n = rows[0]?.sold ?? 0;\nsay`${n} sold`;", "0 (of n = rows[0]?.sold ?? 0)"],
    ["const { n = 0 } = rows[0];\nsay`${n} sold`;", "0"],
    ["say`${Math.round(sold ?? 0)} sold`;", "0 (of Math.round(sold ?? 0))"],
    ["say`${(sold ?? 0).toFixed(1)} sold`;", "0 (of (sold ?? 0).toFixed(1))"],
    ["say`${(sold ?? 0) * 100} %`;", "0 (of (sold ?? 0) * 100)"],
    ["say`${(sold ?? 0) / all} each`;", "0 (of (sold ?? 0) / all)"],
    ["say`${n > 0 ? '5 more' : 'less'}`;", "5 (of n > 0 ? '5 more' : 'less')"],
    ["tiles([{ label: 'Sold', value: sold ?? 0 }]);", "0 (of sold ?? 0)"],
    ["headline`${sold ?? 0} sold`;", "0 (of sold ?? 0)"],
    ["table(rows, { caption: `${sold ?? 0} sold` });", "0 (of sold ?? 0)"],
    ["// %% [markdown]\n// {{ sold ?? 0 }} sold\n// %%\nlet sold;", "0 (of sold ?? 0)"],
  ] as const) {
    it(`tells ${number} in ${code.replaceAll("\n", " ")}`, () => assert.deepEqual(numbersOf(code), [number]));
  }

  for (const code of [
    "let n = 0;\nfor (const row of rows) n += row.sold;\nsay`${n} sold`;",
    "let n = 0;\nrows.forEach(() => n++);\nsay`${n} rows`;",
    "let n = 0;\nn = rows.length;\nsay`${n} rows`;",
    "say`${rows.reduce((sum, { sold }) => sum + sold, 0)} sold`;",
    "say`${sum / (rows.length || 1)} each`;",
    "say`${Math.max(0, left)} left`;",
    "say`${sold + 1}, ${sold * 100} and ${(100 * sold) / all} %`;",
    "say`${price.toFixed(2)}`;",
    "say`${sold || 'no'} rows, ${n === 1 ? 'a' : n} town`;",
    "say`${rows[0].sold} of ${rows.filter(({ sold }) => sold > 5).length}`;",
  ]) {
    it(`accepts ${code.replaceAll("\n", " ")}`, () => assert.equal(numbersOf(code), undefined));
  }
});

describe("requireProse(notebook, options)", () => {
  const notebook = textToNotebook("// %% [markdown]\n// Of 12 rows\n// %%\nsay`All 13 rows`;\n", "shop");

  it("accepts typed numbers, and refuses all of them in a strict run", () => {
    requireProse(notebook, {});
    assert.throws(() => requireProse(notebook, { isStrict: true }), {
      name: "NotebookError",
      message:
        "notebook shop: expected numbers from results; bind them by ${…} or {{ … }}; " +
        "a missing value: coalesce(…, 0) in the query:" +
        "\n  text above cell 1: 12\n  cell 1: 13",
    });
  });
});

describe("the project's notebooks", () => {
  it("have no typed number", async () => {
    const paths = await glob(join(settings.root, "notebooks", "*.ipynb"));
    assert.ok(paths.length > 0);
    for (const notebook of await Promise.all(paths.map(readNotebook)))
      requireProse(notebook, { isStrict: true });
  });
});
