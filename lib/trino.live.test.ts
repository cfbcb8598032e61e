import assert from "node:assert/strict";
import { once } from "node:events";
import fc from "fast-check";
import { type Parameter, query, type QueryStats } from "./trino.ts";

const NASTY = [
  "",
  "'",
  "''",
  "';--",
  "'; DROP TABLE events; --",
  '"',
  "\\",
  "\\'",
  "?",
  "${x}",
  "%27",
  "U&'\\0041'",
  "\0",
  "a\0b",
  "\r\n",
  "\t \u00a0",
  "\u0001\u001f\u007f",
  "\ufeff",
  "\ufffd\uffff",
  "é e\u0301",
  "😀 👩‍👩‍👧",
  "\u202e\u2028\u2029",
  "中文 العربية",
  " leading and trailing ",
  "/* */ -- //",
  "\ue000",
  "x".repeat(100_000),
];

describe("query(sql) on Trino", () => {
  it("reads each type", async () => {
    const [row] = await query(`SELECT
      CAST(1 AS tinyint) AS a_tinyint, 2147483647 AS an_integer,
      9007199254740991 AS a_bigint, 9223372036854775807 AS a_large_bigint,
      CAST(-9223372036854775807 - 1 AS bigint) AS a_small_bigint,
      DECIMAL '12345678901234567890123456789.123456789' AS a_decimal,
      REAL '0.5' AS a_real, DOUBLE '-1e300' AS a_double, nan() AS a_nan, -infinity() AS an_infinity,
      true AS a_boolean, 'text' AS a_varchar, CAST(NULL AS varchar) AS a_null,
      DATE '2026-01-31' AS a_date,
      TIMESTAMP '2026-01-31 10:00:00.123' AS a_timestamp,
      TIMESTAMP '0001-01-01 00:00:00.000' AS an_old_timestamp,
      TIMESTAMP '2026-01-31 10:00:00.123456' AS a_fine_timestamp,
      TIMESTAMP '2026-01-31 10:00:00.123 +02:00' AS a_zoned_timestamp,
      TIMESTAMP '2026-01-31 10:00:00.123 Europe/Berlin' AS a_regional_timestamp,
      TIMESTAMP '2026-01-31 10:00:00.123 Europe/Berlin' AT TIME ZONE 'UTC' AS an_instant,
      ARRAY[1, NULL] AS an_array, MAP(ARRAY['k'], ARRAY[9223372036854775807]) AS a_map,
      CAST(ROW(1, TIMESTAMP '2026-01-31 10:00:00.123') AS ROW(n integer, t timestamp(3))) AS a_row,
      JSON '{"a":9223372036854775807}' AS a_json`);
    assert.deepEqual(row, {
      a_tinyint: 1,
      an_integer: 2147483647,
      a_bigint: 9007199254740991,
      a_large_bigint: 9223372036854775807n,
      a_small_bigint: -9223372036854775808n,
      a_decimal: "12345678901234567890123456789.123456789",
      a_real: 0.5,
      a_double: -1e300,
      a_nan: NaN,
      an_infinity: -Infinity,
      a_boolean: true,
      a_varchar: "text",
      a_null: null,
      a_date: "2026-01-31",
      a_timestamp: new Date("2026-01-31T10:00:00.123Z"),
      an_old_timestamp: new Date("0001-01-01T00:00:00.000Z"),
      a_fine_timestamp: "2026-01-31 10:00:00.123456",
      a_zoned_timestamp: new Date("2026-01-31T08:00:00.123Z"),
      a_regional_timestamp: "2026-01-31 10:00:00.123 Europe/Berlin",
      an_instant: new Date("2026-01-31T09:00:00.123Z"),
      an_array: [1, null],
      a_map: { k: 9223372036854775807n },
      a_row: { n: 1, t: new Date("2026-01-31T10:00:00.123Z") },
      a_json: '{"a":9223372036854775807}',
    });
  });

  it("counts now() in UTC", async () => {
    const [row] = await query<{ now: Date; zone: string }>("SELECT now() AS now, current_timezone() AS zone");
    assert.ok(row!.now instanceof Date);
    assert.equal(row!.zone, "UTC");
  });

  it("returns all rows of many pages, in order", async () => {
    const rows = await query<{ n: number }>(
      "SELECT a * 1000 + b AS n FROM UNNEST(sequence(0, 49)) s(a), UNNEST(sequence(0, 999)) t(b) ORDER BY 1",
    );
    assert.equal(rows.length, 50_000);
    assert.ok(rows.every(({ n }, i) => n === i));
  });

  it("binds hostile text and returns it unchanged", async () => {
    const strange = fc.sample(fc.string({ unit: "binary", maxLength: 50 }), { numRuns: 200, seed: 3 });
    const texts = [...NASTY, ...strange];
    const [row] = await query<{ given: string[]; lengths: number[] }>(
      `SELECT ARRAY[${texts.map(() => "?").join()}] AS given,
              transform(ARRAY[${texts.map(() => "?").join()}], t -> length(t)) AS lengths`,
      { parameters: [...texts, ...texts] },
    );
    assert.deepEqual(row!.given, texts);
    assert.deepEqual(
      row!.lengths,
      texts.map((text) => [...text].length),
    );
  });

  it("keeps hostile text inside the statement too", async () => {
    const [row] = await query<{ t: string; p: number }>("SELECT 'O''Hara ? 😀\n''' AS t, ? AS p", {
      parameters: [1],
    });
    assert.deepEqual(row, { t: "O'Hara ? 😀\n'", p: 1 });
  });

  it("binds values of each type", async () => {
    const parameters: Parameter[] = [
      -5,
      2 ** 31,
      1.5,
      5e-324,
      NaN,
      -Infinity,
      2n ** 63n - 1n,
      -(2n ** 63n),
      2n ** 64n,
      true,
      null,
      new Date("2026-01-31T10:00:00.123Z"),
      new Date(-1),
      new Date("+012345-01-01T00:00:00.000Z"),
    ];
    const columns = parameters.map((_, i) => `? AS p${i}`).join();
    const [row] = await query(`SELECT ${columns}`, { parameters });
    const expected = parameters.with(8, String(2n ** 64n)); // a decimal
    assert.deepEqual(Object.values(row!), expected);
  });

  it("throws Trino's message, with the given statement", async () => {
    await assert.rejects(query("SELECT * FROM no_such_table WHERE a = ?", { parameters: ["x"] }), (error) => {
      assert.match(
        String(error),
        /^QueryError: TABLE_NOT_FOUND: .*no_such_table.*\n {2}in SELECT \* FROM no_such/,
      );
      return true;
    });
    await assert.rejects(query("SELEC 1"), { code: "SYNTAX_ERROR" });
    await assert.rejects(query("SELECT 1 / (n - 1) FROM UNNEST(sequence(1, 3)) t(n)"), {
      code: "DIVISION_BY_ZERO",
    });
    await assert.rejects(query("SELECT ?, ?", { parameters: [1] }), { code: "INVALID_PARAMETER_USAGE" });
  });

  it("reports Trino's statistics, the totals last", async () => {
    const seen: QueryStats[] = [];
    await query("SELECT count(*) FROM UNNEST(sequence(1, 1000))", { onStatistics: (s) => seen.push(s) });
    assert.equal(seen.at(-1)!.state, "FINISHED");
    assert.ok(seen.at(-1)!.elapsedTimeMillis > 0);
  });
});

describe("a statement that takes too long", () => {
  const forever = (mark: string) =>
    `SELECT count(*) AS ${mark} FROM UNNEST(sequence(1, 10000)) a(x), UNNEST(sequence(1, 10000)) b(y), ` +
    `UNNEST(sequence(1, 10000)) c(z) WHERE x * y + z = -1`;
  const newMark = () => `mark_${Math.random().toString(36).slice(2)}`;

  async function stateOf(mark: string): Promise<string> {
    const [row] = await query<{ state: string; error_code: string }>(
      "SELECT state, error_code FROM system.runtime.queries WHERE query LIKE ? AND query NOT LIKE '%runtime.queries%'",
      { parameters: [`%${mark}%`] },
    );
    return `${row?.state} ${row?.error_code}`;
  }

  it("is cancelled on the server at the time-out", async () => {
    const mark = newMark();
    await assert.rejects(query(forever(mark), { timeoutMs: 3_000 }), { code: "TIME_OUT" });
    assert.equal(await stateOf(mark), "FAILED USER_CANCELED");
  });

  it("is cancelled on the server when the caller aborts", async () => {
    const mark = newMark();
    const abort = new AbortController();
    const onStatistics = ({ state }: QueryStats) => state === "RUNNING" && abort.abort(new Error("enough"));
    await assert.rejects(query(forever(mark), { signal: abort.signal, onStatistics }), { code: "ABORTED" });
    assert.ok(abort.signal.aborted || (await once(abort.signal, "abort")));
    assert.equal(await stateOf(mark), "FAILED USER_CANCELED");
  });
});
