/**
 * The settings → findings about all that the product needs of a cluster; then nothing of the check
 * is left in it.
 */
import { randomUUID } from "node:crypto";
import { findMissingTables } from "../ask/table-problems.ts";
import { getDatabases } from "../hive-metastore.ts";
import { settings } from "../settings.ts";
import { identifier } from "../sql.ts";
import { query } from "../trino.ts";
import { WebHdfs } from "../webhdfs.ts";
import { type Finding, Findings } from "./finding.ts";
import { checkHdfs, hasRoot, removeFolder } from "./hdfs-check.ts";
import { checkKafka } from "./kafka-check.ts";
import { checkTrino } from "./trino-check.ts";

/** Asks Kafka, HDFS, Trino and the metastore. */
export async function checkCluster(): Promise<Finding[]> {
  const [kafka, others] = await Promise.all([checkKafka(), checkTables()]);
  return [...kafka, ...others, ...(await checkMetastore())];
}

/**
 * The obstacles to the tables of a given Trino, for a start. A service that does not answer is no
 * obstacle: the start waits for it. If all tables exist, nothing is tried.
 */
export async function tableObstacles(): Promise<Finding[]> {
  const hasAll = await findMissingTables().then(
    (missing) => missing.length === 0,
    () => false,
  );
  if (hasAll) return [];
  const isRefused = (detail: string) => /\b(HTTP_|status )401\b/.test(detail);
  return (await checkTables()).filter(({ need, state, detail }) => {
    return state === "missing" && (need !== "connection and login" || isRefused(detail));
  });
}

/** HDFS first: the table of Trino's check has its file there. */
async function checkTables(): Promise<Finding[]> {
  const hdfs = new WebHdfs();
  const folder = `${settings.hdfsRoot}/check-${randomUUID()}`;
  const hadRoot = await hasRoot(hdfs).catch(() => true);
  const cleaning = new Findings("hdfs");
  try {
    const found = await checkHdfs(hdfs, folder);
    const isUsable = found.every(({ state }) => state === "works");
    const made = await newSchemaOf(() => checkTrino(hdfs, isUsable ? folder : null));
    const isMade = found.some(({ need, state }) => need.startsWith("make a folder") && state === "works");
    if (isMade) {
      const clean = async () => {
        await removeFolder(hdfs, folder, hadRoot);
        return "the check's own";
      };
      await cleaning.ask("delete the folder", clean, `hdfs dfs -rm -r ${folder}`);
    }
    return [...found, ...cleaning.list, ...made];
  } finally {
    hdfs.close();
  }
}

/** Drops the schema if the check has made it. */
async function newSchemaOf(check: () => Promise<Finding[]>): Promise<Finding[]> {
  const found = await check();
  const isMade = found.some(({ need, state }) => need.startsWith("create the schema") && state === "works");
  if (!isMade) return found;
  const { catalog, schema } = settings;
  const findings = new Findings("trino");
  const drop = async () => {
    await query(`DROP SCHEMA ${[catalog, schema].map(identifier).join(".")}`, { schema: "default" });
    return "";
  };
  await findings.ask("drop the schema", drop, `DROP SCHEMA ${catalog}.${schema}`);
  return [...found, ...findings.list];
}

async function checkMetastore(): Promise<Finding[]> {
  const findings = new Findings("metastore");
  const need = "change columns in place";
  if (settings.metastore === undefined) {
    const without = "a changed table is dropped and made anew: queries in that second fail";
    findings.miss(need, without, "QUESTLOG_METASTORE=HOST:9083, if it takes Thrift without a login");
    return findings.list;
  }
  const ask = async () => `${(await getDatabases()).length} schemas, by Thrift`;
  await findings.ask(need, ask, "check QUESTLOG_METASTORE, or unset it: then changed tables are made anew");
  return findings.list;
}
