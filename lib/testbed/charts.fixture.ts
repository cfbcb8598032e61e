/**
 * Every kind of chart with the inputs that are hard to draw, for a picture test.
 *
 * `marks` is the number of marks that the picture must have: its bars, points or cells.
 */
import { bars, funnel } from "../ask/chart.ts";
import { heatMap, histogram } from "../ask/grids.ts";
import { areas, lines, steps } from "../ask/line-chart.ts";
import { points } from "../ask/points.ts";
import { payloads } from "../report/payloads.fixture.ts";

export interface Example {
  name: string;
  spec: object;
  marks?: number;
  series?: number; // names in the legend, each with a mark of its own
}

const PAYLOADS = payloads("http://127.0.0.1:9").filter((_, i) => i % 9 === 1);
const bar = { category: "k", value: "n" };
const line = { x: "x", y: "n", series: "s" };

/** A number from [0, 1), the same on each run. */
function seeded(i: number): number {
  const x = Math.sin(i * 12.9898 + 78.233) * 43758.5453;
  return x - Math.floor(x);
}

function numbered(count: number, row: (i: number) => object): object[] {
  return Array.from({ length: count }, (_, i) => row(i));
}

function named(numbers: Record<string, unknown>): object[] {
  return Object.entries(numbers).map(([k, n]) => ({ k, n }));
}

const LONG = "A sword of the northern kings, forged in the old mountain by its last smith";
const TITLE =
  "Swords that players of the northern kingdom bought in the shops of the old town since the last winter";
const DAYS = ["2026-10-23", "2026-10-24", "2026-10-25", "2026-10-26", "2026-10-27"];
const HOURS = numbered(12, (i) => ({ x: new Date(Date.UTC(2026, 9, 24, 20 + i)), n: 5 + (i % 4), s: "a" }));

export const BARS: Example[] = [
  {
    name: "bars",
    spec: bars(named({ gold: 60, copper: 50, iron: 7 }), { ...bar, title: "Swords by metal" }),
    marks: 3,
  },
  {
    name: "negative and positive",
    spec: bars(named({ up: 5, down: -3, same: 0 }), { ...bar, title: "Change" }),
    marks: 3,
  },
  {
    name: "only negative",
    spec: bars(named({ a: -5, b: -3, c: -1234.5 }), { ...bar, title: "Losses" }),
    marks: 3,
  },
  { name: "tiny", spec: bars(named({ a: 0.004, b: 0.0005, c: 0 }), { ...bar, title: "Tiny" }), marks: 3 },
  {
    name: "tiny beside large",
    spec: bars(named({ large: 1e6, tiny: 0.5, "-": -0.5 }), { ...bar, title: "Tiny beside large" }),
    marks: 3,
  },
  {
    name: "huge",
    spec: bars(named({ a: 1e15, b: 9007199254740993n, c: 1.5e24 }), { ...bar, title: "Huge" }),
    marks: 3,
  },
  { name: "equal", spec: bars(named({ a: 7, b: 7, c: 7 }), { ...bar, title: "Equal" }), marks: 3 },
  { name: "all zero", spec: bars(named({ a: 0, b: -0 }), { ...bar, title: "Zero" }), marks: 2 },
  {
    name: "no numbers",
    spec: bars(named({ a: null, b: NaN, c: Infinity, d: -Infinity, e: 3 }), {
      ...bar,
      title: "Null, NaN, infinite",
    }),
    marks: 5,
  },
  {
    name: "alike names",
    spec: bars(
      [null, "(none)", "1", 1, true, "true", "", "same", "same"].map((k, i) => ({ k, n: i + 1 })),
      { ...bar, title: "Names that look alike" },
    ),
    marks: 9,
  },
  {
    name: "many",
    spec: bars(
      numbered(60, (i) => ({ k: `category ${i}`, n: i * i })),
      { ...bar, title: "Many" },
    ),
    marks: 24,
  },
  {
    name: "long names",
    spec: bars(
      [LONG, LONG.repeat(2), "x".repeat(80), "短い名前と長い名前と短い名前と長い名前と", "ok"].map(
        (k, i) => ({ k, n: i * 10 }),
      ),
      { ...bar, title: "Long names" },
    ),
    marks: 5,
  },
  { name: "long title", spec: bars(named({ gold: 60, copper: 50 }), { ...bar, title: TITLE }), marks: 2 },
  {
    name: "hostile",
    spec: bars(
      PAYLOADS.slice(0, 10).map((k, i) => ({ k, n: i })),
      { ...bar, title: PAYLOADS[0]! },
    ),
    marks: Math.min(10, PAYLOADS.length),
  },
  { name: "one bar", spec: bars(named({ gold: 60 }), { ...bar, title: "One bar" }), marks: 1 },
  { name: "no rows", spec: bars([], { ...bar, title: "No rows" }), marks: 0 },
  {
    name: "panels",
    spec: bars(
      numbered(12, (i) => ({
        k: ["gold", "copper", "iron"][i % 3],
        n: i * 7,
        f: ["ny", "la", "sf", "rome"][i % 4],
      })),
      { ...bar, facet: "f", title: "Swords by city" },
    ),
    marks: 12,
  },
  {
    name: "in the order of rows, with a unit",
    spec: bars(named({ "0 to 1 s": 50, "1 to 2 s": 6012.5, "2 to 3 s": -7 }), {
      ...bar,
      order: "rows",
      unit: "requests",
      title: "In the order of rows",
    }),
    marks: 3,
  },
  {
    name: "funnel",
    spec: funnel(named({ visited: 1200, "put into the cart": 321, bought: 42, "came again": 0 }), {
      ...bar,
      title: "From visit to sale",
    }),
    marks: 4,
  },
];

export const LINES: Example[] = [
  {
    name: "lines over days",
    spec: lines(
      DAYS.flatMap((x, i) => [
        { x, n: 40 + i, s: "gold" },
        { x, n: 30 - i * 3, s: "copper" },
      ]),
      { ...line, title: "Sales by day" },
    ),
  },
  {
    name: "a day and a number are missing",
    spec: lines(
      [...DAYS.map((x, i) => ({ x, n: i % 2 === 1 ? null : i, s: "a" })), { x: null, n: 4, s: "a" }],
      { ...line, title: "Gaps" },
    ),
  },
  {
    name: "daylight-saving time",
    spec: lines(HOURS, { ...line, title: "Hours around a change of daylight-saving time" }),
  },
  {
    name: "parts of 1",
    spec: steps(
      numbered(9, (i) => ({ x: i, n: (i + 1) / 10, s: "a" })),
      { ...line, title: "0.1 to 0.9" },
    ),
  },
  {
    name: "a single point",
    spec: lines([{ x: new Date(0), n: 5, s: "a" }], { ...line, title: "A single point" }),
  },
  {
    name: "a single step",
    spec: steps([{ x: "2026-11-25", n: 5, s: "a" }], { ...line, title: "A single step" }),
  },
  {
    name: "huge line",
    spec: lines(
      numbered(5, (i) => ({ x: i, n: 1e15 * i, s: "a" })),
      { ...line, title: "Huge" },
    ),
  },
  {
    name: "tiny line",
    spec: lines(
      numbered(5, (i) => ({ x: i, n: 1e-7 * i, s: "a" })),
      { ...line, title: "Tiny" },
    ),
  },
  {
    name: "negative line",
    spec: lines(
      numbered(9, (i) => ({ x: i, n: 4 - i, s: "a" })),
      { ...line, title: "Negative" },
    ),
  },
  {
    name: "far from 0",
    spec: lines(
      numbered(9, (i) => ({ x: 2018 + i, n: 1_000_000 + i, s: "a" })),
      { ...line, title: "Far from 0, by years" },
    ),
  },
  {
    name: "equal line",
    spec: lines(
      numbered(5, (i) => ({ x: i, n: 7, s: "a" })),
      { ...line, title: "Equal" },
    ),
  },
  {
    name: "zero line",
    spec: lines(
      numbered(5, (i) => ({ x: i, n: 0, s: "a" })),
      { ...line, title: "Zero" },
    ),
  },
  {
    name: "many lines",
    spec: lines(
      numbered(120, (i) => ({ x: i % 6, n: (i % 20) * (i % 6), s: `series ${i % 20}` })),
      { ...line, title: "Many lines" },
    ),
  },
  {
    name: "names on the axis",
    spec: lines(
      ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"].map((x, i) => ({ x, n: i * i, s: "a" })),
      { ...line, title: "Names on the axis" },
    ),
  },
  {
    name: "many names on the axis",
    spec: lines(
      numbered(30, (i) => ({ x: `category number ${i}`, n: i, s: "a" })),
      { ...line, title: "Many names on the axis" },
    ),
  },
  {
    name: "without series",
    spec: lines(
      numbered(5, (i) => ({ x: i, n: i })),
      { x: "x", y: "n", title: "Without series" },
    ),
  },
  {
    name: "long series",
    spec: lines(
      [LONG, `${LONG} again`].flatMap((s, j) => numbered(4, (i) => ({ x: i, n: i * (j + 1), s }))),
      { ...line, title: "Long series" },
    ),
  },
  {
    name: "hostile series",
    spec: lines(
      PAYLOADS.slice(0, 5).flatMap((s, j) => numbered(3, (i) => ({ x: i, n: i * (j + 1), s }))),
      { ...line, title: "Hostile series" },
    ),
  },
  {
    name: "steps over days with a null",
    spec: steps([...DAYS.slice(0, 4).map((x, i) => ({ x, n: i * 3, s: "a" })), { x: null, n: 1, s: "a" }], {
      ...line,
      title: "Steps over days",
    }),
  },
  {
    name: "stacked steps",
    spec: steps(
      numbered(20, (i) => ({ x: new Date(Date.UTC(2026, 10, 25, 10, 0, i * 3)), n: i, s: `table ${i % 3}` })),
      { ...line, stacked: true, title: "Rows landed" },
    ),
  },
  {
    name: "areas",
    spec: areas(
      DAYS.flatMap((x, i) => ["gold", "copper", "iron"].map((s, j) => ({ x, n: (i + 1) * (j + 1), s }))),
      { ...line, title: "Areas" },
    ),
  },
  {
    name: "areas with gaps",
    spec: areas(
      DAYS.flatMap((x, i) => [{ x, n: i === 2 ? null : 5, s: "a" }, ...(i % 2 ? [{ x, n: 3, s: "b" }] : [])]),
      { ...line, title: "Areas with gaps" },
    ),
  },
  {
    name: "line panels",
    spec: lines(
      numbered(60, (i) => ({ x: i % 10, n: seeded(i) * 100, s: i % 2 ? "a" : "b", f: `city ${i % 3}` })),
      { ...line, facet: "f", title: "Panels of lines" },
    ),
  },
  ...["ms", "%", "€", "°C", "% of all players in the northern kingdom"].map((unit) => ({
    name: `lines in ${unit}`,
    spec: lines(
      DAYS.map((x, i) => ({ x, n: (i - 1) * 1250.5, s: "a" })),
      { ...line, unit, title: `Lines in ${unit}` },
    ),
  })),
  {
    name: "panels in ms",
    spec: lines(
      numbered(40, (i) => ({ x: i % 10, n: seeded(i) * 10_000, f: `city ${i % 4}` })),
      { x: "x", y: "n", facet: "f", unit: "ms", title: "Panels in ms" },
    ),
  },
  { name: "no rows in lines", spec: lines([], { ...line, title: "No rows" }), marks: 0 },
  {
    name: "50,000 values",
    spec: lines(
      numbered(50_000, (i) => ({ x: i, n: Math.sin(i / 3000) * 50 + seeded(i) * 20, s: "a" })),
      { ...line, title: "50,000 values" },
    ),
  },
];

export const GRIDS: Example[] = [
  {
    name: "points",
    spec: points(
      numbered(40, (i) => ({ x: seeded(i) * 10, n: seeded(i + 99) * 100, s: i % 2 ? "a" : "b" })),
      { ...line, title: "Points" },
    ),
    series: 2,
    marks: 40,
  },
  { name: "one point", spec: points([{ x: 5, n: 5 }], { x: "x", y: "n", title: "One point" }), marks: 1 },
  {
    name: "3,000 points",
    spec: points(
      numbered(3000, (i) => ({ x: seeded(i) * 10, n: seeded(i + 9999) * seeded(i) * 100 })),
      { x: "x", y: "n", title: "3,000 points" },
    ),
    marks: 3000,
  },
  {
    name: "100,000 points",
    spec: points(
      numbered(100_000, (i) => ({
        x: seeded(i) + seeded(i * 3) + seeded(i * 7),
        n: seeded(i + 1) + seeded(i * 5),
      })),
      { x: "x", y: "n", title: "100,000 points" },
    ),
  },
  {
    name: "points by names",
    spec: points(
      numbered(30, (i) => ({ x: ["gold", "copper", "iron"][i % 3], n: i })),
      { x: "x", y: "n", title: "Points by names" },
    ),
    marks: 30,
  },
  {
    name: "point panels",
    spec: points(
      numbered(80, (i) => ({ x: seeded(i), n: seeded(i + 5), f: `city ${i % 4}` })),
      { x: "x", y: "n", facet: "f", title: "Panels of points" },
    ),
    marks: 80,
  },
  {
    name: "points without numbers",
    spec: points(
      [
        { x: 1, n: NaN },
        { x: null, n: 2 },
        { x: 3, n: 3 },
      ],
      { x: "x", y: "n", title: "Points without numbers" },
    ),
    marks: 1,
  },
  {
    name: "own scatter of 3,000",
    spec: {
      title: "Own scatter",
      data: { values: numbered(3000, (i) => ({ a: seeded(i), b: seeded(i + 7) })) },
      mark: "point",
      encoding: { x: { field: "a", type: "quantitative" }, y: { field: "b", type: "quantitative" } },
    },
    marks: 3000,
  },
  {
    name: "own spec",
    spec: {
      title: "Own spec: a pie of parts",
      data: { values: named({ a: 3, b: 4, c: 5 }) },
      mark: { type: "arc", innerRadius: 40 },
      encoding: { theta: { field: "n", type: "quantitative" }, color: { field: "k", type: "nominal" } },
    },
  },
  {
    name: "own spec with settings",
    spec: {
      title: "Own settings are stronger",
      width: 200,
      height: 90,
      config: { title: { fontSize: 12 } },
      data: { values: named({ a: 3, b: 4, c: 5 }) },
      mark: { type: "bar", color: "#a855f7" },
      encoding: { x: { field: "k", type: "nominal" }, y: { field: "n", type: "quantitative" } },
    },
  },
  {
    name: "own box plot",
    spec: {
      title: "Own box plot",
      data: { values: numbered(60, (i) => ({ k: ["a", "b", "c"][i % 3], n: seeded(i) * 10 })) },
      mark: "boxplot",
      encoding: { x: { field: "n", type: "quantitative" }, y: { field: "k", type: "nominal" } },
    },
  },
  {
    name: "histogram",
    spec: histogram(
      numbered(500, (i) => ({ n: seeded(i) + seeded(i * 3) + seeded(i * 7) })),
      { x: "n", title: "Histogram" },
    ),
  },
  {
    name: "histogram of whole numbers",
    spec: histogram(
      numbered(50, (i) => ({ n: i % 5 })),
      { x: "n", title: "Whole numbers" },
    ),
  },
  {
    name: "histogram of one value",
    spec: histogram([{ n: 0.5 }, { n: null }], { x: "n", title: "One value" }),
  },
  {
    name: "histogram of negative numbers",
    spec: histogram(
      numbered(90, (i) => ({ n: -seeded(i) * 0.001 })),
      { x: "n", title: "Small negative numbers" },
    ),
  },
  {
    name: "histogram of times",
    spec: histogram(
      numbered(90, (i) => ({ n: new Date(Date.UTC(2026, 9, 24) + seeded(i) * 86_400_000 * 3) })),
      { x: "n", title: "Times" },
    ),
  },
  {
    name: "histogram panels",
    spec: histogram(
      numbered(400, (i) => ({ n: seeded(i) * ((i % 3) + 1), f: `city ${i % 3}` })),
      { x: "n", facet: "f", title: "Panels of histograms" },
    ),
  },
  {
    name: "heat map",
    spec: heatMap(
      numbered(35, (i) => ({
        x: DAYS[i % 5],
        y: ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"][Math.floor(i / 5)],
        n: i * i,
      })),
      { x: "x", y: "y", value: "n", title: "Heat map" },
    ),
    marks: 35,
  },
  {
    name: "heat map of hours",
    spec: heatMap(
      numbered(168, (i) => ({ x: i % 24, y: `day ${Math.floor(i / 24)}`, n: Math.round(seeded(i) * 1000) })),
      { x: "x", y: "y", value: "n", title: "Requests by hour" },
    ),
    marks: 168,
  },
  {
    name: "heat map with negative numbers",
    spec: heatMap(
      numbered(12, (i) => ({ x: `c${i % 4}`, y: `r${Math.floor(i / 4)}`, n: i === 5 ? null : i - 6 })),
      { x: "x", y: "y", value: "n", title: "Negative numbers and a null" },
    ),
    marks: 11,
  },
  {
    name: "heat map in %",
    spec: heatMap(
      numbered(12, (i) => ({ x: `c${i % 4}`, y: `r${Math.floor(i / 4)}`, n: i * 8 })),
      { x: "x", y: "y", value: "n", unit: "%", title: "Parts" },
    ),
    marks: 12,
  },
  {
    name: "heat map of hours in ms",
    spec: heatMap(
      numbered(168, (i) => ({ x: i % 24, y: `day ${Math.floor(i / 24)}`, n: Math.round(seeded(i) * 1000) })),
      { x: "x", y: "y", value: "n", unit: "ms", title: "Delay by hour" },
    ),
    marks: 168,
  },
  {
    name: "heat map without rows",
    spec: heatMap([], { x: "x", y: "y", value: "n", title: "No rows" }),
    marks: 0,
  },
];

export const EXAMPLES: Example[] = [...BARS, ...LINES, ...GRIDS];
