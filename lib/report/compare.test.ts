import assert from "node:assert/strict";
import { compareResults, comparisonFacts, describeComparison, numbersOf } from "./compare.ts";
import type { Result, Results } from "./results.ts";

const result = (name: string, value: unknown): Result => {
  return { name, kind: "number", notebook: "n", cell: 1, value };
};
const run = (results: Result[], started_at = "2026-11-26T10:00:00.000Z"): Results => {
  return { version: 1, title: "T", status: "ok", started_at, seconds: 1, notebooks: [], results, claims: [] };
};

describe("compareResults(before, after), of one quantity that is shown several times", () => {
  const changed = (before: Result[], after: Result[]) => {
    const { changes, equal } = compareResults(run(before), run(after));
    return { changes: changes.map(({ name }) => name), equal };
  };
  const joined = (...values: unknown[]) =>
    values.map((value, i) => result(i === 0 ? "joined" : `joined (${i + 1})`, value));

  for (const [what, before, after, expected] of [
    ["once, where each run repeats it", [5, 5, 5], [6, 6, 6], { changes: ["joined"], equal: 0 }],
    ["once, also without a change", [5, 5], [5, 5], { changes: [], equal: 1 }],
    ["each, where the values differ in one run", [5, 5], [5, 6], { changes: ["joined (2)"], equal: 1 }],
    ["two quantities of one name", [5, 7, 7], [6, 8, 8], { changes: ["joined", "joined (2)"], equal: 0 }],
    [
      "rows once",
      [[{ k: "x", n: 1 }], [{ k: "x", n: 1 }]],
      [[{ k: "x", n: 2 }], [{ k: "x", n: 2 }]],
      { changes: ["joined.x.n"], equal: 0 },
    ],
  ] as const)
    it(`counts ${what}`, () => assert.deepEqual(changed(joined(...before), joined(...after)), expected));
});

describe("numbersOf(results)", () => {
  for (const [what, value, expected] of [
    ["a number", 3, [["a", 3]]],
    ["a decimal or a large integer as text", "12.50", [["a", 12.5]]],
    ["a text, a boolean and null", "ny", []],
    [
      "a count",
      { gold: 60, copper: 50 },
      [
        ["a.gold", 60],
        ["a.copper", 50],
      ],
    ],
    [
      "rows by their texts",
      [
        { label: "gold", number: 60, text: "60" },
        { label: "copper", number: 50, text: "50" },
      ],
      [
        ["a.gold.number", 60],
        ["a.copper.number", 50],
      ],
    ],
    ["one row by its first text", [{ k: "x", l: "y", n: 1 }], [["a.x.n", 1]]],
    [
      "rows by name, which is unique, and not by the time beside it",
      [
        { time: "2026-11-25T23:30:00.000Z", name: "mug", items: 1 },
        { time: "2026-11-26", name: "cup", items: 2 },
      ],
      [
        ["a.mug.items", 1],
        ["a.cup.items", 2],
      ],
    ],
    [
      "rows by two names, where the first is not unique",
      [
        { k: "x", l: "y", n: 1 },
        { k: "x", l: "z", n: 2 },
      ],
      [
        ["a.x / y.n", 1],
        ["a.x / z.n", 2],
      ],
    ],
    [
      "rows by digits that begin with 0, and numbers beside NaN",
      [
        { n: "NaN", zip: "00501" },
        { n: 2, zip: "10001" },
      ],
      [["a.10001.n", 2]],
    ],
    [
      "rows of a time series by their time",
      [
        { day: "2026-11-25", n: 1 },
        { day: "2026-11-26", n: 2 },
      ],
      [
        ["a.2026-11-25.n", 1],
        ["a.2026-11-26.n", 2],
      ],
    ],
    [
      "rows by name and time, where the names are not unique",
      [
        { day: "2026-11-25", k: "x", n: 1 },
        { day: "2026-11-26", k: "x", n: 2 },
      ],
      [
        ["a.x / 2026-11-25.n", 1],
        ["a.x / 2026-11-26.n", 2],
      ],
    ],
    ["one row without texts", [{ n: 1 }], [["a.n", 1]]],
    ["rows without texts", [{ n: 1 }, { n: 2 }], []],
    [
      "rows of equal texts",
      [
        { k: "x", n: 1 },
        { k: "x", n: 2 },
        { k: "y", n: 3 },
      ],
      [["a.y.n", 3]],
    ],
  ] as [string, unknown, [string, number][]][])
    it(`has ${what}`, () => {
      assert.deepEqual([...numbersOf([result("a", value)])], expected);
    });
});

describe("compareResults(before, after)", () => {
  const before = run([result("same", 1), result("more", 0.1), result("gone", 5), result("zero", 0)]);
  const after = run([result("same", 1), result("more", 0.3), result("new", 7), result("zero", -2)]);
  const comparison = compareResults(before, after);

  it("has the changes by name, and the names of one run alone", () => {
    assert.deepEqual(comparison.changes, [
      { name: "more", before: 0.1, after: 0.3, change: 0.2, ratio: 2 },
      { name: "zero", before: 0, after: -2, change: -2, ratio: null },
    ]);
    assert.deepEqual(comparison.added, [{ name: "new", after: 7 }]);
    assert.deepEqual(comparison.removed, [{ name: "gone", before: 5 }]);
    assert.equal(comparison.equal, 1);
  });

  it("has one change after one later sale, and a new name for a row that needs a second text", () => {
    const table = (...rows: object[]) => run([result("week", rows)]);
    const cup = { name: "cup", last: "2026-11-24T10:00:00.000Z", items: 2 };
    const sold = compareResults(
      table({ name: "mug", last: "2026-11-25T23:30:00.000Z", items: 1 }, cup),
      table({ name: "mug", last: "2026-11-26T08:00:00.000Z", items: 2 }, cup),
    );
    assert.deepEqual(
      [sold.changes.map(({ name }) => name), sold.equal, sold.added, sold.removed],
      [["week.mug.items"], 1, [], []],
    );
    const red = { name: "mug", colour: "red", items: 1 };
    const grown = compareResults(table(red), table(red, { name: "mug", colour: "blue", items: 4 }));
    assert.deepEqual(
      [grown.equal, grown.added, grown.removed],
      [1, [{ name: "week.mug / blue.items", after: 4 }], []],
    );
  });

  it("is told in a sentence and a table", () => {
    const text = describeComparison(comparison);
    assert.match(text, /^2 of 3 numbers changed, 1 is new, 1 is gone\n/);
    for (const cells of [
      "more +│ 0.1 +│ 0.3 +│ \\+0.2 \\(\\+200%\\)",
      "zero +│ 0 +│ -2 +│ -2 ",
      "new +│ +│ 7 +│ new",
      "gone +│ 5 +│ +│ gone",
    ])
      assert.match(text, new RegExp(cells));
    assert.equal(describeComparison(compareResults(before, before)), "0 of 4 numbers changed");
  });

  it("names the parameters that differ", () => {
    const york = { ...before, parameters: { shop: { town: '"York"', days: "7" } } };
    const leeds = { ...after, parameters: { shop: { town: '"Leeds"', days: "7" } } };
    const other = compareResults(york, leeds);
    const text = 'town "York" → "Leeds" (shop)';
    assert.equal(describeComparison(other).split("\n")[1], `other parameters: ${text}`);
    assert.deepEqual(comparisonFacts(other)[0]!.rows[1], ["Other parameters", text]);
    assert.deepEqual(compareResults(york, york).parameters, []);
    assert.deepEqual(compareResults(before, leeds).parameters, []); // a file of an older version
  });

  it("is a group of facts in a report", () => {
    assert.deepEqual(comparisonFacts(comparison)[0], {
      title: "Changes since the run of 2026-11-26 10:00 UTC",
      rows: [
        ["Numbers", "2 of 3 numbers changed, 1 is new, 1 is gone"],
        ["more", "0.1 → 0.3: +0.2 (+200%)"],
        ["zero", "0 → -2: -2"],
      ],
    });
    assert.deepEqual(comparisonFacts(compareResults(run([]), run([]))), []);
  });
});
