import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Anchors } from "./anchors.ts";
import { type MarkdownCell, newCell, type Notebook } from "./notebook.ts";
import { footnotesOf, renderProse, renderSaid, summaryOf } from "./prose.ts";

/** Renders the Markdown of a notebook's only cell, or of its cells, one after the other. */
function render(sources: string | string[], { attachments = {}, folder = "." } = {}) {
  const cells = [sources].flat().map((source, i) => ({
    ...(newCell("markdown", source, `m${i}`) as MarkdownCell),
    attachments,
  }));
  const notebook: Notebook = { name: "1-x", cells, folder };
  const other: Notebook = {
    name: "2-requests",
    cells: [newCell("markdown", "# Two\n\n## Which ones?", "m")],
  };
  const anchors = new Anchors([notebook, other]);
  const notes = footnotesOf(notebook, anchors);
  const parts = cells.map((cell) => renderProse(cell.source, cell, { notebook, anchors, notes, lowered: 1 }));
  return {
    html: parts.map(({ html }) => html).join("") + notes.render(),
    headings: parts.flatMap(({ headings }) => headings),
    warnings: parts.flatMap(({ warnings }) => warnings),
  };
}

describe("renderProse(source, cell, page)", () => {
  it("moves headings one level down and gives their ids", () => {
    const { html, headings } = render("# A *title*\n\n## Why, though?");
    assert.equal(html, '<h2>A <em>title</em></h2>\n<h3 id="1-x-why-though">Why, though?</h3>\n');
    assert.deepEqual(
      headings.map(({ level, id }) => [level, id]),
      [
        [1, "1-x"],
        [2, "1-x-why-though"],
      ],
    );
  });

  const ids: [what: string, markdown: string[], ids: string[]][] = [
    [
      "equal headings",
      ["## Result\n\n## Result", "## Result"],
      ["1-x-result", "1-x-result-2", "1-x-result-3"],
    ],
    ["headings in other scripts", ["## 結果\n\n## 考察"], ["1-x-結果", "1-x-考察"]],
    ["headings with accents", ["## Été 2026"], ["1-x-ete-2026"]],
    ["headings without letters", ["## !\n\n## ?"], ["1-x-section", "1-x-section-2"]],
    ["a second title", ["# A\n\n# B"], ["1-x", "1-x-b"]],
  ];
  for (const [what, markdown, expected] of ids)
    it(`gives ids of their own to ${what}`, () => {
      assert.deepEqual(
        render(markdown).headings.map(({ id }) => id),
        expected,
      );
    });

  const links: [markdown: string, html: RegExp][] = [
    ["[a](2-requests.ipynb)", /<a href="#2-requests">a<\/a>/],
    ["[a](./2-requests.ipynb#Which-ones?)", /<a href="#2-requests-which-ones">a<\/a>/],
    ["[a](#result)\n\n## Result", /<a href="#1-x-result">a<\/a>/],
    ["[a](#which-ones)", /<a href="#2-requests-which-ones">a<\/a>/],
    ["[a](#%E7%B5%90%E6%9E%9C)\n\n## 結果", /<a href="#1-x-結果">a<\/a>/],
    ["[a][r]\n\n[r]: 2-requests.ipynb", /<a href="#2-requests">a<\/a>/],
    ["[b](https://example.com)", /<a href="https:\/\/example.com" rel="noopener noreferrer">b<\/a>/],
    ["[a](6-drill.ipynb)", /<p><span>a<\/span><\/p>/], // not in this report
  ];
  for (const [markdown, html] of links)
    it(`leads ${JSON.stringify(markdown)} to its place on the page`, () => {
      assert.match(render(markdown).html, html);
      assert.deepEqual(render(markdown).warnings, []);
    });

  it("makes a link to a missing heading text, and warns", () => {
    const { html, warnings } = render("[a](#nowhere)");
    assert.equal(html, "<p><span>a</span></p>\n");
    assert.match(warnings.join(), /a link to #nowhere/);
  });

  it("shows HTML as text, but for tags that only mark text", () => {
    assert.equal(render("<b>x</b>").html, "<p>&lt;b&gt;x&lt;/b&gt;</p>\n");
    assert.equal(render("x<sup>2</sup> H<sub>2</sub>O").html, "<p>x<sup>2</sup> H<sub>2</sub>O</p>\n");
    assert.equal(render("</sup>x<sub>").html, "<p>&lt;/sup&gt;x&lt;sub&gt;</p>\n");
    assert.equal(
      render('<sup onclick="f()">2</sup>').html,
      "<p>&lt;sup onclick=“f()”&gt;2&lt;/sup&gt;</p>\n",
    );
    assert.equal(render("<!-- a\nb -->\n\nc").html, "<p>c</p>\n");
  });

  it("folds details, also nested, and shows details without an end as text", () => {
    const details = "<details>\n<summary>More *of it*</summary>\n\n- a\n\n</details>";
    assert.equal(
      render(details).html,
      "<details>\n<summary>More <em>of it</em></summary>\n<ul>\n<li>a</li>\n</ul>\n</details>\n",
    );
    assert.match(
      render(`<details open>\n${details}\n</details>`).html,
      /^<details open="">\n<summary>Details/,
    );
    assert.equal(render("<details>\nx").html, "<p>&lt;details&gt;\nx</p>\n");
  });

  it("marks tasks as done or to do", () => {
    assert.match(
      render("- [x] a\n- [ ] b").html,
      /<li class="task done"><span class="sr">done: <\/span>a<\/li>/,
    );
  });

  it("puts all footnotes into one list at the end, whichever cell has their text", () => {
    const { html } = render([
      "a[^1] and b[^b]",
      "c^[an *own* note] d[^1]",
      "## End\n\n[^1]: One\n\n[^b]: Two",
    ]);
    assert.equal(html.split('class="footnotes"').length, 2);
    assert.deepEqual(
      [...html.matchAll(/>\[([\d:]+)\]<\/a>/g)].map(([, number]) => number),
      ["1", "2", "3", "1:1"],
    );
    const items = [...html.matchAll(/<li id="[^"]*" class="footnote-item"><p>([^\u21a9]*?) ?<a/g)];
    assert.deepEqual(
      items.map(([, text]) => text),
      ["One", "Two", "an <em>own</em> note"],
    );
    const [ids, links] = [/ id="(fn[^"]*)"/g, / href="#(fn[^"]*)"/g].map((form) =>
      [...html.matchAll(form)].map(([, id]) => id),
    );
    assert.equal(new Set(ids).size, ids!.length);
    assert.deepEqual(new Set(links), new Set(ids));
    assert.ok(html.indexOf("footnotes") > html.indexOf("End"));
  });

  it("takes the note of a mark's own cell where two cells have a note of one name", () => {
    const { html } = render(["a[^1]\n\n[^1]: First", "b[^1]\n\n[^1]: Second", "c[^1] d[^2]"]);
    assert.deepEqual(
      [...html.matchAll(/>\[([\d:]+)\]<\/a>/g)].map(([, number]) => number),
      ["1", "2", "1:1"],
    );
    assert.match(html, /d\[\^2\][^]*First[^]*Second/);
  });

  const formulas: [markdown: string, html: RegExp][] = [
    ["$E = mc^2$", /^<p><math [^>]*><mrow><mi>E<\/mi>/],
    ["$$\n\\frac{a}{b}\n$$", /^<math [^>]*display="block".*<mfrac>/],
    ["\\begin{aligned}a&=b\\\\c&=d\\end{aligned}", /^<math [^>]*display="block".*<mtable/],
    ["$\\color{red}x$", /<mi mathcolor="#ff0000">x/],
    ["$x<script>$", /<mo>&lt;<\/mo>/],
    ["It costs $5 and $10.", /^<p>It costs \$5 and \$10.<\/p>$/],
    ["\\$5$", /^<p>\$5\$<\/p>$/],
    ["`$x$`", /^<p><code>\$x\$<\/code><\/p>$/],
  ];
  for (const [source, html] of formulas)
    it(`draws ${JSON.stringify(source)} without a style`, () => {
      assert.match(render(source).html.trim(), html);
      assert.doesNotMatch(render(source).html, / style=/);
    });

  it("inlines attachments, data: pictures and files beside the notebook", async () => {
    const folder = await mkdtemp(join(tmpdir(), "questlog-prose-"));
    await writeFile(join(folder, "a b.svg"), "<svg/>");
    const attachments = { "p.png": { "image/png": "iVBORw0=" } };
    const markdown = "![p](attachment:p.png) ![s](a%20b.svg) ![d](data:image/png;base64,iVBORw0=)";
    const { html } = render(markdown, { attachments, folder });
    await rm(folder, { recursive: true });
    const png = "data:image/png;base64,iVBORw0=";
    assert.deepEqual(
      [...html.matchAll(/<img src="([^"]*)" alt="(\w)"/g)].map(([, src, alt]) => [alt, src]),
      [
        ["p", png],
        ["s", `data:image/svg+xml;base64,${Buffer.from("<svg/>").toString("base64")}`],
        ["d", png],
      ],
    );
  });

  it("shows a remote picture as a link, with a warning", () => {
    const { html, warnings } = render("![a map](https://example.com/m.png)");
    assert.equal(
      html,
      '<p><a href="https://example.com/m.png" rel="noopener noreferrer">picture: a map</a></p>\n',
    );
    assert.match(warnings.join(), /a picture at https:\/\/example.com\/m.png/);
  });

  for (const [what, markdown] of [
    ["file", "![p](missing.png)"],
    ["attachment", "![p](attachment:q.png)"],
    ["picture of a known form", "![p](data.csv)"],
  ])
    it(`refuses a picture without a ${what}`, () => {
      assert.throws(() => render(markdown!), /notebook 1-x: picture: expected /);
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
