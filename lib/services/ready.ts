/**
 * A service → whether it answers a real question correctly: ready, not only started.
 *
 * Each question resolves if the answer is right, and throws the fault otherwise; callers ask again.
 * No question leaves a trace in the service.
 */
import { type Admin, withAdmin } from "../kafka.ts";
import { HOST, settings } from "../settings.ts";
import { ANSWER_LIMIT_MS, getJson } from "./get-json.ts";
import { runStatement } from "./plain-trino.ts";
import { callForStrings } from "./thrift.ts";

/** Kafka: the cluster names a controller, so topics can be made. */
export async function askKafka(): Promise<void> {
  const ask = async (admin: Admin) => {
    const { controller } = await admin.describeCluster();
    if (controller === null) throw new Error("no controller was elected yet");
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

/** DataNode: the NameNode counts it as live and has left safe mode, so files can be written. */
export async function askDatanode(): Promise<void> {
  const name = "Hadoop:service=NameNode,name=FSNamesystemState";
  const { beans } = await getJson<{ beans: { FSState: string; NumLiveDataNodes: number }[] }>(
    `${settings.webhdfsUrl}/jmx?qry=${name}`,
  );
  const [state] = beans;
  if (!state) throw new Error("the NameNode knows nothing of its DataNodes yet");
  if (state.NumLiveDataNodes < 1) throw new Error("the NameNode has no live DataNode");
  if (state.FSState !== "Operational") throw new Error(`the NameNode is in state "${state.FSState}"`);
}

/** Metastore: it lists its databases, with `default` among them. */
export async function askMetastore(): Promise<void> {
  const databases = await callForStrings(settings.ports.metastore, "get_all_databases");
  if (!databases.includes("default")) {
    throw new Error(`expected the database "default", got ${JSON.stringify(databases)}`);
  }
}

/** Metastore of a given Trino, whose address only Trino knows: the Hive catalog has schemas. */
export async function askMetastoreByTrino(): Promise<void> {
  const schemas = await runStatement(`SHOW SCHEMAS FROM ${settings.catalog}`);
  if (schemas.length === 0) throw new Error(`expected schemas of the catalog ${settings.catalog}, got 0`);
}

/**
 * Trino: two queries ran to their end, one on a worker, one on the Hive catalog. Just after its
 * start Trino answers the second kind and fails the first with "No nodes available".
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

/** API: it says so itself, at /ready. */
export async function askApi(): Promise<void> {
  const { ready } = await getJson<{ ready: boolean }>(`http://${HOST}:${settings.ports.api}/ready`);
  if (!ready) throw new Error("/ready says that it is not");
}

/**
 * Stream: it says so itself, at /ready. Its consumer groups are no proof: they keep the session of
 * a killed stream for some seconds.
 */
export async function askStream(): Promise<void> {
  await getJson(`http://${HOST}:${settings.ports.stream}/ready`);
}
