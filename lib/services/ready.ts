/**
 * A service → whether it answers a real question correctly: ready, not only started.
 *
 * Each question resolves if the answer is right, and throws the fault otherwise; callers ask again.
 * No question leaves a trace in the service.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Kafka, logLevel } from "../kafkajs.ts";
import { HOST, settings } from "../settings.ts";
import { callForStrings } from "./thrift.ts";

const ANSWER_LIMIT_MS = 5_000;
const STATEMENT_LIMIT_MS = 60_000;
const NO_WORKER_PAUSE_MS = 200;

/** Kafka: the cluster names a controller, so topics can be made. */
export async function askKafka(): Promise<void> {
  await withAdmin(async (admin) => {
    const { controller } = await admin.describeCluster();
    if (controller === null) throw new Error("no controller was elected yet");
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

interface Page {
  nextUri?: string;
  data?: unknown[][];
  error?: { message: string; errorName: string };
}

/**
 * Runs one statement by Trino's REST protocol, for at most 60 s. It is run again while no worker
 * has the catalog, which takes up to 5 s after Trino's start: nothing of the statement ran then.
 */
export async function runStatement(
  statement: string,
  { trinoUrl }: Pick<typeof settings, "trinoUrl"> = settings,
): Promise<unknown[][]> {
  const { catalog, hdfsUser, schema } = settings;
  const headers = { "X-Trino-User": hdfsUser, "X-Trino-Catalog": catalog, "X-Trino-Schema": schema };
  const send = (): Promise<Page> =>
    getJson(`${trinoUrl}/v1/statement`, { method: "POST", body: statement, headers });
  const end = Date.now() + STATEMENT_LIMIT_MS; // no until(): each page is another part of one answer
  const rows: unknown[][] = [];
  let page = await send();
  for (;;) {
    if (page.error?.errorName === "NO_NODES_AVAILABLE" && Date.now() < end) {
      await sleep(NO_WORKER_PAUSE_MS);
      page = await send();
      continue;
    }
    rows.push(...(page.data ?? []));
    if (page.error) throw new Error(`${page.error.message}, in ${statement}`);
    if (page.nextUri === undefined) return rows;
    if (Date.now() > end) throw new Error(`no result within ${STATEMENT_LIMIT_MS / 1000} s, of ${statement}`);
    page = await getJson<Page>(page.nextUri);
  }
}

async function withAdmin(ask: (admin: ReturnType<Kafka["admin"]>) => Promise<void>): Promise<void> {
  const kafka = new Kafka({
    clientId: "questlog-ready",
    brokers: settings.kafkaBrokers,
    logLevel: logLevel.NOTHING, // a refused connection is an answer here, not an event
    connectionTimeout: ANSWER_LIMIT_MS,
    requestTimeout: ANSWER_LIMIT_MS,
    retry: { retries: 0 },
  });
  const admin = kafka.admin();
  try {
    await admin.connect();
    await ask(admin);
  } finally {
    await admin.disconnect();
  }
}

export async function getJson<T>(url: string, request: RequestInit = {}): Promise<T> {
  const response = await fetch(url, { ...request, signal: AbortSignal.timeout(ANSWER_LIMIT_MS) }).catch(
    (error: Error) => {
      throw new Error(`${url}: ${(error.cause as Error | undefined)?.message ?? error.message}`);
    },
  );
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text.slice(0, 200)}`);
  return JSON.parse(text) as T;
}
