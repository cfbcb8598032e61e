import assert from "node:assert/strict";
import { renderData } from "./mime.ts";

const LIMIT = { maxChars: 1_000, file: "1-x.ipynb" };
const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><circle r="4"/></svg>';

const render = (data: Record<string, unknown>, metadata = {}) => renderData(data, metadata, LIMIT);

describe("renderData(data, metadata, limit)", () => {
  const shown: Record<string, [data: Record<string, unknown>, html: string]> = {
    "a PNG picture": [
      { "image/png": PNG, "text/plain": "a <dot>" },
      `<figure class="picture"><img src="data:image/png;base64,${PNG}" alt="a &#60;dot&#62;"></figure>`,
    ],
    "a PNG picture with line ends": [
      { "image/png": [`${PNG.slice(0, 40)}\n`, `${PNG.slice(40)}\n`] },
      `<figure class="picture"><img src="data:image/png;base64,${PNG}" alt="picture"></figure>`,
    ],
    "a JPEG picture": [
      { "image/jpeg": "/9j/4AAQSkZJRg==" },
      '<figure class="picture"><img src="data:image/jpeg;base64,/9j/4AAQSkZJRg==" alt="picture"></figure>',
    ],
    "a GIF picture": [
      { "image/gif": "R0lGODlhAQABAAAAACw=" },
      '<figure class="picture"><img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=" alt="picture"></figure>',
    ],
    "an SVG picture": [
      { "image/svg+xml": SVG },
      `<figure class="picture"><img src="data:image/svg+xml;base64,${btoa(SVG)}" alt="picture"></figure>`,
    ],
    "an SVG picture without a name space": [
      { "image/svg+xml": SVG.replace(/ xmlns="[^"]*"/, "") },
      `<figure class="picture"><img src="data:image/svg+xml;base64,${btoa(SVG)}" alt="picture"></figure>`,
    ],
    HTML: [{ "text/html": "<b>bold</b>" }, '<div class="prose html scroll" tabindex="0"><b>bold</b></div>'],
    "a table of pandas": [
      {
        "text/html":
          '<div><style scoped>.x { color: red }</style><table border="1" class="dataframe"><tr><td>1</td></tr></table></div>',
        "text/plain": "1",
      },
      '<div class="prose html scroll" tabindex="0"><div><table><tr><td>1</td></tr></table></div></div>',
    ],
    "a picture in HTML": [
      { "text/html": `<img src="data:image/png;base64,${PNG}" onerror="x" alt="dot">` },
      `<div class="prose html scroll" tabindex="0"><img src="data:image/png;base64,${PNG}" alt="dot" /></div>`,
    ],
    "a heading in HTML": [
      { "text/html": "<h1>Title</h1>" },
      '<div class="prose html scroll" tabindex="0"><p class="heading">Title</p></div>',
    ],
    Markdown: [
      { "text/markdown": ["**bold** ", "<b>"] },
      '<div class="prose said"><p><strong>bold</strong> &lt;b&gt;</p>\n</div>',
    ],
    JSON: [
      { "application/json": { a: ["<b>"] } },
      '<details class="json" open><summary>JSON: an object with 1 name</summary><pre tabindex="0" class="text">{\n' +
        "  &#34;a&#34;: [\n    &#34;&#60;b&#62;&#34;\n  ]\n}</pre></details>",
    ],
    "the best of several forms": [
      { "text/plain": "x", "image/png": PNG, "text/html": "<i>x</i>", "application/x-own": 1 },
      '<div class="prose html scroll" tabindex="0"><i>x</i></div>',
    ],
    "the next form when the best one is empty without its scripts": [
      { "text/html": "<div><script>draw()</script></div>", "image/png": PNG },
      `<figure class="picture"><img src="data:image/png;base64,${PNG}" alt="picture"></figure>`,
    ],
  };
  for (const [kind, [data, html]] of Object.entries(shown)) {
    it(`shows ${kind}`, () => assert.deepEqual(render(data), { html, problem: "" }));
  }

  for (const text of ["x^2", "$x^2$", "$$x^2$$", "\\[x^2\\]", "\\(x^2\\)"]) {
    it(`shows LaTeX as a formula: ${text}`, () => {
      assert.match(render({ "text/latex": text })!.html, /<math.*<msup><mi>x<\/mi><mn[^>]*>2<\/mn><\/msup>/s);
    });
  }

  it("keeps the size of a picture", () => {
    const { html } = render({ "image/png": PNG }, { "image/png": { width: 40, height: '1" onload="x' } })!;
    assert.match(html, /alt="picture" width="40"><\/figure>$/);
  });

  it("folds long JSON, and leaves its middle out", () => {
    const { html } = render({ "application/json": Array.from({ length: 500 }, (_, i) => i) })!;
    assert.match(
      html,
      /^<details class="json"><summary>JSON: a list of 500<\/summary>.*1-x.ipynb<\/a> has all/s,
    );
  });

  const partly: Record<string, [data: Record<string, unknown>, problem: string]> = {
    JavaScript: [{ "text/javascript": "alert(1)" }, "this page cannot show text/javascript"],
    "a widget": [
      { "application/vnd.jupyter.widget-view+json": {}, "text/plain": "IntSlider()" },
      "this page cannot show application/vnd.jupyter.widget-view+json",
    ],
    "a PDF": [{ "application/pdf": "JVBERi0=" }, "this page cannot show application/pdf"],
    "text in the place of a picture": [
      { "image/png": "<b>" },
      "expected image/png in base64, got other content",
    ],
    "other markup in the place of SVG": [
      { "image/svg+xml": "<b>" },
      "expected image/svg+xml, got other content",
    ],
    "JSON without its end": [{ "application/json": "{" }, "expected application/json, got other content"],
    "HTML that is a script": [
      { "text/html": "<script>alert(1)</script>" },
      "parts of HTML are left out: script",
    ],
  };
  for (const [kind, [data, problem]] of Object.entries(partly)) {
    it(`tells that it cannot show ${kind}`, () => assert.deepEqual(render(data), { html: "", problem }));
  }

  it("tells the parts of HTML that it leaves out", () => {
    const { html, problem } = render({
      "text/html":
        '<p onclick="x()">text <a href="http://example.com">link</a></p><script>x()</script>' +
        '<img src="http://example.com/x.png"><iframe src="x"></iframe><form><input></form><svg onload="x()"><text>t</text></svg>',
    })!;
    assert.equal(html, '<div class="prose html scroll" tabindex="0"><p>text link</p></div>');
    assert.equal(
      problem,
      "parts of HTML are left out: a, script, img with an address, iframe, form, input, svg, text",
    );
  });

  it("has nothing for plain text, and for data of other modules", () => {
    assert.equal(render({ "text/plain": "x", "application/vnd.questlog.counted+json": [] }), null);
  });
});
