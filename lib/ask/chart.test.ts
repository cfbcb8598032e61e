import assert from "node:assert/strict";
import { bars } from "./chart.ts";
import { steps } from "./line-chart.ts";
import { PALETTE } from "./theme.ts";
import { drawSvg } from "../report/draw.ts";

const hostile = [
  "<script>alert(1)</script>",
  '"><img src=x onerror=alert(1)>',
  "]]></svg>",
  "datum.number",
  "${x}",
  "__proto__",
];

function texts(svg: string): string[] {
  return [...svg.matchAll(/<text [^>]*>([^<]*)<\/text>/g)].map(([, text]) => text!);
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
});

describe("steps(rows, { x, y, series, title })", () => {
  const options = { x: "seconds", y: "rows", series: "stage", title: "Rows over time" };
  const rows = [0, 1, 2].flatMap((seconds) => [
    { seconds, stage: "accepted", rows: seconds * 10 },
    { seconds, stage: "visible", rows: seconds * 5 },
  ]);

  it("draws a line per series, with a legend and whole numbers on the axis", async () => {
    const svg = await drawSvg(steps(rows, options));
    for (const color of PALETTE.slice(0, 2)) assert.ok(svg.includes(`stroke="${color}"`), color);
    assert.deepEqual(texts(svg).slice(-3), ["accepted", "visible", "Rows over time"]);
    assert.ok(texts(svg).includes("20") && !texts(svg).some((text) => text.includes(".5k")));
  });

  it("puts no fractions on the axis of small counts", async () => {
    const svg = await drawSvg(
      steps(
        [
          { ...rows[0], rows: 0 },
          { ...rows[2], rows: 1 },
        ],
        options,
      ),
    );
    assert.deepEqual(texts(svg).filter((text) => text === "0" || text === "1").length >= 2, true);
    assert.doesNotMatch(texts(svg).join(), /\d\.\d/);
  });

  it("describes the first and last number of each series", () => {
    assert.equal(
      steps(rows, options).description,
      "Rows over time: accepted from 0 to 20, visible from 0 to 10",
    );
  });

  it("stacks areas up to the total", async () => {
    const svg = await drawSvg(steps(rows, { ...options, stacked: true }));
    assert.ok(texts(svg).includes("30"));
  });

  it("shows Dates in UTC, whatever the machine's time zone", async () => {
    const time = new Date("2026-11-24T23:30:00Z");
    const later = new Date("2026-11-24T23:30:50Z");
    const dated = [
      { time, stage: "visible", rows: 1 },
      { time: later, stage: "visible", rows: 2 },
    ];
    const zone = process.env.TZ;
    process.env.TZ = "Asia/Kolkata";
    try {
      const shown = texts(await drawSvg(steps(dated, { ...options, x: "time" })));
      assert.ok(shown.includes("23:30"), shown.join());
    } finally {
      if (zone === undefined) delete process.env.TZ;
      else process.env.TZ = zone;
    }
  });

  it("keeps hostile values as text", async () => {
    const svg = await drawSvg(
      steps(
        hostile.map((stage, i) => ({ seconds: i, stage, rows: i })),
        options,
      ),
    );
    assert.doesNotMatch(svg, /<(script|img|foreignObject|a )|<\/svg>./);
  });

  it("keeps a hostile column name as text", async () => {
    const x = String.raw`\unicode \) + x`;
    assert.ok(texts(await drawSvg(steps([{ [x]: 1, stage: "a", rows: 1 }], { ...options, x }))).includes(x));
  });

  it("adds up the smallest of many series to one, which holds their values until the next", async () => {
    const many = Array.from({ length: 9 }, (_, i) => [
      { seconds: i % 2, stage: `s${i}`, rows: i },
      { seconds: 2, stage: `s${i}`, rows: i * 10 },
    ]).flat();
    const spec = steps(
      many.sort((a, b) => a.seconds - b.seconds),
      { ...options, stacked: true },
    );
    const drawn = texts(await drawSvg(spec));
    for (const name of ["s8", "s4", "4 others"]) assert.ok(drawn.includes(name), name);
    assert.ok(!drawn.includes("s3"));
    const values = spec.data as { values: { name: string; time: number; number: number }[] };
    const others = values.values.filter(({ name }) => name === "4 others");
    assert.deepEqual(
      others.slice(0, 3).map(({ time, number }) => [time, number]),
      [
        [0, 0 + 2],
        [1, 0 + 2 + 1 + 3],
        [2, 0 + 20 + 10 + 30],
      ],
    );
    assert.match(spec.description, /s8 from 8 to 80.*, 4 others from 2 to 60/);
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
    assert.match(svg, /^<svg [^>]*width="480" height="\d+" viewBox="0 0 480 \d+">/);
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
