/**
 * A service → whether it is ready, not only started: it answers a real question correctly.
 *
 * Each question resolves after a right answer, and throws otherwise; callers ask again. No question
 * changes anything in the service.
 */
import { type Admin, withAdmin } from "../kafka.ts";
import { settings } from "../settings.ts";
import { ANSWER_LIMIT_MS, getJson } from "./get-json.ts";
import { runStatement } from "./plain-trino.ts";
import { getDatabases } from "../hive-metastore.ts";

/** Kafka: the cluster has a controller, so it can create topics. */
export async function askKafka(): Promise<void> {
  const ask = async (admin: Admin) => {
    const { controller } = await admin.describeCluster();
    if (controller === null) throw new Error("the cluster has not elected a controller yet");
  };
  await withAdmin(settings.kafkaBrokers, ask, {
    clientId: "questlog-ready",
    retries: 0,
    connectionTimeoutMs: ANSWER_LIMIT_MS,
    requestTimeoutMs: ANSWER_LIMIT_MS,
  });
}

/** NameNode: it lists the root folder. */
export async function askNamenode(): Promise<void> {
  await getJson(`${settings.webhdfsUrl}/webhdfs/v1/?op=LISTSTATUS&user.name=${settings.hdfsUser}`);
}

/** DataNode: the NameNode counts it as live and has left safe mode, so it accepts files. */
export async function askDatanode(): Promise<void> {
  const name = "Hadoop:service=NameNode,name=FSNamesystemState";
  const { beans } = await getJson<{ beans: { FSState: string; NumLiveDataNodes: number }[] }>(
    `${settings.webhdfsUrl}/jmx?qry=${name}`,
  );
  const [state] = beans;
  if (!state) throw new Error("the NameNode has no state of its DataNodes yet");
  if (state.NumLiveDataNodes < 1) throw new Error("the NameNode has no live DataNode");
  if (state.FSState !== "Operational") throw new Error(`the NameNode is in state "${state.FSState}"`);
}

/** Metastore: its list of databases contains `default`. */
export async function askMetastore(): Promise<void> {
  const databases = await getDatabases();
  if (!databases.includes("default")) {
    throw new Error(`expected the database "default", got ${JSON.stringify(databases)}`);
  }
}

/** Metastore of a given Trino: the Hive catalog has schemas. Only Trino knows its address. */
export async function askMetastoreByTrino(): Promise<void> {
  const schemas = await runStatement(`SHOW SCHEMAS FROM ${settings.catalog}`);
  if (schemas.length === 0) throw new Error(`expected schemas of the catalog ${settings.catalog}, got 0`);
}

/**
 * Trino: two queries run to their end, one on a worker, one on the Hive catalog. Just after its
 * start Trino answers the second query, but fails the first with "No nodes available".
 */
export async function askTrino(): Promise<void> {
  const { catalog, schema } = settings;
  for (const from of [
    "(VALUES 1)",
    `${catalog}.information_schema.tables WHERE table_schema = '${schema}'`,
  ]) {
    const rows = await runStatement(`SELECT count(*) FROM ${from}`);
    if (rows.length !== 1) throw new Error(`expected 1 row of ${from}, got ${rows.length}`);
  }
}

/** API: its answer to /ready. */
export async function askApi(): Promise<void> {
  const { ready } = await getJson<{ ready: boolean }>(`${settings.apiUrl}/ready`);
  if (!ready) throw new Error("/ready answers that the API is not ready");
}

/**
 * Stream: its answer to /ready. Its consumer groups prove nothing, because Kafka keeps the session
 * of a killed stream for some seconds.
 */
export async function askStream(): Promise<void> {
  await getJson(`${settings.streamUrl}/ready`);
}
