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
import { settings } from "../settings.ts";
import { ParquetFile } from "./parquet.ts";
import { WebHdfs } from "../webhdfs.ts";

const PYARROW = "21.0.0";
const run = promisify(execFile);

const columns: Column[] = [
  { name: "a_text", type: "text", required: false },
  { name: "an_integer", type: "integer", required: false },
  { name: "a_bigint", type: "bigint", required: false },
  { name: "a_boolean", type: "boolean", required: false },
  { name: "a_timestamp", type: "timestamp", required: false },
  { name: "row_number", type: "integer", required: true },
];

const LARGE = "x".repeat(2 ** 20);
const YEAR_2100 = Date.UTC(2100, 0, 1);
const values: Value[][] = [
  ["", 0, 0, false, 0],
  ["😀", -(2 ** 31), -(2 ** 53) + 1, true, YEAR_2100],
  ["\uFFFD after the emoji in UTF-16, before it in UTF-8", 2 ** 31 - 1, 2 ** 53 - 1, true, -1],
  [null, null, null, null, null],
  ['it\'s "quoted" \\ and\nbroken', -1, -1, false, 1_700_000_000_123],
  [LARGE, 1, 2 ** 32, true, 1],
  ["null", 1, 1, null, -62_135_596_800_000],
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
    const definitions = columns.map(({ name, type }) => `${name} ${sqlType(type)}`).join(", ");
    await query(
      `CREATE TABLE ${table} (${definitions}) WITH (external_location = 'hdfs:///${name}/${suffix}', format = 'PARQUET')`,
    );
    made.push(table);
    return table;
  }

  it("lets Trino find every value of every column by a predicate", async () => {
    const table = await createTable("edges", encode());
    const checks = columns.slice(0, 5).flatMap((column, c) =>
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
    for (let i = 0; i < 2_000; i++) file.append(["a", i, i, true, i * 1_000, i]);
    const table = await createTable("pruned", file.finish());
    const at = literal(columns[4]!, 1_234_000);
    const { rows, processedRows } = await query(`SELECT row_number FROM ${table} WHERE a_timestamp = ${at}`);
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
        "import json, sys, pyarrow.parquet as parquet",
        "rows = parquet.read_table(sys.argv[1]).to_pydict()",
        "rows['a_timestamp'] = parquet.read_table(sys.argv[1]).column('a_timestamp').cast('int64').to_pylist()",
        "print(json.dumps(rows))",
      ].join("\n");
      const { stdout } = await run(python, ["-c", program, join(folder, "file.parquet")], {
        maxBuffer: 1 << 26,
      });
      const read = JSON.parse(stdout) as Record<string, Value[]>;
      columns.forEach((column, c) => {
        assert.deepEqual(
          read[column.name],
          values.map((row, i) => [...row, i][c]),
          column.name,
        );
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

function literal({ type }: Column, value: Value): string {
  if (value === LARGE) return `rpad('x', ${LARGE.length}, 'x')`;
  if (type === "text") return `'${String(value).replaceAll("'", "''")}'`;
  if (type !== "timestamp") return String(value);
  return `timestamp '${new Date(Number(value)).toISOString().replace("T", " ").replace("Z", "")}'`;
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
