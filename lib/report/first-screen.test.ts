import assert from "node:assert/strict";
import { bars } from "../ask/chart.ts";
import { HEADLINE_TYPE, tilesBundle, type Tile, TILES_TYPE } from "../ask/headline.ts";
import { chartBundle } from "../ask/show.ts";
import { runOf } from "../testbed/notebook.fixture.ts";
import { tilesClass } from "./first-screen.ts";
import { renderReport } from "./html.ts";
import { isCode, type Output } from "./notebook.ts";
import { resultsOf } from "./results.ts";

const bundle = (data: Record<string, unknown>): Output => ({
  output_type: "display_data",
  data: data as never,
  metadata: {},
});
const HEADLINE = bundle({ [HEADLINE_TYPE]: { markdown: "Players bought **60** <swords>." } });
const TILE = { name: "sold", label: "swords sold", text: "60", value: 60, unit: "", note: "<b>" };
const TILES = bundle({ [TILES_TYPE]: { tiles: [TILE] } });
const tilesOutput = (list: Tile[]): Output => bundle(tilesBundle(list));
const CHART = bundle(
  chartBundle(bars([{ metal: "gold", n: 60 }], { category: "metal", value: "n", title: "Swords" })),
);
const PLAIN: Output = { output_type: "stream", name: "stdout", text: "printed\n" };

/** The head of the page, and the rest. */
async function render(outputs: Output[][], tags: string[][] = [], options = {}) {
  const run = runOf(outputs);
  const cells = run.steps[0]!.notebook.cells.filter(isCode);
  for (const [i, list] of tags.entries()) cells[i]!.metadata = { tags: list };
  const html = await renderReport(run, { title: "Shop", facts: [], ...options });
  const [head = "", rest = ""] = html.slice(html.indexOf("<body>")).split("</header>");
  return { head, rest };
}

describe("the first screen of a report", () => {
  it("shows headline, tiles and the chart of a cell tagged headline, each once and only there", async () => {
    const { head, rest } = await render([[HEADLINE, TILES], [CHART]], [[], ["headline"]]);
    assert.match(head, /<p>Players bought <strong>60<\/strong> &lt;swords&gt;\.<\/p>/);
    assert.match(head, /<dt>swords sold<\/dt><dd class="value">60<\/dd><dd>&#60;b&#62;<\/dd>/);
    assert.match(head, /<figure class="chart"/);
    assert.doesNotMatch(rest, /Players bought|swords sold|<figure/);
  });

  it("shows the change of a tile since the last report", async () => {
    const previous = resultsOf(
      runOf([[tilesOutput([{ label: "swords sold", name: "sold", value: 50 }])]]),
      "T",
    );
    const { head } = await render([[TILES]], [], { previous });
    assert.match(head, /\+10 \(\+20%\) since the last report/);
  });

  it("shows a failed run's error first", async () => {
    const run = runOf([[HEADLINE], [{ output_type: "error", ename: "E", evalue: "broken", traceback: [] }]]);
    run.status = "failed";
    run.steps[0]!.cells[1]!.status = "failed";
    const html = await renderReport(run, { title: "Shop", facts: [] });
    assert.ok(html.indexOf("E: broken") < html.indexOf("Players bought"));
  });
});

describe("a report for readers", () => {
  it("has no code, no times, no claims and no facts of the run", async () => {
    const { head, rest } = await render([[TILES], [PLAIN]], [], {
      isForReaders: true,
      facts: [{ title: "Services", rows: [["Kafka", "4"]] }],
    });
    assert.match(head, /The numbers of this report passed 2 checks\./);
    assert.match(rest, /printed/);
    assert.doesNotMatch(
      head + rest,
      /<code>|class="took"|class="claims"|Kafka|Show all code|cells ran|Step 1/,
    );
  });
});

describe("a cell's tags", () => {
  const cases: [tag: string, shown: RegExp, hidden: RegExp | null][] = [
    ["hide-input", /<details class="code quiet">/, null],
    ["remove-input", /printed/, /<details class="code/],
    ["hide-output", /<details class="output"><summary>Output<\/summary><pre [^>]*>printed/, null],
    ["remove-output", /<details class="code/, /printed/],
    ["remove-cell", /id="1-first-cell-1"/, /printed|<details class="code/],
  ];
  for (const [tag, shown, hidden] of cases)
    it(`${tag} works as in Jupyter Book`, async () => {
      const { rest } = await render([[PLAIN]], [[tag]]);
      assert.match(rest, shown);
      if (hidden) assert.doesNotMatch(rest, hidden);
    });

  it("hide no part of a failed cell", async () => {
    const run = runOf([[{ output_type: "error", ename: "E", evalue: "broken", traceback: [] }]]);
    run.status = "failed";
    run.steps[0]!.cells[0]!.status = "failed";
    run.steps[0]!.cells[0]!.cell.metadata = { tags: ["remove-cell"] };
    assert.match(await renderReport(run, { title: "T", facts: [] }), /<div class="error" role="alert">/);
  });
});

describe("the rows of tiles", () => {
  for (const [count, columns] of [
    [1, 1],
    [2, 2],
    [3, 3],
    [4, 4],
    [5, 3],
    [6, 3],
    [7, 4],
    [8, 4],
    [9, 3],
  ] as const) {
    it(`are even: ${count} tiles stand in ${columns} columns`, () => {
      const texts = Array.from({ length: count }, () => "1,234");
      assert.ok(tilesClass(texts).split(" ").includes(`columns-${columns}`), tilesClass(texts));
    });
  }

  it("have fewer columns for long texts", () => {
    const time = "2026-11-25 10:00 UTC";
    assert.match(tilesClass([time, "1", "2", "3"]), /columns-2 .*single/);
    assert.match(tilesClass([time.repeat(4)]), /columns-1 fits-20 single/);
  });

  it("stand beside each other on a phone up to ten digits", () => {
    assert.doesNotMatch(tilesClass(["1,234,567,890", "4"]), /single/);
  });
});
