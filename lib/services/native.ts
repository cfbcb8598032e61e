/**
 * The runtime without containers: services as processes of this machine, with their data in
 * <home>/data and their configuration, filled in, in <home>/conf.
 */
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { $ } from "zx";
import { HOST, settings } from "../settings.js";
import { type Artifacts, prepareArtifacts } from "./artifacts.js";
import { fillFolder } from "./configuration.js";
import { findProcess, lastLogLines, startProcess, stopProcess } from "./process.js";
import { CONF, formatCommand, ownCommand, serverCommand } from "./programs.js";
import type { Runtime } from "./runtime.js";
import { serverNames } from "./services.js";

const { home, ports, root } = settings;
const COMPOSE = join(root, "compose");
const DATA = join(home, "data");

let artifacts: Artifacts | undefined; // of this process, once prepared

export const nativeRuntime: Runtime = {
  name: "native",

  async prepare(services, say) {
    const names = services.map(({ name }) => name);
    if (!serverNames.some((name) => names.includes(name))) return;
    artifacts = await prepareArtifacts(say);
    writeConfiguration(artifacts);
    if (names.includes("kafka")) await format("kafka", artifacts);
    if (names.includes("namenode")) await format("namenode", artifacts);
  },

  isRunning({ name }) {
    return Promise.resolve(findProcess(home, name) !== undefined);
  },

  async start({ name }) {
    const command =
      name === "api" || name === "stream" ? ownCommand(name) : serverCommand(name, prepared(name));
    await startProcess(home, name, command);
    return [command.file, ...command.args].join(" ");
  },

  async stop({ name, graceMs }) {
    return (await stopProcess(home, name, { graceMs })) !== "absent";
  },

  lastLogLines({ name }) {
    return Promise.resolve(lastLogLines(home, name));
  },

  wipe() {
    rmSync(DATA, { recursive: true, force: true });
    return Promise.resolve();
  },
};

function prepared(name: string): Artifacts {
  if (!artifacts) throw new Error(`${name}: expected prepare() before start()`);
  return artifacts;
}

/** Fills in the files of compose/ for processes of this machine. */
function writeConfiguration({ trino }: Artifacts): void {
  const values = {
    bind_host: HOST,
    kafka_listeners: `CLIENT://${HOST}:${ports.kafka},CONTROLLER://${HOST}:${ports.kafkaController}`,
    kafka_advertised_listeners: `CLIENT://${HOST}:${ports.kafka}`,
    kafka_controller: `${HOST}:${ports.kafkaController}`,
    kafka_data: join(DATA, "kafka"),
    hdfs_user: settings.hdfsUser,
    hadoop_tmp: join(home, "tmp"),
    hadoop_conf: join(CONF, "hadoop"),
    namenode_host: HOST,
    namenode_port: String(ports.namenode),
    namenode_http_port: String(ports.namenodeHttp),
    namenode_data: join(DATA, "namenode"),
    datanode_host: HOST,
    datanode_port: String(ports.datanode),
    datanode_http_port: String(ports.datanodeHttp),
    datanode_ipc_port: String(ports.datanodeIpc),
    datanode_data: join(DATA, "datanode"),
    metastore_host: HOST,
    metastore_port: String(ports.metastore),
    metastore_data: join(DATA, "metastore"),
    trino_host: HOST,
    trino_port: String(ports.trino),
    trino_conf: join(CONF, "trino"),
    trino_plugins: join(trino, "plugin"),
  };
  for (const folder of ["kafka", "hadoop", "hive", "trino"]) {
    fillFolder(join(COMPOSE, folder), join(CONF, folder), values);
  }
  const aside = { ...values, kafka_data: asideOf("kafka"), namenode_data: asideOf("namenode") };
  for (const folder of ["kafka", "hadoop"])
    fillFolder(join(COMPOSE, folder), join(CONF, "format", folder), aside);
  for (const name of ["kafka", "namenode", "datanode", "metastore"]) {
    const logging = { log_file: join(home, "logs", `${name}.log`) };
    fillFolder(join(COMPOSE, "native", "logging"), join(CONF, `logging-${name}`), logging);
  }
}

/** Makes an empty file system for a service that has none. It is made aside and renamed, so none is ever half made. */
async function format(name: "kafka" | "namenode", artifacts: Artifacts): Promise<void> {
  const target = join(DATA, name);
  if (existsSync(target)) return;
  rmSync(asideOf(name), { recursive: true, force: true });
  mkdirSync(DATA, { recursive: true });
  const { file, args, env } = formatCommand(name, artifacts, join(CONF, "format"));
  const { exitCode, stdout, stderr } = await $({ quiet: true, nothrow: true, env })`${file} ${args}`;
  if (exitCode !== 0) {
    throw new Error(
      `${name}: making its empty file system ended with exit code ${exitCode}:\n${stdout}${stderr}`,
    );
  }
  renameSync(asideOf(name), target);
}

function asideOf(name: "kafka" | "namenode"): string {
  return join(DATA, `${name}.new`);
}
