// Trino reads a file of extreme values by a predicate on every column and value; pyarrow reads it,
// too. A reader of wrong statistics or levels would find too few rows.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { BasicAuth, type QueryResult, Trino } from "trino-client";
import type { Column, Value } from "../catalog.ts";
import { sqlType } from "../ask/tables.ts";
import { decimalOf } from "../parameters.ts";
import { storedType } from "../stored-columns.ts";
import { settings } from "../settings.ts";
import { ParquetFile } from "./parquet.ts";
import { WebHdfs } from "../webhdfs.ts";

const PYARROW = "21.0.0";
const run = promisify(execFile);

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
  "decimal(9, 2)",
  "decimal(18, 4)",
  "decimal(38, 10)",
] as const;
const nullable = TYPES.map((type, i): Column => ({
  name: `c${i}_${type.split("(")[0]}`,
  type,
  required: false,
}));
const columns: Column[] = [...nullable, { name: "row_number", type: "integer", required: true }];
const AT = TYPES.indexOf("timestamp");

const LARGE = "x".repeat(2 ** 20);
const YEAR_2100 = Date.UTC(2100, 0, 1);
const [MIN64, MAX64] = [-(2n ** 63n), 2n ** 63n - 1n];
const [LEAST, MOST] = [-(10n ** 38n) + 1n, 10n ** 38n - 1n];
const values: Value[][] = [
  ["", 0, 0n, false, 0, 0, 0, 0, "{}", 0n, 0n, 0n],
  [
    "😀",
    -(2 ** 31),
    MIN64,
    true,
    YEAR_2100,
    1,
    -1.7976931348623157e308,
    -719162,
    "[]",
    -999_999_999n,
    1n,
    LEAST,
  ],
  [
    "\uFFFD after the emoji in UTF-16, before it in UTF-8",
    2 ** 31 - 1,
    MAX64,
    true,
    -1,
    2 ** 53 - 1,
    1.7976931348623157e308,
    2932896,
    '{"a":"ü"}',
    999_999_999n,
    10n ** 18n - 1n,
    MOST,
  ],
  Array<null>(TYPES.length).fill(null),
  ['it\'s "quoted" \\ and\nbroken', -1, -1n, false, 1_700_000_000_123, 2, -1.5, -1, "[null]", -1n, -1n, -1n],
  [LARGE, 1, 2n ** 53n + 1n, true, 1, 2 ** 32, 5e-324, 1, "[1,\n2]", 1n, -(10n ** 18n) + 1n, 1n],
  ["null", 1, -(2n ** 53n) - 1n, null, -62_135_596_800_000, 3, 0.1, 20_000, '"', 12_345n, 12_345n, 2n ** 64n],
];

function encode(): Buffer {
  const file = new ParquetFile(columns, { rowGroupRows: 2 });
  values.forEach((row, i) => file.append([...row, i]));
  return file.finish();
}

describe("a file of ParquetFile", () => {
  const hdfs = new WebHdfs();
  const name = `test_${randomUUID().replaceAll("-", "_")}`;
  const made: string[] = [];

  after(async () => {
    for (const table of made) await query(`DROP TABLE ${table}`);
    await hdfs.remove(`/${name}`);
    hdfs.close();
  });

  async function createTable(suffix: string, bytes: Buffer): Promise<string> {
    const table = `${name}_${suffix}`;
    await hdfs.create(`/${name}/${suffix}/file.parquet`, bytes);
    const definitions = columns.map(({ name, type }) => `${name} ${sqlType(storedType(type))}`).join(", ");
    await query(
      `CREATE TABLE ${table} (${definitions}) WITH (external_location = 'hdfs:///${name}/${suffix}', format = 'PARQUET')`,
    );
    made.push(table);
    return table;
  }

  it("lets Trino find every value of every column by a predicate", async () => {
    const table = await createTable("edges", encode());
    const checks = nullable.flatMap((column, c) =>
      [...new Set(values.map((row) => row[c]!))].map((value) => ({
        predicate: value === null ? `${column.name} IS NULL` : `${column.name} = ${literal(column, value)}`,
        expected: values.flatMap((row, i) => (row[c] === value ? [i] : [])),
      })),
    );
    const selects = checks.map(
      ({ predicate }, i) => `SELECT ${i}, array_sort(array_agg(row_number)) FROM ${table} WHERE ${predicate}`,
    );
    const { rows } = await query(selects.join(" UNION ALL "));
    const found = new Map(rows as [number, number[] | null][]);
    checks.forEach(({ predicate, expected }, i) => {
      assert.deepEqual(found.get(i), expected, predicate.slice(0, 200));
    });
  });

  it("lets Trino skip the row groups with other times", async () => {
    const file = new ParquetFile(columns, { rowGroupRows: 100 });
    for (let i = 0; i < 2_000; i++)
      file.append([...nullable.map(({ type }) => (type === "timestamp" ? i * 1_000 : null)), i]);
    const table = await createTable("pruned", file.finish());
    const at = literal(columns[AT]!, 1_234_000);
    const { rows, processedRows } = await query(
      `SELECT row_number FROM ${table} WHERE ${columns[AT]!.name} = ${at}`,
    );
    assert.deepEqual(rows, [[1234]]);
    assert.ok(processedRows <= 100, `Trino read ${processedRows} of 2000 rows for one row group of 100`);
  });

  it("gives pyarrow the same values", async function () {
    this.timeout(300_000); // the first run installs pyarrow
    const python = await pythonWithPyarrow();
    const folder = mkdtempSync(join(tmpdir(), "questlog-"));
    try {
      writeFileSync(join(folder, "file.parquet"), encode());
      const program = [
        "import json, sys, pyarrow as arrow, pyarrow.parquet as parquet",
        "def text(value):",
        "  if value is None or isinstance(value, (str, bool, float)): return value",
        "  return format(value, 'f') if type(value).__name__ == 'Decimal' else str(value)",
        "def column(values):",
        "  return values.cast('int64') if arrow.types.is_timestamp(values.type) else values",
        "table = parquet.read_table(sys.argv[1])",
        "print(json.dumps({n: [text(v) for v in column(table.column(n)).to_pylist()] for n in table.column_names}))",
      ].join("\n");
      const { stdout } = await run(python, ["-c", program, join(folder, "file.parquet")], {
        maxBuffer: 1 << 26,
      });
      const read = JSON.parse(stdout) as Record<string, Value[]>;
      nullable.forEach((column, c) => {
        assert.deepEqual(
          read[column.name],
          values.map((row) => textOf(column, row[c]!)),
          column.name,
        );
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

/** A value as pyarrow's program prints it: exact texts, and doubles as numbers. */
function textOf({ type }: Column, value: Value): Value {
  if (value === null || ["text", "json", "boolean", "double"].includes(type)) return value;
  if (type === "date") return new Date(Number(value) * 86_400_000).toISOString().slice(0, 10);
  return decimalText(type, value as bigint);
}

function decimalText(type: string, value: number | bigint): string {
  const scale = decimalOf(type)?.scale ?? 0;
  const digits = String(value)
    .replace("-", "")
    .padStart(scale + 1, "0");
  const point = digits.length - scale;
  return `${value < 0 ? "-" : ""}${digits.slice(0, point)}${scale > 0 ? "." : ""}${digits.slice(point)}`;
}

function literal(column: Column, value: Value): string {
  const { type } = column;
  if (value === LARGE) return `rpad('x', ${LARGE.length}, 'x')`;
  if (type === "text" || type === "json") return `'${String(value).replaceAll("'", "''")}'`;
  if (type === "timestamp")
    return `timestamp '${new Date(Number(value)).toISOString().replace("T", " ").replace("Z", "")}'`;
  const text = type === "double" ? Number(value).toExponential() : String(textOf(column, value));
  const name = type === "offset" ? "bigint" : type.split("(")[0];
  return type === "integer" || type === "boolean" ? text : `${name} '${text}'`;
}

async function query(sql: string): Promise<{ rows: unknown[][]; processedRows: number }> {
  const { trinoUrl: server, catalog, schema } = settings;
  const pages = await Trino.create({ server, catalog, schema, auth: new BasicAuth("questlog") }).query(sql);
  const rows: unknown[][] = [];
  for (;;) {
    const { value: page, done } = (await pages.next()) as IteratorResult<QueryResult, QueryResult>;
    if (page?.error) throw new Error(`${page.error.message} in ${sql.slice(0, 500)}`);
    rows.push(...((page?.data as unknown[][] | undefined) ?? []));
    if (done || page.stats?.state === "FINISHED") {
      return {
        rows,
        processedRows: (page?.stats as { processedRows?: number } | undefined)?.processedRows ?? NaN,
      };
    }
  }
}

/** Makes a Python environment with pyarrow in the cache folder, unless it exists. */
async function pythonWithPyarrow(): Promise<string> {
  const folder = join(settings.cache, `pyarrow-${PYARROW}`);
  const python = join(folder, "bin", "python");
  const installed = join(folder, "installed");
  if (!existsSync(installed)) {
    await run("python3", ["-m", "venv", "--clear", folder]);
    await run(python, [
      "-m",
      "pip",
      "install",
      "--quiet",
      "--disable-pip-version-check",
      `pyarrow==${PYARROW}`,
    ]);
    writeFileSync(installed, "");
  }
  return python;
}
