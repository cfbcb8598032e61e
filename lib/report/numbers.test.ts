import assert from "node:assert/strict";
import { join } from "node:path";
import { glob } from "zx";
import { CHART_TYPE, TABLE_TYPE } from "../ask/show.ts";
import { settings } from "../settings.ts";
import { type Cell, isCode, type Notebook, readNotebook, textOfCode } from "./notebook.ts";
import { textToNotebook } from "../testbed/notebook-text.ts";
import { numbersIn, spelledNumbers } from "./number-forms.ts";
import { sentNumbers, typedNumbers, unshownNumbers } from "./numbers.ts";

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
    assert.deepEqual(typedNumbers('table(rows, { caption: "The 8 newest" });'), ["8"]);
    assert.deepEqual(typedNumbers('bars(rows, { title: "Seconds of eleven", limit: 7 });'), ["eleven"]);
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
    'countBars(c, "Top 12 dragons");',
    'const chart = countBars(c, "Top 12 dragons"); show(chart);',
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
  ]) {
    it(`accepts ${source}`, () => assert.deepEqual(typedNumbers(source), []));
  }

  it("finds a constant of another cell", () => {
    assert.deepEqual(typedNumbers("say`${t}`;", 'const t = "12 rows";\nsay`${t}`;'), ["12"]);
  });
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
    const code = 'const texts = new Map([["t", "Top 12 dragons"]]);';
    for (const data of [
      { "text/markdown": "The **Top 12** dragons are here." },
      { [TABLE_TYPE]: { title: "Top 12 dragons: first 20 of 30 rows" } },
      chart({ title: "Top 12 dragons" }),
      chart({ layer: [{ encoding: { x: { title: "Top 12 dragons" } } }] }),
    ]) {
      assert.deepEqual(found(code, data), ["12"]);
    }
  });

  it("accepts texts of results, of code and of data", () => {
    assert.deepEqual(found('f("Top 12 dragons");', { "text/markdown": "Top 13 dragons, 12" }), []);
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

describe("the project's notebooks", () => {
  it("have no number in words, and none typed into a sentence", async () => {
    const paths = await glob(join(settings.root, "notebooks", "*.ipynb"));
    assert.ok(paths.length > 0);
    const cells = (await Promise.all(paths.map(readNotebook))).flatMap((notebook) =>
      notebook.cells.map((cell) => [notebook.name, cell.id, ...numbersOf(cell, textOfCode(notebook))]),
    );
    assert.deepEqual(
      cells.filter(([, , ...numbers]) => numbers.length > 0),
      [],
    );
  });

  function numbersOf(cell: Cell, code: string): string[] {
    return isCode(cell) ? typedNumbers(cell.source, code) : spelledNumbers(cell.source);
  }
});

describe("unshownNumbers(notebook)", () => {
  /** A notebook of one Markdown cell and one cell that showed `plain`. */
  function notebook(prose: string, plain: string) {
    const made = textToNotebook(`// %% [markdown]\n// ${prose}\n// %%\n1;\n`, "5-x");
    const output = { output_type: "display_data" as const, data: { "text/plain": plain }, metadata: {} };
    made.cells.filter(isCode)[0]!.outputs.push(output);
    return made;
  }

  it("is empty when the outputs show every number of the prose", () => {
    assert.deepEqual(unshownNumbers(notebook("It showed 1,110 rows, with *404*.", "404: 1110 rows")), []);
  });

  it("names a number that no output shows", () => {
    assert.deepEqual(unshownNumbers(notebook("It showed 111 rows.", "1110 rows, 110 swords")), ["111"]);
  });

  it("names number words, even if the outputs show the number", () => {
    assert.deepEqual(unshownNumbers(notebook("It showed eleven rows.", "11 rows")), ["eleven"]);
  });

  it("compares whole numbers, in whatever way they are written", () => {
    const plain = '{"a":12,"b":[7,8]} 1,110 rows, 12000, [0, 6) 40ms';
    assert.deepEqual(unshownNumbers(notebook("12, 7, 8, 1_110, １２,０００, 0, 6 and 40ms.", plain)), []);
    assert.deepEqual(unshownNumbers(notebook("12ms, 40, 1-5", plain)), ["12ms", "40", "1-5"]);
  });

  it("ignores code", () => {
    assert.deepEqual(unshownNumbers(notebook("Run `limit(11)`, [here](#5).", "")), []);
  });
});
