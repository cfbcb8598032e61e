import assert from "node:assert/strict";
import { renderProse, renderSaid, summaryOf } from "./prose.ts";

describe("renderProse(source, idPrefix)", () => {
  it("moves headings one level down and gives their ids", () => {
    const { html, headings } = renderProse("# A *title*\n\n## Why, though?", "1-x");
    assert.equal(html, '<h2>A <em>title</em></h2>\n<h3 id="1-x-why-though">Why, though?</h3>\n');
    assert.deepEqual(
      headings.map(({ level, id }) => [level, id]),
      [
        [1, "1-x"],
        [2, "1-x-why-though"],
      ],
    );
  });

  it("links to other notebooks' chapters, and to other pages without a referrer", () => {
    const { html } = renderProse("[a](2-requests.ipynb) [b](https://example.com)", "1-x");
    assert.equal(
      html,
      '<p><a href="#2-requests">a</a> <a href="https://example.com" rel="noopener noreferrer">b</a></p>\n',
    );
  });

  it("shows HTML as text", () => {
    assert.equal(renderProse("<b>x</b>", "1-x").html, "<p>&lt;b&gt;x&lt;/b&gt;</p>\n");
  });
});

describe("renderSaid(source)", () => {
  it("emphasises, and makes no links, pictures or headings", () => {
    assert.equal(
      renderSaid("# **1** [x](https://example.com) ![y](https://example.com/y.png) <https://example.com>"),
      "<p># <strong>1</strong> [x](https://example.com) ![y](https://example.com/y.png) &lt;https://example.com&gt;</p>\n",
    );
  });
});

describe("summaryOf(source)", () => {
  it("begins with the first statement after imports, on one line", () => {
    assert.equal(
      summaryOf('import x from "y";\n// why\nshow(\n  bars(rows, { a: 1 }),\n);'),
      "show(bars(rows, { a: 1 }));",
    );
    assert.equal(summaryOf('import x from "y";'), "imports of this step");
    assert.equal(summaryOf("x".repeat(200)).length, 121);
  });
});
