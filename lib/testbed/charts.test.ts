// Every kind of chart and every hard input, drawn as the report has them, measured in Chromium.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { themed, titleOf } from "../ask/theme.ts";
import { drawChart } from "../report/draw.ts";
import { STYLE } from "../report/style.ts";
import { openBrowser } from "./browser.ts";
import { EXAMPLES, type Example } from "./charts.fixture.ts";

/** One chart as Chromium shows it; lengths in pixels of the screen. */
interface Measured {
  width: number;
  outside: string[]; // texts that the picture cuts
  overlapping: string[]; // pairs of texts
  contrast: number; // the lowest of its texts, to the page
  marks: { width: number; height: number; count: number }[];
}

const MEASURE = `(() => {
  const PALETTE = ["#3b82f6", "#d97706", "#0d9f6e", "#a855f7", "#e5484d", "#64809c", "rgba("];
  const numbers = (color) => (color.match(/[\\d.]+/g) ?? []).map(Number);
  const light = (color) => numbers(color).slice(0, 3)
    .map((c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const page = light(getComputedStyle(document.body).backgroundColor);
  const contrast = (text) => {
    const ink = light(getComputedStyle(text).fill);
    return (Math.max(ink, page) + 0.05) / (Math.min(ink, page) + 0.05);
  };
  const isAngled = (text) => (text.getAttribute("transform") ?? "").includes("rotate");
  const cut = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 &&
    Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 3;
  return [...document.querySelectorAll("figure")].map((figure) => {
    const svg = figure.querySelector("svg");
    const box = svg.getBoundingClientRect();
    const texts = [...svg.querySelectorAll("text")].filter((text) => text.textContent !== "" && text.getAttribute("opacity") !== "0");
    const boxes = texts.map((text) => text.getBoundingClientRect());
    const outside = texts.filter((text, i) => {
      const { left, right, top, bottom } = boxes[i];
      return left < box.left - 1 || right > box.right + 1 || top < box.top - 1 || bottom > box.bottom + 1;
    });
    const overlapping = texts.flatMap((a, i) => texts.slice(i + 1).flatMap((b, j) =>
      !(isAngled(a) && isAngled(b)) && cut(boxes[i], boxes[i + 1 + j]) ? [a.textContent + " | " + b.textContent] : []));
    const marks = [...svg.querySelectorAll("path")]
      .filter((path) => PALETTE.some((color) => (path.getAttribute("fill") ?? "").startsWith(color) || (path.getAttribute("stroke") ?? "").startsWith(color)))
      .map((path) => {
        const { width, height } = path.getBoundingClientRect();
        return { width, height, count: path.getAttribute("d").split("M").length - 1 };
      });
    return { width: box.width, outside: outside.map((text) => text.textContent), overlapping, contrast: Math.min(21, ...texts.map(contrast)), marks };
  });
})()`;

describe("each kind of chart with each hard input, in Chromium", function () {
  this.timeout(120_000);
  let browser: Browser | null;
  let folder: string;
  const drawn: { svg: string; note: string }[] = [];

  before(async function () {
    browser = await openBrowser();
    if (!browser) return this.skip();
    folder = await mkdtemp(join(tmpdir(), "questlog-charts-"));
    for (const [i, { spec }] of EXAMPLES.entries()) drawn.push(await drawChart(sent(spec), `chart-${i}`));
    const figures = drawn.map(
      ({ svg, note }) => `<figure class="chart">${svg}<figcaption class="note">${note}</figcaption></figure>`,
    );
    const html = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Charts</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>${STYLE}</style>
<body><main>${figures.join("\n")}</main>`;
    await writeFile(join(folder, "charts.html"), html);
  });

  after(async () => {
    await browser?.close();
    if (folder) await rm(folder, { recursive: true });
  });

  for (const [width, colorScheme] of [
    [1280, "light"],
    [390, "dark"],
  ] as const) {
    it(`shows all texts and marks at ${width} px on a ${colorScheme} page`, async () => {
      const page = await (browser as Browser).newPage({ viewport: { width, height: 900 }, colorScheme });
      const found = await measure(page);
      const faults = EXAMPLES.flatMap((example, i) => faultsOf(example, found[i]!, width));
      assert.deepEqual(faults, []);
      assert.equal(await page.evaluate("document.documentElement.scrollWidth"), width);
      await page.close();
    });
  }

  it("draws the same bytes again", async () => {
    for (const [i, { name, spec }] of EXAMPLES.entries()) {
      if (drawn[i]!.svg.length > 100_000) continue; // takes a second each
      assert.deepEqual(await drawChart(sent(spec), `chart-${i}`), drawn[i], name);
    }
  });

  it("reads title and numbers to readers who cannot see them", () => {
    for (const [i, { name, spec }] of EXAMPLES.entries()) {
      const label = /^<svg role="img" aria-label="([^"]*)"/.exec(drawn[i]!.svg)?.[1] ?? "";
      assert.match(label, /: .*(\d|no rows)/, name);
      if (/^[\w ]+$/.test(titleOf(spec))) assert.ok(label.startsWith(titleOf(spec)), label);
    }
  });

  it("tells each reduction of marks, and keeps the picture small", () => {
    const noteOf = (name: string) => drawn[EXAMPLES.findIndex((one) => one.name === name)]!.note;
    assert.match(noteOf("100,000 points"), /^[\d,]+ of 100,000 points are drawn: one of all/);
    assert.match(noteOf("50,000 values"), /^lines of 50,000 values show the first, last, lowest/);
    assert.equal(noteOf("3,000 points"), "");
    assert.equal(noteOf("own scatter of 3,000"), "");
    for (const { svg } of drawn) assert.ok(svg.length < 250_000, String(svg.length));
  });

  async function measure(page: Page): Promise<Measured[]> {
    await page.goto(pathToFileURL(join(folder, "charts.html")).href);
    return page.evaluate<Measured[]>(MEASURE);
  }
});

/** The spec as an output of a cell has it: JSON. */
function sent(spec: object): object {
  return JSON.parse(JSON.stringify(themed(spec))) as object;
}

function faultsOf({ name, spec, marks, series = 0 }: Example, found: Measured, width: number): string[] {
  const faults: string[] = [];
  const add = (fault: string) => faults.push(`${name}: ${fault}`);
  if (found.width > width || found.width < Math.min(300, width)) add(`is ${found.width} px wide`);
  for (const text of found.outside) add(`the picture cuts "${text}"`);
  for (const pair of found.overlapping) add(`these texts overlap: ${pair}`);
  if (found.contrast < 4.5) add(`text has a contrast of ${found.contrast.toFixed(1)}`);
  if (marks === undefined) return faults;
  const count = found.marks.reduce((sum, mark) => sum + mark.count, 0) - series;
  if (count !== marks) add(`expected ${marks} marks, got ${count}`);
  if ("facet" in spec) return faults; // its marks have the order of the panels
  const { values = [] } = (spec as { data: { values?: { number?: number | null }[] } }).data;
  for (const [i, { number }] of values.entries()) {
    const mark = found.marks[i];
    if (typeof number !== "number" || number === 0 || mark === undefined || found.marks.length !== marks)
      continue;
    if (mark.width < 2 || mark.height < 2) add(`the mark of ${number} is ${mark.width} × ${mark.height} px`);
  }
  return faults;
}
