import assert from "node:assert/strict";
import { areas, lines, steps } from "./line-chart.ts";
import { formatNumber } from "./format.ts";
import { PALETTE, type Spec } from "./theme.ts";
import { drawSvg } from "../report/draw.ts";
import { hostile, texts } from "./drawn-texts.fixture.ts";

interface Point {
  time: number | string;
  number: number | null;
  name: string;
  alone?: boolean;
}

function valuesOf(spec: Spec): Point[] {
  return (spec.data as { values: Point[] }).values;
}

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

  for (const [days, ticks] of [
    [["2026-11-25"], ["2026-11-25"]],
    [
      ["2026-11-25", "2026-11-26"],
      ["Nov 25", "2026", "Nov 26"],
    ],
    [
      ["2026-11-25", "2026-11-26", "2026-11-27"],
      ["Nov 25", "2026", "Nov 26", "Nov 27"],
    ],
  ] as const)
    it(`has ticks only at its ${days.length} days, also if the last step goes on`, async () => {
      const some = days.map((seconds, i) => ({ seconds, stage: "a", rows: i + 3 }));
      const shown = texts(await drawSvg(steps(some, options)));
      assert.deepEqual(
        shown.filter((text) => /2026|Nov|:/.test(text)),
        ticks,
      );
    });

  for (const [most, tick] of [
    [4e15, "4e15"],
    [9e14, "800T"],
    [4e7, "40M"],
    [2.5e24, "2.5e24"],
    [-4e15, "-4e15"],
  ] as const)
    it(`writes ${tick} on an axis of numbers up to ${most}`, async () => {
      const some = [0, most].map((number, i) => ({ seconds: i, stage: "a", rows: number }));
      const shown = texts(await drawSvg(lines(some, options)));
      assert.ok(shown.map((text) => text.replace("\u2212", "-")).includes(tick), shown.join());
    });

  it("tells long names of series apart, in several lines of the legend", async () => {
    const long = "A sword of the northern kings, forged in the old mountain by its last";
    const names = [`${long} smith`, `${long} pupil`, "__proto__"];
    const some = names.flatMap((stage, i) =>
      [0, 1].map((seconds) => ({ seconds, stage, rows: i + seconds })),
    );
    const svg = await drawSvg(lines(some, options));
    const shown = [...svg.matchAll(/>([^<]+)</g)].map(([, text]) => text).join(" ");
    for (const name of names) assert.ok(shown.includes(name), shown);
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
      assert.ok(shown.includes("23:30:15"), shown.join());
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

describe("lines(rows, { x, y, series, title })", () => {
  const options = { x: "day", y: "n", title: "Sales" };

  for (const [name, days] of [
    ["days as text", ["2026-10-24", "2026-10-25", "2026-10-26"]],
    ["Dates", ["2026-10-24", "2026-10-25", "2026-10-26"].map((day) => new Date(day))],
    ["times as Trino writes them", ["2026-10-24 00:00:00.000000 UTC", "2026-10-25 00:00:00", "2026-10-26"]],
  ] as const) {
    it(`puts ${name} on an axis of time, and tells a row without a day`, async () => {
      const rows = [...days, null].map((day, n) => ({ day, n }));
      for (const chart of [lines(rows, options), steps(rows, options)]) {
        const shown = texts(await drawSvg(chart));
        for (const text of ["Oct 24", "Oct 25", "not drawn: 1 row without day"]) {
          assert.ok(shown.includes(text), `${text} in ${shown.join()}`);
        }
      }
    });
  }

  it("has each hour of a change of daylight-saving time once", async () => {
    const hours = Array.from({ length: 5 }, (_, i) => new Date(Date.UTC(2026, 9, 25, i)));
    const zone = process.env.TZ;
    process.env.TZ = "Europe/Berlin";
    try {
      const shown = texts(
        await drawSvg(
          lines(
            hours.map((day, n) => ({ day, n })),
            options,
          ),
        ),
      );
      const clocks = shown.filter((text) => /^\d\d:00$/.test(text));
      assert.deepEqual(clocks, ["00:00", "01:00", "02:00", "03:00", "04:00"]);
    } finally {
      if (zone === undefined) delete process.env.TZ;
      else process.env.TZ = zone;
    }
  });

  for (const [numbers, labels] of [
    [
      [0.1, 0.5, 0.9],
      ["0.2", "0.4", "0.6", "0.8"],
    ],
    [
      [0, 2e-7],
      ["0", "1e-7"],
    ],
    [
      [0, 4e15],
      ["1e15", "4e15"],
    ],
    [
      [0, -4],
      ["-2", "-4"],
    ],
    [[1_000_000, 1_000_008], ["1,000,004"]],
    [
      [0, 0],
      ["0", "1"],
    ],
    [[12n, 10_000_000_000n], ["2B"]],
  ] as const) {
    it(`labels the axis of ${numbers.join(" and ")} with ${labels.join(" and ")}`, async () => {
      const rows = numbers.map((n, day) => ({ day, n }));
      const shown = texts(await drawSvg(lines(rows, options)));
      for (const label of labels) assert.ok(shown.includes(label), `${label} in ${shown.join()}`);
    });
  }

  for (const [unit, shown] of [
    ["ms", ["0", "4", "ms"]],
    ["%", ["0%", "4%"]],
    ["€", ["€0", "-€4"]],
    ["°C", ["0°C", "4°C"]],
    ["% of players", ["0", "4", "% of players"]],
    [`'"\\ms\n`, ["0", "4"]],
    ["$", ["$0", "-$4"]],
  ] as const)
    it(`shows the unit ${JSON.stringify(unit)} at the axis, and in the description`, async () => {
      const rows = [0, unit === "€" || unit === "$" ? -4 : 4].map((n, day) => ({ day, n }));
      const spec = lines(rows, { ...options, unit });
      const drawn = texts(await drawSvg(spec)).map((text) => text.replace("\u2212", "-"));
      for (const text of shown) assert.ok(drawn.includes(text), `${text} in ${drawn.join()}`);
      assert.ok(spec.description.includes(formatNumber(rows[1]!.n, { unit })), spec.description);
    });

  it("shows a value between two gaps as a point, and a single value", () => {
    const values = valuesOf(
      lines(
        [1, null, 3, NaN, 5, 6].map((n, day) => ({ day, n })),
        options,
      ),
    );
    assert.deepEqual(
      values.map(({ alone = false }) => alone),
      [true, false, true, false, false, false],
    );
    assert.equal(valuesOf(lines([{ day: 1, n: 1 }], options))[0]!.alone, true);
  });

  it("draws many series: the largest in colours, the others in grey", () => {
    const rows = Array.from({ length: 20 }, (_, i) => ({ day: i % 2, n: i, s: `s${i % 10}` }));
    const chart = lines(rows, { ...options, series: "s" });
    assert.match(chart.description, /s9 from 9 to 19|5 others/);
    const names = new Set(valuesOf(chart).map(({ name }) => name));
    assert.equal(names.size, 6);
    assert.ok(names.has("5 others"));
  });

  it("has names on the axis, in the order of the rows", async () => {
    const rows = ["Monday", "Tuesday", "Sunday"].map((day, n) => ({ day, n }));
    assert.deepEqual(texts(await drawSvg(lines(rows, options))).slice(0, 3), ["Monday", "Tuesday", "Sunday"]);
  });

  it("says extremes and times", () => {
    const rows = ["2026-11-24", "2026-11-25", "2026-11-26"].map((day, i) => ({ day, n: [5, -1, 7][i] }));
    assert.equal(
      lines(rows, options).description,
      "Sales: n from 5 to 7 (lowest -1); time from 2026-11-24 to 2026-11-26",
    );
  });

  it("says that there are no rows", async () => {
    for (const chart of [lines, steps, areas]) {
      assert.deepEqual(texts(await drawSvg(chart([], options))), ["Sales", "no rows"]);
    }
  });

  it("names a column that the rows do not have", () => {
    assert.throws(() => lines([{ day: 1, m: 2 }], options), {
      message: "chart: expected a column n, got rows with day, m",
    });
  });

  it("divides the rows into panels", async () => {
    const rows = Array.from({ length: 8 }, (_, i) => ({ day: i, n: i, city: i % 2 ? "ny" : "la" }));
    const shown = texts(await drawSvg(lines(rows, { ...options, facet: "city" })));
    for (const city of ["ny", "la"]) assert.ok(shown.includes(city), shown.join());
  });
});

describe("areas(rows, { x, y, series, title })", () => {
  const options = { x: "day", y: "n", series: "s", title: "Areas" };

  it("counts a missing number as 0, and tells it", () => {
    const chart = areas(
      [
        { day: 1, n: 5, s: "a" },
        { day: 2, n: null, s: "a" },
        { day: 2, n: 3, s: "b" },
      ],
      options,
    );
    assert.deepEqual(
      valuesOf(chart).map(({ time, name, number }) => [time, name, number]),
      [
        [1, "a", 5],
        [2, "a", 0],
        [1, "b", 0],
        [2, "b", 3],
      ],
    );
    assert.match(JSON.stringify(chart.title), /1 missing number is drawn as 0/);
  });

  it("refuses two rows for one place of a series", () => {
    const rows = [
      { day: 1, n: 5, s: "a" },
      { day: 1, n: 6, s: "a" },
    ];
    assert.throws(() => areas(rows, options), /expected one row for each place and series, got two for a/);
  });
});
