import assert from "node:assert/strict";
import { bars, funnel } from "./chart.ts";
import { htmlTable, tableData } from "./table.ts";
import { PALETTE } from "./theme.ts";
import { drawSvg } from "../report/draw.ts";
import { hostile, texts } from "./drawn-texts.fixture.ts";

function barsOf(svg: string): { width: number }[] {
  return [...svg.matchAll(/roledescription="bar" d="M[\d.-]+,[\d.-]+h([\d.-]+)v/g)].map(([, width]) => ({
    width: Math.abs(Number(width)),
  }));
}

describe("bars(rows, { category, value, title })", () => {
  const options = { category: "metal", value: "swords", title: "Swords per metal" };
  const rows = [
    { metal: "copper", swords: 50 },
    { metal: "gold", swords: 60 },
    { metal: null, swords: 1234n },
  ];

  it("shows the title, each category and each number, the largest first", async () => {
    assert.deepEqual(texts(await drawSvg(bars(rows, options))), [
      "(none)",
      "gold",
      "copper",
      "1,234",
      "60",
      "50",
      "Swords per metal",
    ]);
  });

  it("draws bars as long as their numbers", async () => {
    const svg = await drawSvg(
      bars(
        [
          { metal: "gold", swords: 60 },
          { metal: "copper", swords: 30 },
        ],
        options,
      ),
    );
    const widths = [...svg.matchAll(/roledescription="bar" d="M0,[\d.]+h([\d.]+)v/g)].map(([, width]) =>
      Number(width),
    );
    assert.equal(widths.length, 2);
    assert.ok(Math.abs(widths[0]! / widths[1]! - 2) < 0.01, String(widths));
  });

  it("keeps the order of the rows with order: rows, also of many", async () => {
    const some = ["b", "a", "c"].map((metal, i) => ({ metal, swords: [5, 60, 50][i] }));
    assert.equal(bars(some, { ...options, order: "rows" }).description, "Swords per metal: b 5, a 60, c 50");
    const many = Array.from({ length: 30 }, (_, i) => ({ metal: `m${i}`, swords: (i * 7) % 30 }));
    const shown = texts(await drawSvg(bars(many, { ...options, order: "rows" })));
    const kept = many.filter(({ swords }) => swords > 5).map(({ metal }) => metal);
    assert.deepEqual(shown.slice(0, kept.length), kept);
    assert.ok(shown.includes("and 6 others, from 0 to 5"));
  });

  it("refuses another order", () => {
    assert.throws(() => bars(rows, { ...options, order: "names" as never }), {
      message: 'bars: expected order "numbers" or "rows", got names',
    });
  });

  for (const [unit, label] of [
    ["ms", "1,234\u00a0ms"],
    ["%", "1,234%"],
    ["€", "€1,234"],
  ] as const)
    it(`has the unit ${unit} at each number, as tables have it`, async () => {
      const spec = bars(rows, { ...options, unit });
      assert.ok(texts(await drawSvg(spec)).includes(label));
      assert.match(spec.description, new RegExp(`\\(none\\) ${label}, gold`));
      const [field] = tableData(rows, "", [{ name: "swords", unit }]).schema.fields;
      assert.ok(
        htmlTable({ title: "", schema: { fields: [field!] }, data: [{ swords: 1234 }] }).includes(label),
      );
    });

  it("describes its numbers as text", () => {
    assert.equal(bars(rows, options).description, "Swords per metal: (none) 1,234, gold 60, copper 50");
  });

  it("leaves out the shortest of many bars, and says how many", async () => {
    const many = Array.from({ length: 30 }, (_, i) => ({ metal: `m${i}`, swords: i }));
    const shown = texts(await drawSvg(bars(many, options)));
    assert.ok(shown.includes("and 6 others, from 0 to 5"));
    assert.ok(shown.includes("m29") && shown.includes("m6") && !shown.includes("m5"));
  });

  it("says that there are no rows", async () => {
    assert.deepEqual(texts(await drawSvg(bars([], options))), ["Swords per metal", "no rows"]);
  });

  it("keeps hostile values as text", async () => {
    const svg = await drawSvg(
      bars(
        hostile.map((metal, swords) => ({ metal, swords })),
        options,
      ),
    );
    assert.doesNotMatch(svg, /<(script|img|foreignObject|a )|<\/svg>./);
    for (const text of ["datum.number", "${x}", "__proto__"]) assert.ok(texts(svg).includes(text), text);
    assert.match(svg, /&lt;script&gt;alert\(1\)/);
  });

  it("refuses a value that is not a number", () => {
    assert.throws(() => bars([{ metal: "gold", swords: "many" }], options), {
      message: "chart: expected a number in column swords, got many",
    });
  });

  for (const [name, numbers, labels] of [
    ["negative", [5, -3], ["5", "-3"]],
    ["only negative", [-5, -3], ["-3", "-5"]],
    ["tiny", [0.004, 0.0005], ["0.004", "0.0005"]],
    ["huge", [1e15, 9007199254740993n], ["9,007,199,254,740,993", "1,000,000,000,000,000"]],
    ["equal", [7, 7], ["7", "7"]],
    ["zero", [0, -0], ["0", "0"]],
    ["missing", [3, null, NaN, Infinity], ["3", "(none)", "NaN", "Infinity"]],
    ["decimal", ["12.50", "3"], ["12.50", "3"]],
    ["single", [3], ["3"]],
  ] as const) {
    it(`labels ${name} numbers, and draws a bar for each that is not 0`, async () => {
      const some = numbers.map((swords, i) => ({ metal: `m${i}`, swords }));
      const svg = await drawSvg(bars(some, options));
      const shown = texts(svg).filter((text) => !/^m\d/.test(text));
      assert.deepEqual([...shown].sort(), [...labels, options.title].sort());
      const drawn = barsOf(svg).filter(({ width }) => width >= 2);
      const wanted = numbers.filter(
        (number) => Number.isFinite(Number(number ?? NaN)) && Number(number) !== 0,
      );
      assert.equal(drawn.length, wanted.length);
    });
  }

  it("has one bar a row, also of equal names and of names that look alike", async () => {
    const names = [null, "(none)", "1", 1, true, "true", "", "same", "same", "a\u202eb"];
    const shown = texts(
      await drawSvg(
        bars(
          names.map((metal, i) => ({ metal, swords: i + 1 })),
          options,
        ),
      ),
    );
    assert.deepEqual(
      shown.slice(0, names.length),
      ["a\\u{202e}b", "same", "same", '""', '"true"', "true", "1", '"1"', '"(none)"', "(none)"]
        .map((text) => text.replaceAll('"', "&quot;"))
        .map((text) => text.replaceAll("&quot;", '"')),
    );
  });

  it("breaks long names and titles into lines, and cuts only very long ones", async () => {
    const title =
      "Swords that the players of the northern kingdom bought in the shops of the old town in winter";
    const svg = await drawSvg(
      bars([{ metal: "the name of a sword that has more than sixty characters in all", swords: 1 }], {
        ...options,
        title,
      }),
    );
    const shown = [...svg.matchAll(/>([^<]+)</g)].map(([, text]) => text).join(" ");
    assert.ok(shown.includes(title), shown);
    assert.ok(shown.includes("the name of a sword that has more than sixty characters in all"), shown);
  });

  it("has a panel for each value of a column, with common scales", async () => {
    const some = ["ny", "la"].flatMap((city, i) =>
      rows.map((row) => ({ ...row, swords: Number(row.swords) * (i + 1), city })),
    );
    const svg = await drawSvg(bars(some, { ...options, facet: "city" }));
    for (const text of ["ny", "la", "gold", "2,468", "1,234"]) assert.ok(texts(svg).includes(text), text);
    assert.equal(barsOf(svg).length, 6);
    assert.match(bars(some, { ...options, facet: "city" }).description, /ny: \(none\) 1,234.*; la: /);
  });
});

describe("bars(rows, { facet })", () => {
  it("puts panels below each other where a name has no room beside another panel", async () => {
    const city = "The northern kingdom of the old mountain";
    const rows = [city, "la"].map((name, i) => ({ k: "gold", n: i + 1, city: name }));
    const svg = await drawSvg(bars(rows, { category: "k", value: "n", facet: "city", title: "T" }));
    assert.ok(texts(svg).includes(city), texts(svg).join("; "));
  });
});

describe("funnel(rows, { category, value, title })", () => {
  const options = { category: "step", value: "n", title: "From visit to sale" };

  it("tells one of many from none, and nearly all from all", () => {
    const rows = [10_000, 9_999, 1, 0].map((n, i) => ({ step: `s${i}`, n }));
    assert.match(
      String(funnel(rows, options).description),
      /s0 10,000, s1 9,999 \(99\.99%\), s2 1 \(0\.01%\), s3 0 \(0\.0%\)/,
    );
  });

  it("keeps the order of the steps, and says each part of the first", async () => {
    const rows = [
      { step: "visited", n: 200 },
      { step: "bought", n: 50 },
      { step: "again", n: 0 },
    ];
    const shown = texts(await drawSvg(funnel(rows, options)));
    assert.deepEqual(shown, [
      "visited",
      "bought",
      "again",
      "200",
      "50 (25.0%)",
      "0 (0.0%)",
      "From visit to sale",
    ]);
    assert.equal(
      funnel(rows, options).description,
      "From visit to sale: visited 200, bought 50 (25.0%), again 0 (0.0%)",
    );
  });

  it("refuses a step without a number, or with a negative one", () => {
    assert.throws(
      () => funnel([{ step: "a", n: null }], options),
      /expected a number from 0 for a, got \(none\)/,
    );
    assert.throws(() => funnel([{ step: "a", n: -1 }], options), /expected a number from 0 for a, got -1/);
  });
});

describe("every chart", () => {
  it("has colours with enough contrast to light and to dark pages", () => {
    for (const color of PALETTE) {
      for (const page of ["#ffffff", "#14161a"]) {
        assert.ok(contrast(color, page) >= 3, `${color} on ${page}: ${contrast(color, page).toFixed(2)}`);
      }
    }
  });

  it("has no ids, which could repeat another chart's ids on the same page", async () => {
    const spec = bars([{ a: "x", b: 1 }], { category: "a", value: "b", title: "A" });
    assert.doesNotMatch(await drawSvg(spec), / id=|url\(/);
  });

  it("has a transparent background, text in the page's colour, and scales", async () => {
    const spec = bars([{ a: "x & y", b: 1 }], { category: "a", value: "b", title: "A < B" });
    const svg = await drawSvg(spec);
    assert.match(svg, /^<svg [^>]*width="440" height="\d+" viewBox="0 0 440 \d+">/);
    for (const [text] of svg.matchAll(/<text [^>]*>/g)) assert.match(text, /fill="currentColor"/);
    assert.doesNotMatch(svg, /fill="(white|black|#fff|#000)/);
  });
});

/** The contrast of two colours as WCAG defines it, from 1 to 21. */
function contrast(...colors: [string, string]): number {
  const [light, dark] = colors
    .map((color) =>
      [1, 3, 5]
        .map((i) => parseInt(color.slice(i, i + 2), 16) / 255)
        .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
        .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i]!, 0),
    )
    .sort((a, b) => b - a) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}
