import assert from "node:assert/strict";
import { htmlTable, tableData } from "./table.ts";

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
  });

  it("writes arrays and rows as JSON", () => {
    assert.match(
      htmlTable(tableData([{ a: [1, { b: 2n ** 60n }] }])),
      /\[1,\{&#34;b&#34;:&#34;1152921504606846976&#34;\}\]/,
    );
  });
});
