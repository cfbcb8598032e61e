import assert from "node:assert/strict";
import { textWidth, wrapText } from "./text-width.ts";
import { requireFields, themed, titleOf } from "./theme.ts";

const data = {
  values: [
    { a: 1, b: 2 },
    { a: 3, b: 4 },
  ],
};
const encoding = { x: { field: "a", type: "quantitative" }, y: { field: "b", type: "quantitative" } };

describe("themed(spec)", () => {
  it("gives any spec the house theme, and its own settings are stronger", () => {
    const own = {
      data,
      encoding,
      mark: "point",
      background: "#fff",
      config: { axis: { labelFontSize: 20 } },
    };
    const spec = themed(own) as unknown as {
      background: string;
      width: number;
      config: { axis: Record<string, unknown> };
    };
    assert.equal(spec.background, "#fff");
    assert.equal(spec.width, 440);
    assert.equal(spec.config.axis.labelFontSize, 20);
    assert.equal(spec.config.axis.labelColor, "currentColor");
  });

  it("changes nothing the second time", () => {
    const once = themed({ title: "A title", data, encoding, mark: "point" });
    assert.deepEqual(themed(once), once);
  });

  it("leaves the width to a spec that has one, and to specs of several views", () => {
    for (const own of [{ width: 100 }, { hconcat: [] }, { encoding: { row: { field: "a" } } }]) {
      assert.deepEqual(
        [themed(own).width, themed(own).autosize],
        [(own as { width?: number }).width, undefined],
      );
    }
  });

  it("describes a spec by its title, rows and numbers, or says that it has no rows", () => {
    const spec = themed({ title: "T", data, encoding, mark: "point" });
    assert.equal(spec.description, "T: 2 rows, a from 1 to 3, b from 2 to 4");
    const empty = themed({ title: "T", data: { values: [] }, encoding, mark: "point" });
    assert.equal(empty.description, "T: no rows");
    assert.deepEqual(empty.title, { text: "T", subtitle: "no rows" });
    assert.equal(themed({ mark: "point" }).description, "Chart");
  });

  it("puts times on a scale of UTC, unless the spec names a scale", () => {
    const x = { field: "a", type: "temporal", timeUnit: "yearmonth" };
    const spec = themed({ layer: [{ encoding: { x } }] }) as unknown as {
      layer: { encoding: { x: object } }[];
    };
    assert.deepEqual(spec.layer[0]!.encoding.x, { ...x, timeUnit: "utcyearmonth", scale: { type: "utc" } });
    const own = themed({ encoding: { x: { ...x, scale: { type: "time" } } } }) as unknown as {
      encoding: { x: { scale: object } };
    };
    assert.deepEqual(own.encoding.x.scale, { type: "time" });
  });

  it("accepts bigints and Dates in the rows", () => {
    const spec = themed({ data: { values: [{ a: 9007199254740993n, b: new Date(0) }] } });
    assert.deepEqual(spec.data, { values: [{ a: 9007199254740992, b: "1970-01-01T00:00:00.000Z" }] });
  });

  it("breaks a long title into lines, which titleOf joins again", () => {
    const title = "A title that is much longer than one line of the picture can be, so it takes two";
    const spec = themed({ title, data, encoding, mark: "point" });
    assert.equal((spec.title as { text: string[] }).text.length, 2);
    assert.equal(titleOf(spec), title);
  });

  it("refuses a value that is no spec", () => {
    for (const [value, text] of [
      [[1], "[1]"],
      [null, "null"],
      ["bars", "bars"],
    ] as const) {
      assert.throws(() => themed(value as never), { message: `show: expected a chart, got ${text}` });
    }
  });
});

describe("requireFields(spec)", () => {
  it("names a column that the rows do not have", () => {
    const wrong = { data, mark: "point", encoding: { x: { field: "c", type: "quantitative" } } };
    assert.throws(() => requireFields(wrong), { message: "show: expected a column c, got rows with a, b" });
  });

  it("accepts columns of the rows, and specs that make fields themselves", () => {
    requireFields({ data, encoding });
    requireFields({ data, encoding: { x: { field: "c" } }, transform: [{ calculate: "1", as: "c" }] });
    requireFields({ data: { values: [] }, encoding });
    requireFields({ data: { url: "x" }, encoding });
  });
});

describe("wrapText(text, { width, size, maxLines })", () => {
  const lines = (text: string, maxLines = 3) => wrapText(text, { width: 100, size: 13, maxLines });

  it("keeps each line within the width, and all characters", () => {
    for (const text of [
      "a short one",
      "two lines of words, at least",
      "x".repeat(30),
      "a_long_name_of_a_column",
    ]) {
      const broken = lines(text);
      for (const line of broken) assert.ok(textWidth(line, 13) <= 100, line);
      assert.equal(broken.join("").replaceAll(" ", ""), text.replaceAll(" ", ""));
    }
  });

  it("ends a text that is too long with …", () => {
    const broken = lines("words ".repeat(40));
    assert.equal(broken.length, 3);
    assert.match(broken[2]!, /…$/);
    assert.ok(textWidth(broken[2]!, 13) <= 100);
    assert.deepEqual(lines(""), [""]);
  });

  it("gives wide scripts more room, and marks no room", () => {
    assert.ok(textWidth("結果", 10) > textWidth("ab", 10));
    assert.equal(textWidth("e\u0301", 10), textWidth("e", 10));
  });
});
