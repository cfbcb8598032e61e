import assert from "node:assert/strict";
import { texts } from "./drawn-texts.fixture.ts";
import { heatMap, histogram } from "./grids.ts";
import { lines } from "./line-chart.ts";
import { points } from "./points.ts";
import type { Spec } from "./theme.ts";
import { drawSvg } from "../report/draw.ts";

const DAY = 86_400_000;
const HOSTILE = String.raw`</text><script>alert(1)</script> \unicode "' + datum`;

function valuesOf(spec: Spec): Record<string, unknown>[] {
  return (spec.data as { values: Record<string, unknown>[] }).values;
}

function binsOf(numbers: unknown[], bins?: number): unknown[][] {
  const rows = numbers.map((n) => ({ n }));
  const options = bins === undefined ? {} : { bins };
  return valuesOf(histogram(rows, { x: "n", title: "T", ...options })).map(({ from, to, number }) => [
    from,
    to,
    number,
  ]);
}

describe("histogram(rows, { x, bins, title })", () => {
  it("puts each number into one bin, from its lower edge", () => {
    assert.deepEqual(binsOf([0, 1, 1, 2, 4], 5), [
      [0, 1, 1],
      [1, 2, 2],
      [2, 3, 1],
      [3, 4, 0],
      [4, 5, 1],
    ]);
    assert.deepEqual(
      binsOf([0.1, 0.2, 0.3, 0.3], 2).map(([, , count]) => count),
      [1, 3],
    );
    assert.deepEqual(binsOf([-0.5, 0.5], 2), [
      [-0.5, 0, 1],
      [0, 0.5, 1],
    ]);
  });

  it("has one bin for equal numbers, and counts every row", () => {
    assert.deepEqual(binsOf([7, 7]), [[7, 8, 2]]);
    for (const numbers of [
      [1e15, 2e15],
      [1e-9, 3e-9],
      [-5, -3],
      [9007199254740993n, 1n],
    ]) {
      const total = binsOf(numbers).reduce((sum, [, , count]) => sum + Number(count), 0);
      assert.equal(total, numbers.length, numbers.join());
    }
  });

  it("has bins of times, and tells rows without a value", () => {
    const spec = histogram([{ n: "2026-11-25" }, { n: "2026-11-26" }, { n: null }], { x: "n", title: "T" });
    assert.match(JSON.stringify(spec.title), /not drawn: 1 row without n/);
    assert.match(spec.description, /^T: 2 rows from 2026-11-25 to 2026-11-26/);
  });

  it("refuses names, and a wrong number of bins", () => {
    assert.throws(() => binsOf(["a"]), /expected numbers or times in column n/);
    assert.throws(() => binsOf([1], 0), /expected bins from 1 to 200, got 0/);
  });
});

describe("heatMap(rows, { x, y, value, title })", () => {
  it("names each second hour where all have no room", async () => {
    const hours = Array.from({ length: 24 }, (_, hour) => ({ hour, day: "Monday", n: hour * 1000 }));
    const svg = await drawSvg(heatMap(hours, { x: "hour", y: "day", value: "n", title: "Hours" }));
    const seen = [...svg.matchAll(/<text [^>]*opacity="1"[^>]*>(\d{1,2})</g)].map(([, text]) => Number(text));
    assert.deepEqual([...new Set(seen)].slice(0, 12), [0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22]);
  });

  const options = { x: "hour", y: "day", value: "n", title: "Requests" };
  const rows = [
    { hour: 10, day: "Tuesday", n: 5 },
    { hour: 9, day: "Tuesday", n: -2 },
    { hour: 9, day: "Monday", n: null },
  ];

  it("names columns of days, months and hours in one short form, upright", async () => {
    const namesOf = async (times: number[]): Promise<string[]> => {
      const rows = times.map((time) => ({ time: new Date(time), k: "a", n: 5 }));
      const svg = await drawSvg(heatMap(rows, { x: "time", y: "k", value: "n", title: "T" }));
      assert.doesNotMatch(svg, /rotate\(-45/);
      const shown = texts(svg);
      return shown.slice(shown.indexOf("T") + 1, shown.indexOf("time"));
    };
    const withNull = [
      { time: null, k: "a", n: 5 },
      { time: new Date(0), k: "a", n: 5 },
    ];
    const svg = await drawSvg(heatMap(withNull, { x: "time", y: "k", value: "n", title: "T" }));
    assert.deepEqual(texts(svg).slice(-5), ["Jan 1", "1970", "(none)", "time", "a"]);
    const from = (first: string, count: number, ms: number) =>
      Array.from({ length: count }, (_, i) => Date.parse(first) + i * ms);
    assert.deepEqual(await namesOf(from("2026-12-30", 4, DAY)), [
      ...["Dec 30", "2026", "Dec 31", "Jan 1", "2027", "Jan 2"],
    ]);
    assert.deepEqual(await namesOf(from("2026-11-01", 14, DAY)), [
      ...["Nov 1", "2026", "Nov 3", "Nov 5", "Nov 7", "Nov 9", "Nov 11", "Nov 13"],
    ]);
    assert.deepEqual(await namesOf(from("2026-11-01T22:00Z", 4, DAY / 24)), [
      ...["22:00", "Nov 1", "23:00", "00:00", "Nov 2", "01:00"],
    ]);
  });

  it("has a cell with a number for each row, and says the extremes", async () => {
    const svg = await drawSvg(heatMap(rows, options));
    const shown = [...svg.matchAll(/<text [^>]*>([^<]*)</g)].map(([, text]) => text);
    const cells = ["5", "-2", "(none)"];
    assert.deepEqual(shown, [
      ...cells,
      "Requests",
      "dashed: 1 cell without n",
      "9",
      "10",
      "hour",
      "Tuesday",
      "Monday",
    ]);
    assert.equal(
      heatMap(rows, options).description,
      "Requests: 3 cells from -2 (9, Tuesday) to 5 (10, Tuesday)",
    );
  });

  const wide = (of: (i: number) => number | null) =>
    Array.from({ length: 20 }, (_, i) => ({ hour: i % 10, day: i < 10 ? "a" : "b", n: of(i) }));

  it("writes short numbers where the whole ones have no room", async () => {
    const svg = await drawSvg(
      heatMap(
        wide((i) => (i - 10) * 21_964),
        options,
      ),
    );
    const seen = texts(svg);
    assert.ok(seen.includes("-220K") && seen.includes("198K"), seen.join());
    assert.ok(!seen.some((text) => text.startsWith("the colour")));
  });

  it("says that cells without room have no number", () => {
    const rows = Array.from({ length: 60 }, (_, i) => ({ hour: i, day: "a", n: i * 1234 }));
    assert.match(JSON.stringify(heatMap(rows, options).title), /a cell has no room for its number/);
  });

  it("dashes the cells of null, counts them, and tells them from 0", async () => {
    const spec = heatMap(
      wide((i) => [null, 0, NaN][i % 3]!),
      options,
    );
    const svg = await drawSvg(spec);
    assert.match(JSON.stringify(spec.title), /dashed: 13 cells without n/);
    assert.equal(svg.match(/stroke-dasharray="3,3"/g)?.length, 13);
    assert.equal(texts(svg).filter((text) => text === "0").length, 8); // 7 cells, and the column 0
    assert.doesNotMatch(
      JSON.stringify(
        heatMap(
          wide(() => 0),
          options,
        ),
      ),
      /dashed/,
    );
  });

  it("refuses two rows for one cell, and more cells than the page can show", () => {
    assert.throws(
      () => heatMap([...rows, rows[0]!], options),
      /expected one row for each hour and day, got two for 10 and Tuesday/,
    );
    const many = Array.from({ length: 101 }, (_, hour) => ({ hour, day: "a", n: 1 }));
    assert.throws(
      () => heatMap(many, options),
      /expected at most 100 values of hour and of day, got 101 and 1/,
    );
  });
});

describe("points(rows, { x, y, series, title })", () => {
  it("has a point for each row, and tells rows without a place", () => {
    const spec = points(
      [
        { a: 1, b: 2 },
        { a: null, b: 3 },
        { a: 4, b: NaN },
      ],
      { x: "a", y: "b", title: "T" },
    );
    assert.equal(valuesOf(spec).length, 1);
    assert.match(JSON.stringify(spec.title), /not drawn: 1 row without a; not drawn: 1 row without b/);
    assert.equal(spec.description, "T: 1 point, a from 1 to 1, b from 2 to 2");
  });

  it("gives the smallest of many series one name", () => {
    const rows = Array.from({ length: 30 }, (_, i) => ({ a: i, b: i, s: `s${i % 10}` }));
    const names = new Set(
      valuesOf(points(rows, { x: "a", y: "b", series: "s", title: "T" })).map(({ name }) => name),
    );
    assert.equal(names.size, 6);
    assert.ok(names.has("5 others"));
  });
});

describe("an axis of texts and numbers", () => {
  // Values of a column → the places on the axis.
  for (const [kind, given, places] of [
    ["digits stay names", ["00501", "10001"], ["00501", "10001"]],
    ["hours with a zero stay names", ["00", "03"], ["00", "03"]],
    ["texts with an exponent stay names", ["1e5", "2"], ["1e5", "2"]],
    ["decimals are numbers", ["12.50", null, "-0.5"], [12.5, null, -0.5]],
    ["numbers and bigints stay numbers", [501, 3n], [501, 3]],
    ["numbers and texts are names", [501, "502"], ["501", "502"]],
    ["months are times", ["2026-11", "2026-12"], [Date.UTC(2026, 10), Date.UTC(2026, 11)]],
  ] as const)
    it(`has the kind of the values: ${kind}`, () => {
      const rows = given.map((x) => ({ x, n: 1 }));
      const options = { x: "x", y: "n", title: "T" };
      const placed = places.filter((place) => place !== null);
      const drawn = (spec: Spec, field: string) => [...new Set(valuesOf(spec).map((one) => one[field]))];
      const byPlace = [...placed].sort((a, b) => Number(a) - Number(b)); // a line has the order of its axis
      const isNames = placed.every((place) => typeof place === "string");
      assert.deepEqual(drawn(lines(rows, options), "time"), isNames ? placed : byPlace);
      assert.deepEqual(drawn(points(rows, options), "place"), placed);
      if (!isNames) return;
      const cells = heatMap(rows, { x: "x", y: "x", value: "n", title: "T" });
      assert.deepEqual([drawn(cells, "x"), drawn(cells, "y")], [placed, placed]);
    });
});

describe("each kind of chart", () => {
  it("keeps hostile names of columns as text", async () => {
    const rows = [{ [HOSTILE]: 1, n: 2, [`${HOSTILE}2`]: 3 }];
    const specs = [
      points(rows, { x: HOSTILE, y: `${HOSTILE}2`, title: HOSTILE }),
      histogram(rows, { x: HOSTILE, title: HOSTILE }),
      heatMap(rows, { x: HOSTILE, y: "n", value: `${HOSTILE}2`, title: HOSTILE }),
    ];
    for (const spec of specs) {
      const svg = await drawSvg(spec);
      assert.doesNotMatch(svg, /<script|<\/svg>./);
      assert.ok(svg.includes("\\unicode"), svg.slice(0, 300));
    }
  });
});
