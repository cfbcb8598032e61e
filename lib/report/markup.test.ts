import assert from "node:assert/strict";
import { safeSvg, safeTable } from "./markup.ts";

describe("safeSvg(text, idPrefix)", () => {
  it("keeps a drawing, with its ids made unique", () => {
    const svg =
      '<svg width="10" viewBox="0 0 10 10"><defs><clipPath id="clip0"><rect width="5.12345" height="1"/></clipPath></defs>' +
      '<g clip-path="url(#clip0)" transform="translate(1,2)"><text fill="currentColor">a &amp; b</text></g></svg>';
    assert.equal(
      safeSvg(svg, "x-"),
      '<svg width="10" viewBox="0 0 10 10"><defs><clipPath id="x-clip0"><rect width="5.12" height="1"></rect></clipPath></defs>' +
        '<g clip-path="url(#x-clip0)" transform="translate(1,2)"><text fill="currentColor">a &amp; b</text></g></svg>',
    );
  });

  const hostile = {
    "a script": "<script>alert(1)</script>",
    "a script inside a group": "<g><script><g>alert(1)</g></script></g>",
    "a handler": '<rect onload="alert(1)"/>',
    "foreign HTML": "<foreignObject><img src='x' onerror='alert(1)'></img></foreignObject>",
    "a link": '<a href="javascript:alert(1)"><rect/></a>',
    "a picture from elsewhere": '<image href="http://example.com/x.png"/>',
    "a paint from elsewhere": '<rect fill="url(http://example.com/x#alert)"/>',
    "a use of something else": '<use xlink:href="http://example.com/x#alert"/>',
    "a style": '<style>@import "http://example.com/alert.css"</style>',
    "a style attribute": '<rect style="background:url(http://example.com/alert)"/>',
  };
  for (const [name, markup] of Object.entries(hostile)) {
    it(`leaves out ${name}`, () => {
      const svg = safeSvg(`<svg>${markup}<circle r="1"/></svg>`, "x-");
      assert.match(svg ?? "", /<circle r="1"><\/circle><\/svg>$/);
      assert.doesNotMatch(svg ?? "", /alert|example\.com|script|href|on\w+=/);
    });
  }

  it("refuses what does not nest, is no SVG or is cut short", () => {
    for (const text of [
      "<svg><g></svg></g>",
      "<p>x</p>",
      "<svg><g>",
      "<svg>1 < 2</svg>",
      "<!DOCTYPE svg><svg></svg>",
      "",
    ]) {
      assert.equal(safeSvg(text, "x-"), null, text);
    }
  });
});

describe("safeTable(text)", () => {
  it("keeps rows, cells and the class of numbers", () => {
    const table =
      '<table><thead><tr><th scope="col">n</th></tr></thead><tbody><tr><td class="number">1</td></tr></tbody></table>';
    assert.equal(safeTable(table), table);
  });

  it("leaves out every other element, class and attribute", () => {
    const table = safeTable(
      '<table onclick="x()"><tr><td class="top" style="x">a<b>b</b><img src="x"/>c</td></tr></table>',
    );
    assert.equal(table, "<table><tr><td>ac</td></tr></table>");
  });

  it("escapes what its maker forgot", () => {
    assert.equal(
      safeTable('<table><tr><td>"a" & b &bad; &#60;</td></tr></table>'),
      "<table><tr><td>&#34;a&#34; &#38; b &#38;bad; &#60;</td></tr></table>",
    );
    assert.equal(safeTable("<table><tr><td><script>x</td></tr></table>"), null);
  });

  it("lets long texts wrap", () => {
    assert.match(safeTable(`<table><tr><td>${"x".repeat(41)}</td></tr></table>`) ?? "", /<td class="long">/);
    assert.doesNotMatch(safeTable(`<table><tr><td>${"&#60;".repeat(40)}</td></tr></table>`) ?? "", /long/);
  });
});
