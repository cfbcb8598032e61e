/**
 * Trino's settings → findings: login, the Hive catalog, and the statements that the product sends.
 *
 * They go to a table and a view of the check's own, which are dropped.
 */
import { randomBytes } from "node:crypto";
import { ParquetFile } from "../land/parquet.ts";
import { settings } from "../settings.ts";
import { identifier, literal } from "../sql.ts";
import { query } from "../trino.ts";
import type { WebHdfs } from "../webhdfs.ts";
import { type Finding, Findings } from "./finding.ts";

const DAY = "2000-01-01";
const NEXT_DAY = "2000-01-02";
const TIME = "2000-06-15 12:00:00.000"; // UTC, in summer time elsewhere
const ROWS = 3;

/**
 * @param folder in HDFS, for the table's file; null: HDFS has no such folder
 */
export async function checkTrino(hdfs: WebHdfs, folder: string | null): Promise<Finding[]> {
  const findings = new Findings("trino");
  const { catalog } = settings;
  const isHere = await findings.ask("connection and login", connect, loginRemedy());
  if (!isHere) {
    findings.skip(`catalog ${catalog}`, "without a connection");
    return findings.list;
  }
  const isHive = await findings.ask(`catalog ${catalog}`, askCatalog, catalogRemedy);
  if (!isHive) {
    findings.skip("tables", "without the catalog");
    return findings.list;
  }
  const isMade = await checkSchema(findings, folder);
  if (isMade && folder !== null) await checkTable(findings, hdfs, `${folder}/table`);
  else findings.skip("external tables", folder === null ? "without a folder in HDFS" : "without the schema");
  return findings.list;
}

async function connect(): Promise<string> {
  const [row] = await query<{ user: string }>('SELECT current_user AS "user" FROM (VALUES 1)');
  const { password, token, roles } = settings.trinoAccess;
  const way = password ? "password" : token ? "JWT" : "no login";
  return `user ${row!.user}, ${way}${roles === undefined ? "" : `, roles ${roles}`}`;
}

function loginRemedy(): string {
  return "check QUESTLOG_TRINO_URL, its CA file, QUESTLOG_TRINO_USER and its password or token file; QUESTLOG_TRINO_ROLE names a role";
}

const catalogRemedy =
  "a catalog with connector.name=hive; QUESTLOG_TRINO_CATALOG names it, and the user needs the right to see it";

async function askCatalog(): Promise<string> {
  const { catalog } = settings;
  const [row] = await query<{ connector_name: string }>(
    "SELECT connector_name FROM system.metadata.catalogs WHERE catalog_name = ?",
    { parameters: [catalog] },
  );
  if (row === undefined) throw new Error(`expected the catalog ${catalog}, found none of that name`);
  if (row.connector_name !== "hive")
    throw new Error(`expected the connector hive, got ${row.connector_name}`);
  const schemas = await query(`SHOW SCHEMAS FROM ${identifier(catalog)}`);
  return `connector hive, ${schemas.length} ${schemas.length === 1 ? "schema" : "schemas"}`;
}

/** The schema exists, or one can be made: it is tried with another name. */
async function checkSchema(findings: Findings, folder: string | null): Promise<boolean> {
  const { catalog, schema } = settings;
  const found = await query<{ schema_name: string }>(
    `SELECT schema_name FROM ${identifier(catalog)}.information_schema.schemata WHERE schema_name = ?`,
    { parameters: [schema] },
  );
  if (found.length > 0) return findings.ask(`schema ${schema}`, () => Promise.resolve("it exists"), "");
  if (folder === null) {
    findings.skip(`create the schema ${schema}`, "without a folder in HDFS");
    return false;
  }
  // The tables are tried in a new schema with this very name: only so its rights are known.
  const create = async () => {
    await query(`CREATE SCHEMA ${qualified(schema)} WITH (location = ${literal(`hdfs://${folder}/schema`)})`);
    return "it can be made";
  };
  const remedy = `as an administrator: CREATE SCHEMA ${catalog}.${schema}; GRANT CREATE ON SCHEMA ${catalog}.${schema} TO USER ${settings.trinoAccess.user}; or another QUESTLOG_SCHEMA; ${frozen}`;
  return findings.ask(`create the schema ${schema}`, create, remedy);
}

async function checkTable(findings: Findings, hdfs: WebHdfs, folder: string): Promise<void> {
  const name = `check_${randomBytes(6).toString("hex")}`;
  const renamed = `${name}_renamed`;
  await putFile(hdfs, `${folder}/day=${DAY}/rows.parquet`);
  const { catalog, schema } = settings;
  const register = `CALL ${identifier(catalog)}.system.sync_partition_metadata(${literal(schema)}, ${literal(renamed)}, 'ADD', false)`;
  const procedure = `${identifier(catalog)}.system.register_partition`;
  const registerOne = `CALL ${procedure}(${literal(schema)}, ${literal(renamed)}, ARRAY['day'], ARRAY['${NEXT_DAY}'])`;
  const count = `SELECT count(*) AS rows FROM ${qualified(schema, renamed)}`;
  const written = qualified(schema, `${name}_written`);
  const steps: [need: string, work: () => Promise<string>][] = [
    ["create an external table", () => run(createTable(name, folder))],
    [
      "rename it",
      () => run(`ALTER TABLE ${qualified(schema, name)} RENAME TO ${qualified(schema, renamed)}`),
    ],
    ["register a day", () => run(register)],
    ["read its rows from HDFS", () => readRows(count)],
    [
      "read times in UTC",
      () => readTime(`SELECT CAST(max(at) AS varchar) AS at FROM ${qualified(schema, renamed)}`),
    ],
    ["create a view", () => run(`CREATE VIEW ${qualified(schema, `${name}_view`)} AS ${count}`)],
  ];
  if (settings.metastore !== undefined) {
    const write = `CREATE TABLE ${written} WITH (external_location = ${literal(`hdfs://${folder}_written`)}, format = 'PARQUET') AS SELECT n FROM ${qualified(schema, renamed)}`;
    steps.push(["let Trino write files of a day", () => run(write)]);
    steps.push([
      "register one day",
      async () => {
        await putFile(hdfs, `${folder}/day=${NEXT_DAY}/rows.parquet`);
        return run(registerOne);
      },
    ]);
  }
  try {
    for (const [i, [need, work]] of steps.entries()) {
      if (await findings.ask(need, work, "")) continue;
      const failed = findings.list.at(-1)!;
      failed.remedy = remedyOf(failed.detail);
      for (const [later] of steps.slice(i + 1)) findings.skip(later, `without: ${need}`);
      break;
    }
  } finally {
    await findings.ask("drop the view and the table", () => dropAll(name, renamed), "drop them by hand");
  }
}

async function run(statement: string): Promise<string> {
  await query(statement);
  return "";
}

async function readRows(statement: string): Promise<string> {
  const [row] = await query<{ rows: number }>(statement);
  if (row?.rows !== ROWS) throw new Error(`expected ${ROWS} rows, got ${row?.rows}`);
  return `${ROWS} rows`;
}

/** The stream's times are in UTC; Trino can read them in its own zone. */
async function readTime(statement: string): Promise<string> {
  const [row] = await query<{ at: string }>(statement);
  if (row?.at !== TIME) throw new Error(`expected the time ${TIME}, got ${row?.at}`);
  return "";
}

function createTable(name: string, folder: string): string {
  return `CREATE TABLE ${qualified(settings.schema, name)} (n bigint, at timestamp(3), day date) WITH (
    external_location = ${literal(`hdfs://${folder}`)}, format = 'PARQUET', partitioned_by = ARRAY['day'])`;
}

async function dropAll(name: string, renamed: string): Promise<string> {
  const { schema } = settings;
  await query(`DROP VIEW IF EXISTS ${qualified(schema, `${name}_view`)}`);
  for (const one of [name, renamed, `${name}_written`])
    await query(`DROP TABLE IF EXISTS ${qualified(schema, one)}`);
  return "";
}

async function putFile(hdfs: WebHdfs, path: string): Promise<void> {
  const file = new ParquetFile([
    { name: "n", type: "offset", required: true },
    { name: "at", type: "timestamp", required: true },
  ]);
  for (let i = 0; i < ROWS; i++) file.append([i, Date.parse(`${TIME}Z`)]);
  await hdfs.create(path, file.finish());
}

function qualified(...names: string[]): string {
  return [settings.catalog, ...names].map(identifier).join(".");
}

const frozen = "hive.security=read-only forbids all writes";

/** Properties of the Hive catalog, and rights, by the words of Trino's refusal. */
const REMEDIES: [refusal: RegExp, remedy: string][] = [
  [
    /Cannot create non-managed Hive table/,
    "in the catalog's file: hive.non-managed-table-creates-enabled=true",
  ],
  [/non-managed/i, "in the catalog's file: hive.non-managed-table-writes-enabled=true"],
  [/register_partition/, "in the catalog's file: hive.allow-register-partition-procedure=true"],
  [/^expected the time/, "in the catalog's file: hive.parquet.time-zone=UTC"],
  [/No factory for location|No FileSystem for scheme/, "in the catalog's file: fs.hadoop.enabled=true"],
  [
    /Incomplete HDFS URI|no host/,
    "in the catalog's file: hive.config.resources=…/core-site.xml, with fs.defaultFS of this HDFS",
  ],
  [
    /Unsupported hive metastore|read.only/i,
    "in the catalog's file: hive.security=allow-all, or another than read-only",
  ],
  [
    /Access Denied/,
    `the user needs the right: GRANT in the catalog, the rules of access control, or QUESTLOG_TRINO_ROLE; ${frozen}`,
  ],
  [
    /Permission denied|AccessControlException/,
    "the user of Trino needs the folder: hive.hdfs.impersonation.enabled=true, or rights in HDFS for Trino's own user",
  ],
];

function remedyOf(problem: string): string {
  return REMEDIES.find(([refusal]) => refusal.test(problem))?.[1] ?? "Trino's log has the reason";
}
