import assert from "node:assert/strict";
import { jsonOf } from "./format.ts";
import { transposed } from "./show.ts";
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
      { name: "at", type: "datetime" },
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

  const shown = (numbers: (number | string)[], column: object = {}) => {
    const rows = numbers.map((n) => ({ n }));
    const html = htmlTable(tableData(rows, "", [{ name: "n", ...column }]));
    return [...html.matchAll(/<td[^>]*>([^<]*)</g)].map(([, text]) => text);
  };
  for (const [what, numbers, texts, column] of [
    ["close numbers", [0.2946, 0.2954, 0.5], ["0.2946", "0.2954", "0.5"]],
    ["close numbers from 1", [1000.0012, 1000.0013], ["1,000.0012", "1,000.0013"]],
    ["close percentages", [0.25001, 0.25002], ["25.001%", "25.002%"], { format: "percent" }],
    ["tiny numbers", [1.2341e-9, 1.2342e-9], ["1.2341e-9", "1.2342e-9"]],
    ["numbers that only a float's error parts", [0.1 + 0.2, 0.3], ["0.3", "0.3"]],
    ["numbers that need more than 4 digits more", [0.123456789, 0.123456788], ["0.123", "0.123"]],
    ["numbers with digits of their own", [0.2946, 0.2954], ["0.29", "0.30"], { digits: 2 }],
  ] as [string, number[], string[], object?][])
    it(`has as many digits as ${what} need`, () => assert.deepEqual(shown(numbers, column), texts));

  it("aligns the values of a transposed row to the left", () => {
    const html = htmlTable(tableData(transposed({ player: "a", power: 7, price: 1234.5 })));
    assert.doesNotMatch(html, /class="number"/);
    assert.match(html, /<td title="1234.5">1,234.5<\/td>/);
  });

  it("marks numbers and nulls", () => {
    assert.match(
      htmlTable(tableData([{ n: 1 }, { n: null }])),
      /<th scope="col" class="number">n<\/th>[^]*<td class="number">1<\/td>[^]*<td class="number null">\(none\)<\/td>/,
    );
  });

  it("puts decimals to the right, which Trino returns as text, but no other text of digits", () => {
    const [head] = htmlTable(tableData([{ price: "-19.90", code: "1.2.3", zip: "0123" }])).split("</thead>");
    assert.match(head!, /class="number">price.*"col">code.*"col">zip/);
  });

  const cells: [value: unknown, cell: string, column?: object][] = [
    [1234567, '<td class="number" title="1234567">1,234,567</td>'],
    [2n ** 60n, '<td class="number" title="1152921504606846976">1,152,921,504,606,846,976</td>'],
    ["1234.50", '<td class="number" title="1234.50">1,234.50</td>'],
    [0.00045678, '<td class="number" title="0.00045678">0.000457</td>'],
    [NaN, '<td class="number">NaN</td>'],
    [-0, '<td class="number" title="-0">0</td>'],
    ["1", "<td>1</td>"],
    [null, '<td class="null">(none)</td>'],
    ["null", "<td>null</td>"],
    [
      new Date("2026-11-25T10:00:00.123Z"),
      '<td title="2026-11-25T10:00:00.123Z">2026-11-25 10:00:00.123 UTC</td>',
    ],
    [2026, '<td class="number">2026</td>', { format: "text" }],
    [0.07, '<td class="number" title="0.07">7%</td>', { format: "percent" }],
    [12.5, '<td class="number" title="12.5">12.50\u00a0ms</td>', { unit: "ms", digits: 2 }],
  ];
  for (const [value, cell, column = {}] of cells)
    it(`shows ${typeof value} ${JSON.stringify(jsonOf(value))} as ${cell}`, () => {
      const html = htmlTable(tableData([{ a: value }], "", [{ name: "a", ...column }]));
      assert.ok(html.includes(cell), html);
    });

  it("has the columns in the order and with the titles that the author gives", () => {
    const html = htmlTable(tableData([{ a: 1, b: 2 }], "", [{ name: "b", title: "Second" }, "a"]));
    assert.match(html, />Second<.*>a</);
  });

  it("keeps 1 and the text 1 of one column apart", () => {
    const html = htmlTable(tableData([{ a: 1 }, { a: "1" }]));
    assert.match(html, /<td>1<\/td>[^]*<td>1<\/td>/);
  });

  it("writes arrays and rows as JSON", () => {
    assert.match(
      htmlTable(tableData([{ a: [1, { b: 2n ** 60n }] }])),
      /\[1,\{&#34;b&#34;:&#34;1152921504606846976&#34;\}\]/,
    );
  });
});
