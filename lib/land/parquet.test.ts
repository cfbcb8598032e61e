// hyparquet, which shares no code with the encoder, reads the encoder's files back.
import assert from "node:assert/strict";
import fc from "fast-check";
import { parquetMetadata, parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import type { Column, Value } from "../catalog.ts";
import { ParquetFile } from "./parquet.ts";
import { footerBytes, readRowCount } from "../parquet-footer.ts";

const TYPES = [
  "text",
  "integer",
  "bigint",
  "boolean",
  "timestamp",
  "offset",
  "double",
  "date",
  "json",
] as const;
const nullable: Column[] = TYPES.map((type) => ({ name: `a_${type}`, type, required: false }));
const required: Column[] = TYPES.map((type) => ({ name: `a_${type}`, type, required: true }));

const DAY_MS = 86_400_000;

function encode(columns: Column[], rows: Value[][], rowGroupRows?: number): Buffer {
  const file = new ParquetFile(columns, rowGroupRows === undefined ? {} : { rowGroupRows });
  for (const row of rows) file.append(row);
  return file.finish();
}

function arrayBuffer(bytes: Buffer): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}

/** The rows that hyparquet reads, in the form that `append` takes. */
async function decode(columns: Column[], bytes: Buffer): Promise<Value[][]> {
  const rows = await parquetReadObjects({ file: arrayBuffer(bytes), compressors });
  return rows.map((row) =>
    columns.map(({ name, type }) => {
      const value = row[name] as Value | Date | undefined;
      if (value instanceof Date) return value.getTime() / (type === "date" ? DAY_MS : 1);
      return typeof value === "bigint" && type === "offset" ? Number(value) : (value ?? null);
    }),
  );
}

async function assertRoundTrip(columns: Column[], rows: Value[][], rowGroupRows?: number): Promise<void> {
  assert.deepEqual(await decode(columns, encode(columns, rows, rowGroupRows)), rows);
}

const text = [{ name: "metal", type: "text", required: false }] satisfies Column[];

describe("new ParquetFile(columns).append(row)", () => {
  it("keeps the extreme values of every type", () =>
    assertRoundTrip(nullable, [
      ["", 0, 0n, false, 0, 0, 0, 0, "{}"],
      [
        "😀 \"quoted\" 'single' \\ \n \0",
        -(2 ** 31),
        -(2n ** 63n),
        true,
        Date.UTC(2100, 0, 1),
        -1,
        -0,
        -719162,
        "[]",
      ],
      Array<null>(9).fill(null),
      ["null", 2 ** 31 - 1, 2n ** 63n - 1n, true, -1, 2 ** 53 - 1, 1.7976931348623157e308, 2932896, "[null]"],
      [
        "Ω≈ç√∫ \u{10FFFF} \uFFFF",
        -1,
        2n ** 53n + 1n,
        false,
        Date.UTC(1, 0, 1),
        -(2 ** 53) + 1,
        5e-324,
        -1,
        "[1]",
      ],
      ["x".repeat(2 ** 20), 1, -1n, true, 253402300799999, 2 ** 32, -1.5, 1, '{"a":"ü"}'],
    ]));

  it("keeps a column of nulls, and a column of equal values", () =>
    assertRoundTrip(
      nullable,
      Array.from({ length: 100 }, () => [null, 7, 7n, true, null, null, 7.5, null, "[]"]),
    ));

  it("keeps values when the dictionary overflows in the middle of a row group", async () => {
    const rows = Array.from({ length: 10_000 }, (_, i) => [i % 7 === 0 ? null : `value ${i % 6000}`]);
    await assertRoundTrip(text, rows);
    assert.deepEqual(encodingsOf(encode(text, rows)), ["RLE", "PLAIN"]);
  });

  it("writes plain pages when a few long texts exceed the dictionary's size", async () => {
    const rows = Array.from({ length: 8 }, (_, i) => [String(i).repeat(2 ** 18)]);
    await assertRoundTrip(text, rows);
    assert.deepEqual(encodingsOf(encode(text, rows)), ["RLE", "PLAIN"]);
  });

  it("uses a dictionary of up to 4096 values", async () => {
    const rows = Array.from({ length: 20_000 }, (_, i) => [`value ${i % 4096}`]);
    await assertRoundTrip(text, rows);
    assert.deepEqual(encodingsOf(encode(text, rows)), ["RLE", "PLAIN_DICTIONARY"]);
  });

  it("starts a new row group when the last one is full", async () => {
    const rows = Array.from({ length: 25 }, (_, i) => [`value ${i % 3}`]);
    await assertRoundTrip(text, rows, 10);
    const { row_groups } = parquetMetadata(arrayBuffer(encode(text, rows, 10)));
    assert.deepEqual(
      row_groups.map(({ num_rows }) => Number(num_rows)),
      [10, 10, 5],
    );
  });

  it("replaces a lone surrogate, which UTF-8 cannot hold, by U+FFFD", async () => {
    const bytes = encode(text, [["a\ud83d"], ["\ude00b"]]);
    assert.deepEqual(await decode(text, bytes), [["a\ufffd"], ["\ufffdb"]]);
  });

  it("writes minimum, maximum and null count for numbers and times, but not for text and booleans", () => {
    const rows: Value[][] = [
      ["b", 5, -7n, true, 1000, 3, 0, 20000, "[]"],
      Array<null>(9).fill(null),
      ["a", -5, 2n ** 60n, false, -1, 2, -0.5, -1, "{}"],
    ];
    const { row_groups } = parquetMetadata(arrayBuffer(encode(nullable, rows)));
    const statistics = row_groups[0]!.columns.map(({ meta_data }) => {
      const found = meta_data?.statistics;
      return found && [found.min_value, found.max_value, found.null_count];
    });
    assert.deepEqual(statistics, [
      undefined,
      [-5, 5, 1n],
      [-7n, 2n ** 60n, 1n],
      undefined,
      [new Date(-1), new Date(1000), 1n],
      [2n, 3n, 1n],
      [-0.5, 0, 1n],
      [new Date(-DAY_MS), new Date(20000 * DAY_MS), 1n],
      undefined,
    ]);
  });

  it("writes minimum and maximum of event ids, unless one is not ASCII", () => {
    const ids: Column[] = [{ name: "event_id", type: "text", required: true }];
    const rangeOf = (...values: string[]) => {
      const { row_groups } = parquetMetadata(
        arrayBuffer(
          encode(
            ids,
            values.map((value) => [value]),
          ),
        ),
      );
      const found = row_groups[0]!.columns[0]!.meta_data?.statistics;
      return found && [found.min_value, found.max_value, found.null_count];
    };
    assert.deepEqual(rangeOf("b2", "a9", "b10"), ["a9", "b2", 0n]);
    const many = Array.from({ length: 5_000 }, (_, i) => String(i).padStart(4, "0")); // no dictionary
    assert.deepEqual(rangeOf(...many), ["0000", "4999", 0n]);
    assert.equal(rangeOf("a", "\u{1f409}", "\uffee"), undefined);
    assert.equal(rangeOf("\u00e9", "a"), undefined);
  });

  it("keeps any rows, in any number of row groups, and writes the same bytes each time", async () => {
    const row = fc.tuple(
      fc.option(fc.string({ unit: "binary" })),
      fc.option(fc.integer()),
      fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
      fc.option(fc.boolean()),
      fc.option(fc.integer({ min: -(2 ** 45), max: 2 ** 47 })),
      fc.option(fc.maxSafeNat()),
      fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })),
      fc.option(fc.integer({ min: -719162, max: 2932896 })),
      fc.option(fc.string()),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { maxLength: 40 }),
        fc.integer({ min: 1, max: 20 }),
        async (rows, size) => {
          const bytes = encode(nullable, rows, size);
          assert.deepEqual(await decode(nullable, bytes), rows);
          assert.ok(encode(nullable, rows, size).equals(bytes));
        },
      ),
      { numRuns: 300 },
    );
  });

  it("keeps any rows of required columns", async () => {
    const row = fc.tuple(
      fc.string(),
      fc.integer(),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      fc.boolean(),
      fc.nat(),
      fc.maxSafeNat(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.integer({ min: -719162, max: 2932896 }),
      fc.string(),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 100 }), (rows) => assertRoundTrip(required, rows)),
    );
  });

  const misfits: [string, Value, RegExp][] = [
    ["text", 12, /^TypeError: column a_text: expected a string or null, got 12$/],
    [
      "integer",
      "12abc",
      /column a_integer: expected an integer from -2147483648 to 2147483647 or null, got "12abc"/,
    ],
    ["integer", 2 ** 31, /got 2147483648/],
    ["integer", 1.5, /got 1.5/],
    ["integer", NaN, /got NaN/],
    ["bigint", 1, /column a_bigint: expected a bigint of 64 bits or null, got 1/],
    ["bigint", 2n ** 63n, /got 9223372036854775808/],
    [
      "offset",
      2 ** 53,
      /column a_offset: expected an integer within ±\(2\^53 - 1\) or null, got 9007199254740992/,
    ],
    ["double", Infinity, /column a_double: expected a finite number or null, got Infinity/],
    ["double", NaN, /got NaN/],
    ["date", 1.5, /column a_date: expected days since 1970.* got 1.5/],
    ["json", {} as Value, /column a_json: expected a string or null/],
    ["boolean", "false", /column a_boolean: expected true or false or null, got "false"/],
    [
      "timestamp",
      "2026-01-01T00:00:00Z",
      /column a_timestamp: expected milliseconds since 1970.* got "2026-01-01/,
    ],
  ];
  for (const [type, value, message] of misfits) {
    it(`refuses ${String(value)} (${typeof value}) as ${type}, and stays unchanged`, async () => {
      const file = new ParquetFile(nullable);
      const [first, second]: Value[][] = [
        ["a", 1, 1n, true, 1, 1, 1, 1, "[1]"],
        ["b", 2, 2n, false, 2, 2, 2, 2, "[2]"],
      ];
      file.append(first!);
      const row = nullable.map((column) => (column.type === type ? value : null));
      assert.throws(() => file.append(row), message);
      file.append(second!);
      assert.deepEqual(await decode(nullable, file.finish()), [first, second]);
    });
  }

  it("writes the precision and scale of decimals, and refuses a decimal with more digits", async () => {
    const decimals = (["decimal(9, 2)", "decimal(18, 0)", "decimal(38, 10)"] as const).map(
      (type, i): Column => ({ name: `d${i}`, type, required: false }),
    );
    const row = [-999_999_999n, 10n ** 18n - 1n, -(10n ** 38n) + 1n];
    const bytes = encode(decimals, [row, [null, null, null]]);
    const elements = parquetMetadata(arrayBuffer(bytes)).schema.slice(1);
    assert.deepEqual(
      elements.map(({ type, precision, scale }) => [type, precision, scale]),
      [
        ["INT32", 9, 2],
        ["INT64", 18, 0],
        ["FIXED_LEN_BYTE_ARRAY", 38, 10],
      ],
    );
    assert.deepEqual((await decode(decimals, bytes))[0]![0], -9_999_999.99);
    for (const [i, value] of row.entries()) {
      const tooMany = row.map((one, j) => (i === j ? value * 10n : one));
      assert.throws(() => encode(decimals, [tooMany]), /column d\d: expected a bigint of decimal/);
    }
  });

  it("refuses null in a required column, a short row, and a row after the end", () => {
    const file = new ParquetFile([{ name: "host", type: "text", required: true }]);
    assert.throws(() => file.append([null]), /column host: expected a string, got null/);
    assert.throws(() => file.append([]), /row: expected 1 values, got 0/);
    file.finish();
    assert.throws(() => file.append(["a"]), /expected no row after finish\(\)/);
  });
});

describe("readRowCount(tail)", () => {
  it("reads the number of rows from the footer alone", () => {
    for (const count of [0, 1, 123]) {
      const bytes = encode(
        text,
        Array.from({ length: count }, () => ["a"]),
        50,
      );
      const tail = bytes.subarray(bytes.length - footerBytes(bytes.subarray(bytes.length - 8)));
      assert.equal(readRowCount(tail), count);
    }
  });

  it("refuses bytes that are not the end of a Parquet file", () => {
    assert.throws(() => readRowCount(Buffer.from('{"a": 1}\n')), /expected it to end in PAR1, got " 1}\\n"/);
  });
});

function encodingsOf(bytes: Buffer): string[] {
  return parquetMetadata(arrayBuffer(bytes)).row_groups[0]!.columns[0]!.meta_data!.encodings;
}
