/**
 * A service → whether it is ready, not only started: it answers a real question correctly.
 *
 * Each question resolves after a right answer, and throws otherwise; callers ask again. No question
 * changes anything in the service.
 */
import { type Admin, withAdmin } from "../kafka.ts";
import { HOST, settings } from "../settings.ts";
import { identifier, literal } from "../sql.ts";
import { HdfsError, WebHdfs } from "../webhdfs.ts";
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
  if (settings.given.hdfs) return withHdfs(async () => {});
  await getJson(`${settings.webhdfsUrl}/webhdfs/v1/?op=LISTSTATUS&user.name=${settings.hdfsUser}`);
}

/**
 * DataNode: the NameNode counts it as live and has left safe mode, so it accepts files. For ten
 * minutes the NameNode counts a killed DataNode too, so our own is also asked itself.
 */
export async function askDatanode(): Promise<void> {
  await withHdfs(async (hdfs) => {
    const state = await hdfs.bean("FSNamesystemState").catch(unlessGateway);
    if (state !== undefined) refuseState(state);
  });
  if (!settings.given.hdfs) await askOwnDatanode();
}

async function askOwnDatanode(): Promise<void> {
  const attribute = "Hadoop:service=DataNode,name=DataNodeInfo::BPServiceActorInfo";
  const { beans } = await getJson<{ beans: { BPServiceActorInfo: string }[] }>(
    `http://${HOST}:${settings.ports.datanodeHttp}/jmx?get=${attribute}`,
  );
  const actors = JSON.parse(beans[0]?.BPServiceActorInfo ?? "[]") as { ActorState: string }[];
  const states = actors.map(({ ActorState }) => ActorState);
  if (!states.includes("RUNNING"))
    throw new Error(`the DataNode does not serve the NameNode yet: ${states.join(", ") || "no state"}`);
}

interface NameNodeState {
  FSState: string;
  NumLiveDataNodes: number;
}

function refuseState(state: Partial<NameNodeState>): void {
  if (state.NumLiveDataNodes === undefined) throw new Error("the NameNode has no state of its DataNodes yet");
  if (state.NumLiveDataNodes < 1) throw new Error("the NameNode has no live DataNode");
  if (state.FSState !== "Operational") throw new Error(`the NameNode is in state "${state.FSState}"`);
}

/** Runs `work` with a client that has found the active NameNode. */
async function withHdfs(work: (hdfs: WebHdfs) => Promise<void>): Promise<void> {
  const hdfs = new WebHdfs({ attempts: 1, limitMs: ANSWER_LIMIT_MS });
  try {
    await hdfs.status("/");
    await work(hdfs);
  } finally {
    hdfs.close();
  }
}

/** A gateway in front of a given HDFS hides the state of its DataNodes. */
function unlessGateway(error: unknown): undefined {
  if (settings.given.hdfs && error instanceof HdfsError && error.status !== null) return undefined;
  throw error;
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
  const schemas = await runStatement(`SHOW SCHEMAS FROM ${identifier(settings.catalog)}`);
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
    `${identifier(catalog)}.information_schema.tables WHERE table_schema = ${literal(schema)}`,
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
