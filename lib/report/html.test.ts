import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { bars } from "../ask/chart.ts";
import { CHART_TYPE, chartBundle, TABLE_TYPE } from "../ask/show.ts";
import { tableData } from "../ask/table.ts";
import type { Output } from "./notebook.ts";
import { runOf } from "../testbed/notebook.fixture.ts";
import { renderReport } from "./html.ts";

const HOSTILE = `<script>alert("1")</script><img src=x onerror='alert(1)'>`;
const CHART = chartBundle(
  bars([{ metal: HOSTILE, swords: 60 }], { category: "metal", value: "swords", title: "Swords" }),
);
const TABLE = { [TABLE_TYPE]: tableData([{ [HOSTILE]: HOSTILE }], HOSTILE) };

const render = (outputs: Output[][], options = {}) =>
  renderReport(runOf(outputs, options), {
    title: "Title",
    facts: [{ title: "Facts", rows: [["Node", HOSTILE]] }],
  });
const bundle = (data: Record<string, unknown>): Output => ({
  output_type: "display_data",
  data: data as never,
  metadata: {},
});
const text = (text: string): Output => ({ output_type: "stream", name: "stdout", text });

describe("renderReport(run, options)", () => {
  it("says that a text's value is not known when a cell failed, and links to that cell", async () => {
    const run = runOf([[], [{ output_type: "error", ename: "Error", evalue: "no", traceback: [] }]], {
      markdown: "# A title\n\n**{{ total }}** swords, `{{ code }}`",
    });
    run.status = run.steps[0]!.status = run.steps[0]!.cells[1]!.status = "failed";
    const html = await renderReport(run, { title: "Title", facts: [] });
    assert.match(html, /not known: cell 2 failed/);
    assert.doesNotMatch(html, /\{\{ total/);
    assert.match(html, /<code>\{\{ code \}\}<\/code>/);
    assert.match(html, /Failed in <a href="#1-first-cell-2">1-first, cell 2<\/a>/);
  });

  it("escapes every value, wherever it comes from", async () => {
    const outputs: Output[] = [
      text(HOSTILE),
      bundle({ "text/plain": HOSTILE }),
      bundle({ "text/html": HOSTILE, "text/plain": HOSTILE }),
      bundle({ "text/html": `<table><tr><td>${HOSTILE}</td></tr></table>`, "text/plain": HOSTILE }),
      bundle({ "text/markdown": `${HOSTILE} [x](javascript:alert(1)) ![x](http://example.com/x.png)` }),
      bundle({ "image/svg+xml": `<svg>${HOSTILE}</svg>`, "text/plain": HOSTILE }),
      bundle({ [HOSTILE]: HOSTILE }),
      bundle(CHART),
      bundle(TABLE),
      bundle({
        [TABLE_TYPE]: {
          schema: { fields: [{ name: HOSTILE, type: HOSTILE }] },
          data: [{ [HOSTILE]: HOSTILE }],
        },
      }),
      bundle({ [TABLE_TYPE]: HOSTILE }),
      bundle({ [CHART_TYPE]: { description: HOSTILE, mark: HOSTILE } }),
      bundle({ "application/javascript": "alert(1)" }),
      { output_type: "error", ename: HOSTILE, evalue: HOSTILE, traceback: [] },
    ];
    const html = await render([outputs], {
      markdown: `# ${HOSTILE}\n\n## ${HOSTILE}`,
      source: `"${HOSTILE}"`,
    });
    const tags = (html.match(/<[a-z][^>]*>/gi) ?? []).map((tag) => tag.replace(/"[^"]*"/g, '""'));
    assert.deepEqual(
      tags.filter((tag) => /^<script|^<img(?! src="" alt="">)|\son\w+=/i.test(tag)),
      ['<script id="">'], // of the tables
    );
    assert.doesNotMatch(html, /(src|href)="(?!#|data:image\/svg\+xml;base64,[\w+/=]+")/);
  });

  it("forbids scripts and requests, and allows its own style by hash", async () => {
    const html = await render([]);
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html)?.[1];
    const style = /<style>([\s\S]*)<\/style>/.exec(html)?.[1] ?? "";
    const hash = createHash("sha256").update(style).digest("base64");
    assert.equal(
      policy,
      `default-src 'none'; style-src 'sha256-${hash}'; img-src data:; base-uri 'none'; form-action 'none'`,
    );
    assert.doesNotMatch(html.replace(style, ""), /\sstyle=/);
  });

  it("allows the script of the tables by hash, on pages with tables only", async () => {
    const html = await render([[bundle(TABLE)]]);
    const script = /<script id="show-tables">([^]*?)<\/script>/.exec(html)?.[1] ?? "";
    const hash = createHash("sha256").update(script).digest("base64");
    assert.ok(html.includes(` script-src 'sha256-${hash}';`));
    assert.doesNotMatch(await render([[]]), /<script|script-src/);
  });

  it("shows 5,000 rows in a box, and of more rows the first and all of them as CSV", async () => {
    const rows = Array.from({ length: 5_000 }, (_, i) => ({ i, text: `row ${i}` }));
    const html = await render([[bundle({ [TABLE_TYPE]: tableData(rows, "Many") })]]);
    assert.equal(html.match(/<tr>/g)?.length, 5_001);
    assert.match(html, /<div class="scroll tall"/);
    const more = { ...tableData(rows.slice(0, 3), "Many"), rows: 6_000, csv: "i,text\r\n0,row 0" };
    const cut = await render([[bundle({ [TABLE_TYPE]: more })]]);
    assert.match(cut, /<a download="many.csv" href="data:text\/csv;[^"]*">all 6,000 rows as CSV<\/a>/);
    const { csv, ...without } = more;
    assert.match(
      await render([[bundle({ [TABLE_TYPE]: without })]]),
      /5,997 more rows are too many for this page/,
    );
    assert.ok(csv);
  });

  it("gives every element its own id, and links only to ids that exist", async () => {
    const chart = bundle(CHART);
    const html = await render([[chart, chart], [chart]]);
    const ids = [...html.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id);
    assert.equal(new Set(ids).size, ids.length);
    const targets = [...html.matchAll(/(?:href="#|url\(#|aria-labelledby=")([^")]*)/g)].flatMap(
      ([, id = ""]) => id.split(" "),
    );
    assert.deepEqual(
      targets.filter((id) => !ids.includes(id)),
      [],
    );
  });

  it("draws a chart from its spec and a table from its rows, and ignores markup beside them", async () => {
    const markup = { "image/svg+xml": "<svg>forged</svg>", "text/html": "<table>forged</table>" };
    const html = await render([[bundle({ ...CHART, ...markup }), bundle({ ...TABLE, ...markup })]]);
    assert.match(html, /<figure class="chart" id="figure-swords"><svg role="img" aria-label="[^"]+"/);
    assert.match(html, /<figure class="table" [^>]*>.*<table/);
    assert.doesNotMatch(html, /forged/);
  });

  it("shows an output of another form as its text, says so, and counts it", async () => {
    const html = await render([
      [
        bundle({ "application/javascript": "alert(1)", "text/plain": "a script" }),
        bundle({ "application/vnd.jupyter.widget-view+json": { model_id: "1" } }),
        bundle({ [CHART_TYPE]: { data: { url: "data.csv" }, mark: "bar" }, "text/plain": "a chart" }),
      ],
    ]);
    const problem = "this page cannot show application/javascript";
    assert.ok(html.includes(`a script</pre><p class="note">Not shown: ${problem}</p>`));
    assert.match(html, /Not shown: this page cannot show application\/vnd\.jupyter\.widget-view\+json</);
    assert.ok(html.includes("<h3>Outputs not shown, or not whole: 3</h3>"));
    assert.ok(html.includes(`<dt>1-first, cell 1</dt><dd>${problem}</dd>`));
    assert.match(html, /a chart<\/pre><p class="note">Not shown: expected data in the spec, got an address/);
  });

  it("folds the code and shows times, claims, and the text after a carriage return", async () => {
    const html = await render([[text("10 %\r100 %\n")]]);
    assert.match(html, /<details class="code"><summary><code>assert\.ok\(true\);/);
    assert.match(html, /1\.3\u00a0s<\/span><span class="held">claim held/);
    assert.match(html, /<pre tabindex="0" class="text stdout">100 %<\/pre>/);
  });

  it("cuts texts until the page's text has at most a megabyte, and notes each cut", async () => {
    const html = await render(Array.from({ length: 100 }, () => [text(`${"x".repeat(49)}\n`.repeat(1_000))]));
    assert.ok(Buffer.byteLength(html) <= 1_000_000);
    const note =
      /… left out: 950 lines, 47,500 characters; <a href="1-first.ipynb">1-first.ipynb<\/a> has all of it/;
    assert.match(html, note);
    const shown = html.split("x".repeat(49)).length - 1;
    assert.equal(shown, 100 * 50);
  });

  it("shows a picture and a table of any size, and then cuts no text", async () => {
    const picture = `iVBORw0KGgo${"A".repeat(3_000_001)}`;
    const rows = Array.from({ length: 3_000 }, (_, i) => ({ i, name: `name ${i}` }));
    const table = { [TABLE_TYPE]: tableData(rows, "rows") };
    const html = await render([[bundle({ "image/png": picture }), bundle(table), text("y".repeat(30_000))]]);
    assert.ok(html.includes(`<img src="data:image/png;base64,${picture}"`));
    assert.ok(html.includes("name 2999"));
    assert.ok(html.includes("y".repeat(30_000)));
  });

  it("writes a page for notebooks whose text alone is above a megabyte", async () => {
    const html = await render([[]], { markdown: "word ".repeat(300_000) });
    assert.ok(Buffer.byteLength(html) > 1_000_000);
  });

  it("names the style of a text's colours in its policy", async () => {
    const html = await render([[text("\u001b[31mred\u001b[0m")]]);
    const style = /<style>([\s\S]*)<\/style>/.exec(html)![1]!;
    assert.match(style, /\.fg-bb0000\{color:light-dark\(#bb0000,#[\da-f]{6}\)\}/);
    assert.ok(html.includes(`'sha256-${createHash("sha256").update(style).digest("base64")}'`));
  });
});
