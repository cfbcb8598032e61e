/**
 * The child process of the drill `cluster`: a pipeline under load on the cluster of its settings,
 * whose servers it kills and starts again.
 *
 * Its argument is JSON: the cluster's folder, and the drill's options. It sends its figures to its
 * parent.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { withAdmin } from "../kafka.ts";
import { runStatement } from "../services/plain-trino.ts";
import { settings } from "../settings.ts";
import { startRepeating } from "../testbed/repeating.ts";
import { Cluster } from "../testbed/secured-cluster.ts";
import { closePipelines, type Pipeline } from "../testbed/pipeline.ts";
import { countCommits, untilCommitted } from "../testbed/witness.ts";
import type { Told } from "./cluster.ts";
import { type Figures, underLoad, type UnderLoad } from "./drill.ts";

const WARM_MS = 2_000; // under load before each kill
const AWAY_MS = { full: 20_000, short: 5_000 }; // the least time that a server is away
const GOES_ON_LIMIT_MS = 90_000; // from the kill until each partition has two more commits
const QUERY_PAUSE_MS = 250;
const WORKER_SETTLE_MS = 10_000; // in which Trino may still send work to the killed worker

/** The servers that are killed. Queries may fail only while a worker dies. */
type Fault = "broker" | "datanode" | "worker";

if (process.send !== undefined) await runAsChild(process.send.bind(process));

/** Runs the drill with the cluster of the arguments, and sends lines and answer to the parent. */
async function runAsChild(send: NonNullable<typeof process.send>): Promise<void> {
  const { home, short, seed } = JSON.parse(process.argv[2] ?? "{}") as {
    home: string;
    short: boolean;
    seed: number;
  };
  process.on("SIGINT", () => {}); // the parent decides, and disconnects
  process.once("disconnect", () => {
    void closePipelines()
      .catch(() => {}) // the cluster may be gone, and its data with it
      .finally(() => process.exit(1));
  });
  const drill = underLoad(
    { name: "cluster", what: "", perSecond: { full: 300, short: 100 } },
    (load: UnderLoad) => breakServers(Cluster.open(home), load),
  );
  let answer: Told;
  try {
    answer = { figures: await drill.run({ short, seed, log: (line) => send({ log: line }) }) };
  } catch (error) {
    answer = { error: (error as Error).message };
  }
  send(answer, () => process.exit());
}

async function breakServers(cluster: Cluster, { pipeline, short, log }: UnderLoad): Promise<Figures> {
  const queries = startQueries(pipeline);
  const figures: Figures = {};
  const targets: Record<Fault, string> = {
    broker: await leaderOf(pipeline.topic),
    datanode: "datanode-1",
    worker: "worker",
  };
  for (const [fault, name] of Object.entries(targets) as [Fault, string][]) {
    await sleep(WARM_MS);
    queries.during(fault);
    const killedAt = Date.now();
    const before = await countCommits(pipeline);
    await cluster.kill(name);
    const limitMs = GOES_ON_LIMIT_MS;
    const goesOnMs = await untilCommitted(pipeline, { before, partitions: "every", commits: 2, limitMs });
    await sleep(Math.max(0, killedAt + AWAY_MS[short ? "short" : "full"] - Date.now()));
    await cluster.start(name);
    queries.during(null);
    log(`${name}: each partition landed again after ${goesOnMs} ms, away for ${Date.now() - killedAt} ms`);
    figures[`${fault}_goes_on_ms`] = goesOnMs;
    figures[`${fault}_away_ms`] = Date.now() - killedAt;
  }
  return { ...figures, ...(await queries.stop()) };
}

/** The name of the server that leads the topic's first partition. */
async function leaderOf(topic: string): Promise<string> {
  return withAdmin(settings.kafkaBrokers, async (admin) => {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    const partition = topics[0]?.partitions.find(({ partitionId }) => partitionId === 0);
    if (partition === undefined) throw new Error(`topic ${topic}: expected a partition 0, got none`);
    return `broker-${partition.leader}`;
  });
}

interface Queries {
  /** Tells which server is away from now on, or null. */
  during: (fault: Fault | null) => void;
  /** @throws Error if a query failed while no worker was away, or showed less than one before it */
  stop: () => Promise<{ queries: number; failed_queries_without_worker: number }>;
}

/** Counts the events again and again. A row that was visible once has to stay visible. */
function startQueries({ schema }: Pipeline): Queries {
  let fault: Fault | null = null;
  let workerBack = -Infinity; // time at which the killed worker was ready again
  let most = 0;
  let failed_queries_without_worker = 0;
  const problems: string[] = [];
  const repeating = startRepeating(async () => {
    const began = fault;
    try {
      const [[rows] = []] = await runStatement(`SELECT count(*) FROM ${schema}.events`);
      if (Number(rows) < most) problems.push(`${String(rows)} rows after ${most}`);
      most = Math.max(most, Number(rows));
    } catch (error) {
      const isNew = Date.now() - workerBack < WORKER_SETTLE_MS;
      if (began === "worker" || fault === "worker" || isNew) failed_queries_without_worker++;
      else problems.push(`${fault ?? "no server"} away: ${(error as Error).message}`);
    }
  }, QUERY_PAUSE_MS);
  return {
    during: (now) => {
      if (fault === "worker") workerBack = Date.now();
      fault = now;
    },
    stop: async () => {
      const queries = await repeating.stop();
      if (problems.length > 0)
        throw new Error(`expected queries that answer, got ${problems.length} others: ${problems[0]}`);
      return { queries, failed_queries_without_worker };
    },
  };
}
