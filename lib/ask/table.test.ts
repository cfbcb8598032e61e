import assert from "node:assert/strict";
import { htmlTable, jsonText, tableData, textTable } from "./table.ts";

describe("textTable(rows)", () => {
  it("puts text to the left and numbers to the right", () => {
    assert.equal(
      textTable([
        { metal: "gold", swords: 60, at: new Date(0) },
        { metal: null, swords: 9007199254740993n, at: null },
      ]),
      [
        "┌───────┬──────────────────┬──────────────────────────┐",
        "│ metal │           swords │ at                       │",
        "├───────┼──────────────────┼──────────────────────────┤",
        "│ gold  │               60 │ 1970-01-01T00:00:00.000Z │",
        "│ null  │ 9007199254740993 │ null                     │",
        "└───────┴──────────────────┴──────────────────────────┘",
      ].join("\n"),
    );
  });

  it("shows control and direction characters of a value as their numbers", () => {
    const text = textTable([{ a: "\x1b[2J\r\n\t\u202egold\u2028" }]);
    assert.ok(text.includes("\\u{1b}[2J\\u{d}\\u{a}\\u{9}\\u{202e}gold\\u{2028}"));
  });

  it("is empty without rows", () => {
    assert.equal(textTable([]), "");
  });
});

describe("tableData(rows, title, columns)", () => {
  it("holds only JSON values, of only the columns that are asked for", () => {
    const rows = [
      { at: new Date(0), n: 2n ** 60n, x: [1] },
      { at: null, n: NaN },
    ];
    const { schema, data } = tableData(rows, "T", ["n", "at"]);
    assert.deepEqual(schema.fields, [
      { name: "n", type: "number" },
      { name: "at", type: "string" },
    ]);
    assert.deepEqual(data, [
      { n: "1152921504606846976", at: "1970-01-01T00:00:00.000Z" },
      { n: "NaN", at: null },
    ]);
  });
});

describe("htmlTable(data)", () => {
  it("escapes names, values and the caption", () => {
    const html = htmlTable(tableData([{ "<i>": "<script>'\"&\0" }], "<b>"));
    assert.match(html, /<caption>&#60;b&#62;<\/caption>/);
    assert.match(html, /<th scope="col">&#60;i&#62;<\/th>/);
    assert.match(html, /<td>&#60;script&#62;&#39;&#34;&#38;\\u\{0\}<\/td>/);
  });

  it("marks numbers and nulls", () => {
    assert.match(
      htmlTable(tableData([{ n: 1 }, { n: null }])),
      /<th scope="col" class="number">n<\/th>[^]*<td class="number">1<\/td>[^]*<td class="null">null<\/td>/,
    );
  });

  it("puts decimals to the right, which Trino returns as text, but no other text of digits", () => {
    const [head] = htmlTable(tableData([{ price: "-19.90", code: "1.2.3", zip: "0123" }])).split("</thead>");
    assert.match(head!, /class="number">price.*"col">code.*"col">zip/);
    assert.match(textTable([{ price: "5.00" }, { price: "-19.90" }]), /│ {3}5\.00 │\n│ -19\.90 │/);
  });

  it("writes arrays and rows as JSON", () => {
    assert.match(
      htmlTable(tableData([{ a: [1, { b: 2n ** 60n }] }])),
      /\[1,\{&#34;b&#34;:&#34;1152921504606846976&#34;\}\]/,
    );
  });
});

describe("jsonText(rows)", () => {
  it("returns JSON with Dates in ISO 8601 and integers beyond 2^53 as text", () => {
    const rows = [{ at: new Date(0), n: 1, big: 9007199254740993n, a: null }, { at: null }];
    assert.deepEqual(JSON.parse(jsonText(rows)), [
      { at: "1970-01-01T00:00:00.000Z", n: 1, big: "9007199254740993", a: null },
      { at: null },
    ]);
    assert.equal(jsonText([]), "[]");
  });
});

describe("textTable(rows) with long values", () => {
  it("breaks a value into lines of 80 characters, and loses none", () => {
    const lines = textTable([{ text: "ab".repeat(90) }])
      .split("\n")
      .slice(3, -1);
    const cells = lines.map((line) => line.replaceAll(/[│ ]/g, ""));
    assert.deepEqual(
      cells.map(({ length }) => length),
      [80, 80, 20],
    );
    assert.equal(cells.join(""), "ab".repeat(90));
  });
});

describe("jsonText(rows)", () => {
  it("escapes control and direction characters, and parses to the same values", () => {
    const hostile = "\x1b[2J\x9b31m\x7f\r\u202e\u2066gold";
    const json = jsonText([{ [hostile]: hostile }]);
    assert.doesNotMatch(json, /[\p{Cc}\u202e\u2066]/u);
    assert.deepEqual(JSON.parse(json), [{ [hostile]: hostile }]);
  });
});
