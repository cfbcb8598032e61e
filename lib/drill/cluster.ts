/**
 * Drill `cluster`: the product runs on a secured cluster of others, and a broker, a DataNode and a
 * worker are killed under load, one after the other.
 *
 * The settings of this process name the user's stack. So the pipeline runs in a child process,
 * cluster-load.ts, whose environment names the cluster.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { settings } from "../settings.ts";
import { Cluster } from "../testbed/secured-cluster.ts";
import type { Drill, DrillOptions, Figures } from "./drill.ts";

/** A message of the child process. */
export type Told = { log: string } | { figures: Figures } | { error: string };

const LOAD = join(settings.root, "lib", "drill", "cluster-load.ts");

export const cluster: Drill = {
  name: "cluster",
  what: "on a secured cluster (TLS, passwords; three brokers, three DataNodes, two Trino nodes) kill -9 ends a broker, a DataNode and a worker, one after the other, under 300 requests/s: the pipeline goes on without each, and no event is lost or double",
  run,
};

async function run({ short, seed, log }: DrillOptions): Promise<Figures> {
  const home = join(settings.home, "cluster");
  const servers = await Cluster.start(home, log);
  try {
    return await load(servers, { short, seed, log });
  } finally {
    await servers.stop();
  }
}

async function load(servers: Cluster, { short, seed, log }: DrillOptions): Promise<Figures> {
  const args = [JSON.stringify({ home: servers.home, short, seed })];
  const child = fork(LOAD, args, { cwd: settings.root, env: environment(servers) });
  let figures: Figures | undefined;
  let problem = "ended without figures";
  child.on("message", (told: Told) => {
    if ("log" in told) log(told.log);
    else if ("figures" in told) figures = told.figures;
    else problem = told.error;
  });
  await once(child, "exit");
  if (figures === undefined) throw new Error(problem);
  return figures;
}

/** The environment of the child: the cluster's settings, and none of the user's own. */
function environment(servers: Cluster): NodeJS.ProcessEnv {
  const others = Object.entries(process.env).filter(
    ([name]) => !name.startsWith("QUESTLOG_") || name === "QUESTLOG_CACHE",
  );
  return {
    ...Object.fromEntries(others),
    TMPDIR: join(servers.home, "tmp"), // deleted with the cluster
    QUESTLOG_ENV: "/dev/null", // not the checkout's questlog.env
    QUESTLOG_HOME: join(servers.home, "home"),
    QUESTLOG_HISTORY: join(servers.home, "history.jsonl"),
    ...servers.settings(),
  };
}
