/**
 * Addresses and credentials of a cluster → whether its servers are ready, by clients of their own:
 * kafkajs and node:https, nothing of the product.
 */
import { request } from "node:https";
import kafkajs from "kafkajs";

/** Addresses and credentials, for clients that are not the product's. */
export interface Access {
  brokers: string[]; // "host:port"
  webhdfsUrl: string;
  trinoUrl: string;
  ca: string; // PEM
  user: string;
  password: string;
}

const MEMBERS = 3; // brokers and DataNodes
const NODES = 2; // of Trino
const ANSWER_LIMIT_MS = 15_000;

/** Kafka: all brokers are members, and none is behind. */
export async function brokersReady({ brokers, ca, user, password }: Access): Promise<void> {
  const admin = new kafkajs.Kafka({
    clientId: "cluster-ready",
    brokers,
    ssl: { ca },
    sasl: { mechanism: "scram-sha-512", username: user, password },
    retry: { retries: 0 },
    logLevel: kafkajs.logLevel.NOTHING,
  }).admin();
  try {
    await admin.connect();
    const cluster = await admin.describeCluster();
    const { topics } = await admin.fetchTopicMetadata();
    const behind = topics.flatMap(({ name, partitions }) =>
      partitions.filter(({ isr }) => isr.length < MEMBERS).map(({ partitionId }) => `${name}/${partitionId}`),
    );
    if (cluster.brokers.length < MEMBERS || cluster.controller === null)
      throw new Error(`${cluster.brokers.length} of ${MEMBERS} brokers`);
    if (behind.length > 0) throw new Error(`partitions with a broker behind: ${behind.join(", ")}`);
  } finally {
    await admin.disconnect();
  }
}

/** HDFS: the NameNode has left safe mode, and each DataNode is live. */
export async function hdfsReady(access: Access): Promise<void> {
  const path = "/jmx?qry=Hadoop:service=NameNode,name=FSNamesystemState";
  const { beans } = (await ask(access, `${access.webhdfsUrl}${path}`)) as {
    beans: { FSState: string; NumLiveDataNodes: number; NumDeadDataNodes: number }[];
  };
  const [state] = beans;
  if (state?.FSState !== "Operational" || state.NumLiveDataNodes < MEMBERS)
    throw new Error(`NameNode: ${JSON.stringify(state ?? null).slice(0, 300)}`);
}

/** Trino: a query sees each node, and another one the Hive catalog. */
export async function trinoReady(access: Access): Promise<void> {
  const [[nodes] = []] = await selectRows(access, "SELECT count(*) FROM system.runtime.nodes");
  if (nodes !== NODES) throw new Error(`Trino: ${String(nodes)} of ${NODES} nodes`);
  const schemas = await selectRows(access, "SHOW SCHEMAS FROM hive");
  if (schemas.length === 0) throw new Error("Trino: the catalog hive has no schema");
}

/** Gives the user a folder in HDFS, and everybody three others, as an administrator would. */
export async function makeFolders(access: Access, user: string): Promise<void> {
  const call = (path: string, query: string) =>
    ask(access, `${access.webhdfsUrl}/webhdfs/v1${path}?user.name=hdfs&${query}`, { method: "PUT" });
  for (const [path, mode] of Object.entries({ "/test": 1777, "/tmp": 1777, "/warehouse": 1777 })) {
    await call(path, "op=MKDIRS");
    await call(path, `op=SETPERMISSION&permission=${mode}`);
  }
  await call(`/${user}`, "op=MKDIRS");
  await call(`/${user}`, `op=SETOWNER&owner=${user}`);
}

interface Page {
  nextUri?: string;
  data?: unknown[][];
  error?: { message: string };
}

/** The rows of a statement, by Trino's REST protocol. */
export async function selectRows(access: Access, statement: string): Promise<unknown[][]> {
  const rows: unknown[][] = [];
  let page = (await ask(access, `${access.trinoUrl}/v1/statement`, {
    method: "POST",
    body: statement,
    authorized: true,
  })) as Page;
  for (;;) {
    if (page.error) throw new Error(`Trino: ${page.error.message}`);
    rows.push(...(page.data ?? []));
    if (page.nextUri === undefined) return rows;
    page = (await ask(access, page.nextUri, { authorized: true })) as Page;
  }
}

interface Question {
  method?: string;
  body?: string;
  authorized?: boolean; // with user and password
}

/** The JSON of an answer, or null of an empty one. @throws Error for another status than 200 */
function ask(
  { ca, user, password }: Access,
  url: string,
  { method = "GET", body, authorized = false }: Question = {},
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const auth = authorized ? `${user}:${password}` : undefined;
    const signal = AbortSignal.timeout(ANSWER_LIMIT_MS);
    const sent = request(url, { method, ca, auth, signal, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.once("error", reject);
      response.once("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        if (response.statusCode !== 200)
          reject(new Error(`${new URL(url).pathname}: status ${response.statusCode}, ${text.slice(0, 200)}`));
        else resolve(text === "" ? null : JSON.parse(text));
      });
    });
    sent.once("error", reject);
    sent.end(body);
  });
}
