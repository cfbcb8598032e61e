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
      tags.filter((tag) => /^<(script|img)|\son\w+=/i.test(tag)),
      [],
    );
    assert.doesNotMatch(html, /(src|href)="(?!#)/);
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

  it("shows an output of another form as its text, and says so", async () => {
    const html = await render([
      [
        bundle({ "image/svg+xml": "<svg>drawn</svg>", "text/plain": "a drawing" }),
        bundle({ "text/html": "<b>bold</b>" }),
        bundle({ [CHART_TYPE]: { data: { url: "data.csv" }, mark: "bar" }, "text/plain": "a chart" }),
      ],
    ]);
    assert.match(
      html,
      /a drawing<\/pre><p class="note">Not drawn: this page cannot draw image\/svg\+xml<\/p>/,
    );
    assert.match(html, /<p class="note">Not drawn: this page cannot draw text\/html<\/p>/);
    assert.match(html, /a chart<\/pre><p class="note">Not drawn: expected data in the spec, got an address/);
  });

  it("folds the code and shows times, claims, and the text after a carriage return", async () => {
    const html = await render([[text("10 %\r100 %\n")]]);
    assert.match(html, /<details class="code"><summary><code>assert\.ok\(true\);/);
    assert.match(html, /1\.3\u00a0s<\/span><span class="held">claim held/);
    assert.match(html, /<pre class="text stdout">100 %<\/pre>/);
  });

  it("stays below a megabyte, and notes each cut", async () => {
    const html = await render(Array.from({ length: 100 }, () => [text("x".repeat(50_000))]));
    assert.ok(Buffer.byteLength(html) <= 1_000_000);
    assert.match(html, /… \d+ more characters are in the executed notebook/);
  });
});
