/**
 * A folder → a secured cluster of others, on this machine: ten servers that ask for credentials.
 *
 * Tests and drills use it as a company's cluster: the product gets its addresses, its authority and
 * its password by `settings`, and starts nothing. The servers are the product's own artifacts. The
 * folder has everything, so another process can open the same cluster, kill a server and start it.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { $ } from "zx";
import { type Artifacts, prepareArtifacts } from "../services/artifacts.ts";
import { javaEnvironment } from "../services/java.ts";
import { findPortHolder } from "../services/ports.ts";
import { type Command, findProcess, lastLogLines, startProcess, stopProcess } from "../services/process.ts";
import { classArchive } from "../services/programs.ts";
import { HOST, settings } from "../settings.ts";
import { until } from "../until.ts";
import { KEY_FILES, makeKeys } from "./cluster-keys.ts";
import { type Access, brokersReady, hdfsReady, makeFolders, trinoReady } from "./cluster-ready.ts";
import { CLUSTER_USER, clusterPorts, clusterServers, type ClusterServer, confOf } from "./cluster-servers.ts";

/** Ports are taken from the first of these blocks of 100 that is free. */
const BASES = [21_000, 21_100, 21_200, 21_300];
const CLUSTER_ID = "cXVlc3Rsb2ctY2x1c3Rlcg"; // any 16 bytes in base64
const READY_LIMIT_MS = 120_000; // from the start of a server to its right answer
const GONE_LIMIT_MS = 10_000; // from SIGKILL to the end of a process
const CACHE_LINK = "cache"; // in the folder where the servers run

/** The content of cluster.json: all that a second process needs. */
interface Plan {
  base: number; // of the ports
  password: string;
  commands: Record<string, Command>; // by the server's name
}

export class Cluster {
  readonly home: string;
  readonly #plan: Plan;

  private constructor(home: string, plan: Plan) {
    this.home = home;
    this.#plan = plan;
  }

  /**
   * Starts a new cluster in `home`, after ending what an earlier run has left there. Resolves when
   * all servers have answered.
   * @throws Error with the server's log if one is not ready; then none is left running
   */
  static async start(home: string, log: (line: string) => void = () => {}): Promise<Cluster> {
    await endServers(home);
    const base = await freeBase();
    const artifacts = await prepareArtifacts(log);
    const cluster = new Cluster(home, await prepare(home, base, artifacts));
    running.add(cluster);
    writeFileSync(planFile(home), JSON.stringify(cluster.#plan));
    const since = Date.now();
    try {
      await Promise.all(cluster.names.map((name) => cluster.#spawn(name)));
      await cluster.ready();
      await makeFolders(cluster.access, CLUSTER_USER);
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    log(`cluster: ${cluster.names.length} servers ready after ${((Date.now() - since) / 1000).toFixed(1)} s`);
    return cluster;
  }

  /** The cluster that another process has started in `home`. */
  static open(home: string): Cluster {
    return new Cluster(home, JSON.parse(readFileSync(planFile(home), "utf8")) as Plan);
  }

  /** The names of the servers. */
  get names(): string[] {
    return Object.keys(this.#plan.commands);
  }

  get access(): Access {
    const { brokers, webhdfs, trino } = clusterPorts(this.#plan.base);
    return {
      brokers: brokers.map((port) => `${HOST}:${port}`),
      webhdfsUrl: `https://${HOST}:${webhdfs}`,
      trinoUrl: `https://${HOST}:${trino}`,
      ca: readFileSync(this.#key("ca"), "utf8"),
      user: CLUSTER_USER,
      password: this.#plan.password,
    };
  }

  /** The environment with which the product uses this cluster. */
  settings(): Record<string, string> {
    const { brokers, webhdfsUrl, trinoUrl } = this.access;
    return {
      QUESTLOG_KAFKA_BROKERS: brokers.join(","),
      QUESTLOG_KAFKA_CA_FILE: this.#key("ca"),
      QUESTLOG_KAFKA_SASL: "scram-sha-512",
      QUESTLOG_KAFKA_USER: CLUSTER_USER,
      QUESTLOG_KAFKA_PASSWORD_FILE: this.#key("password"),
      QUESTLOG_WEBHDFS_URL: webhdfsUrl,
      QUESTLOG_WEBHDFS_CA_FILE: this.#key("ca"),
      QUESTLOG_HDFS_USER: CLUSTER_USER,
      QUESTLOG_TRINO_URL: trinoUrl,
      QUESTLOG_TRINO_CA_FILE: this.#key("ca"),
      QUESTLOG_TRINO_USER: CLUSTER_USER,
      QUESTLOG_TRINO_PASSWORD_FILE: this.#key("password"),
      QUESTLOG_METASTORE: `${HOST}:${clusterPorts(this.#plan.base).metastore}`,
    };
  }

  /** Ends a server by SIGKILL. @throws Error if it does not run */
  async kill(name: string): Promise<void> {
    const found = findProcess(this.home, name);
    if (!found) throw new Error(`cluster: expected a process of ${name} to kill, found none in ${this.home}`);
    process.kill(found.pid, "SIGKILL");
    const isGone = () => !findProcess(this.home, name) || undefined;
    await until(`process ${found.pid} of ${name} ends`, isGone, { limitMs: GONE_LIMIT_MS, everyMs: 20 });
  }

  /** Starts a killed server again; resolves when the whole cluster is ready. */
  async start(name: string): Promise<void> {
    await this.#spawn(name);
    await this.ready();
  }

  /**
   * Waits until all servers have answered a real question.
   * @throws Error with the last lines of the logs
   */
  async ready(): Promise<void> {
    const questions = { Kafka: brokersReady, HDFS: hdfsReady, Trino: trinoReady };
    const access = this.access;
    const asked = Object.entries(questions).map(([what, ready]) =>
      until(
        `${what} of the cluster is ready`,
        async () => {
          const gone = this.names.filter((name) => !findProcess(this.home, name));
          if (gone.length > 0) return `${gone.join(", ")} ended`;
          await ready(access);
          return "ready";
        },
        { limitMs: READY_LIMIT_MS, everyMs: 250 },
      ),
    );
    try {
      const ended = (await Promise.all(asked)).find((answer) => answer !== "ready");
      if (ended !== undefined) throw new Error(ended);
    } catch (error) {
      throw new Error([`cluster: ${(error as Error).message}`, ...this.#logs()].join("\n"), { cause: error });
    }
  }

  /** Ends all servers, and deletes the folder. */
  async stop(): Promise<void> {
    await endServers(this.home);
    rmSync(this.home, { recursive: true, force: true });
    running.delete(this);
  }

  async #spawn(name: string): Promise<void> {
    const { env, ...command } = this.#plan.commands[name]!;
    await startProcess(this.home, name, { ...command, env: { ...process.env, ...env } });
  }

  #key(file: keyof typeof KEY_FILES): string {
    return join(this.home, "conf", "keys", KEY_FILES[file]);
  }

  #logs(): string[] {
    return this.names.flatMap((name) =>
      lastLogLines(this.home, name, 4).map((line) => `  ${name}: ${line.slice(0, 300)}`),
    );
  }
}

const running = new Set<Cluster>();

/** Stops each cluster that this process has started: an interrupted drill leaves one. */
export async function stopClusters(): Promise<void> {
  await Promise.all([...running].map((cluster) => cluster.stop()));
}

function planFile(home: string): string {
  return join(home, "cluster.json");
}

/** Ends each server that a pid file in `home` names. The data is deleted, so SIGKILL is enough. */
async function endServers(home: string): Promise<void> {
  let files: string[];
  try {
    files = readdirSync(join(home, "run"));
  } catch {
    return; // no earlier run
  }
  const names = files.filter((file) => file.endsWith(".pid")).map((file) => file.slice(0, -".pid".length));
  await Promise.all(names.map((name) => stopProcess(home, name, { graceMs: 0 })));
  rmSync(home, { recursive: true, force: true });
}

/** @throws Error if each block of ports has a taken one */
async function freeBase(): Promise<number> {
  for (const base of BASES) {
    const ports = clusterServers(base, "").flatMap((server) => server.ports);
    const holders = await Promise.all(ports.map((port) => findPortHolder(port)));
    if (holders.every((holder) => holder === undefined)) return base;
  }
  throw new Error(`cluster: expected free ports in a block of 100 from ${BASES.join(", ")}, found none`);
}

/** Writes keys, configuration and argument files, and makes the empty file systems. */
async function prepare(home: string, base: number, artifacts: Artifacts): Promise<Plan> {
  const run = join(home, "run");
  for (const folder of [run, join(home, "data"), join(home, "tmp"), join(home, "plugins")])
    mkdirSync(folder, { recursive: true });
  symlinkSync(settings.cache, join(run, CACHE_LINK));
  for (const place of ["plugin", "secured"])
    for (const plugin of readdirSync(join(artifacts.trino, place)))
      symlinkSync(join(artifacts.trino, place, plugin), join(home, "plugins", plugin));
  const password = await makeKeys(join(home, "conf", "keys"), CLUSTER_USER);
  const servers = clusterServers(base, password);
  const commands = Object.fromEntries(
    servers.map((server) => [server.name, prepareServer(home, server, artifacts)]),
  );
  await Promise.all(servers.map((server) => format(home, server, { artifacts, password })));
  return { base, password, commands };
}

function prepareServer(home: string, server: ClusterServer, artifacts: Artifacts): Command {
  const { name, kind, files, properties, args, env } = server;
  for (const [file, text] of Object.entries(files)) {
    const path = join(home, "conf", name, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  const lines = [
    ...jvmOptions(server, artifacts),
    ...Object.entries(properties).map(([key, value]) => `-D${key}=${value}`),
    "-cp",
    classPath(server, artifacts),
    MAIN[kind],
    ...args,
  ];
  return { ...javaCommand(home, name, lines, artifacts), env };
}

const MAIN = {
  kafka: "kafka.Kafka",
  namenode: "org.apache.hadoop.hdfs.server.namenode.NameNode",
  datanode: "org.apache.hadoop.hdfs.server.datanode.DataNode",
  metastore: "org.apache.hadoop.hive.metastore.HiveMetaStore",
  trino: "io.trino.server.TrinoServer",
};
const OPTIONS = { kafka: "kafka", namenode: "hadoop", datanode: "hadoop", metastore: "hive", trino: "trino" };

function jvmOptions({ kind, heapMb }: ClusterServer, artifacts: Artifacts): string[] {
  const options = readFileSync(join(settings.root, "compose", OPTIONS[kind], "jvm.config"), "utf8");
  return [
    ...options.trim().split("\n"),
    "-Xms32m",
    `-Xmx${heapMb}m`,
    // The product's file of loaded classes, if there is one. It is only read here.
    `-XX:SharedArchiveFile=${join(CACHE_LINK, "classes", classArchive(kind, artifacts))}`,
    "-Xshare:auto",
    "-Xlog:disable",
    `-Djava.io.tmpdir=${join("..", "tmp")}`,
  ];
}

/** The folder of configuration is last: Hadoop finds ssl-server.xml only on the class path. */
function classPath({ kind, name }: ClusterServer, { jars, trino }: Artifacts): string {
  const files = {
    kafka: jars.kafka,
    namenode: jars.hadoop,
    datanode: jars.hadoop,
    metastore: jars.metastore,
    trino: readdirSync(join(trino, "lib"))
      .sort()
      .map((file) => join(trino, "lib", file)),
  }[kind].map((file) => join(CACHE_LINK, relative(settings.cache, file)));
  return [...files, ...(name.includes("node") ? [confOf(name)] : [])].join(":");
}

function javaCommand(home: string, name: string, lines: string[], { java }: Artifacts): Command {
  const file = join(home, "conf", `${name}.args`);
  writeFileSync(file, lines.map((line) => `"${line.replace(/[\\"]/g, "\\$&")}"\n`).join(""));
  const run = join(home, "run");
  return { file: java, args: [`@${relative(run, file)}`], cwd: run };
}

/** Makes the empty file system of a broker or of the NameNode. */
async function format(
  home: string,
  server: ClusterServer,
  { artifacts, password }: { artifacts: Artifacts; password: string },
): Promise<void> {
  const { name, kind, env } = server;
  const scram = `SCRAM-SHA-512=[name=${CLUSTER_USER},password=${password}]`;
  const conf = join(confOf(name), "server.properties");
  const program = {
    kafka: ["kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", conf, "--add-scram", scram],
    namenode: [MAIN.namenode, ...server.args, "-format", "-nonInteractive"],
  }[kind as string];
  if (!program) return;
  const lines = [...jvmOptions(server, artifacts), "-cp", classPath(server, artifacts), ...program];
  const { file, args, cwd } = javaCommand(home, `${name}-format`, lines, artifacts);
  const options = { cwd, env: { ...javaEnvironment(), ...env }, quiet: true, nothrow: true };
  const { exitCode, stdout, stderr } = await $(options)`${file} ${args}`;
  if (exitCode !== 0)
    throw new Error(`${name}: expected exit code 0 of its formatting, got ${exitCode}:\n${stdout}${stderr}`);
}
