/**
 * Services → processes of this machine, with their data in <home>/data and their configuration in <home>/conf.
 *
 * Every JVM gets its options from an argument file. No folder is on a class path: with one, Java
 * refuses to write or use the cache of loaded classes that halves the time to start.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { $ } from "zx";
import { HOST, settings } from "../settings.js";
import { type Artifacts, prepareArtifacts } from "./artifacts.js";
import { fillFolder } from "./configuration.js";
import type { Command } from "./process.js";
import type { Say } from "./progress.js";
import type { ServiceName } from "./services.js";

const { home, ports, root } = settings;
const COMPOSE = join(root, "compose");
const CONF = join(home, "conf");
const DATA = join(home, "data");

/** A Java program: options of its own, class path, main class, arguments. */
interface Program {
  options: string; // file with the JVM's options
  properties: Record<string, string>;
  classPath: string[];
  main: string;
  args: string[];
  env?: NodeJS.ProcessEnv;
}

/** Makes everything that `names` need before they are started: downloads, configuration, empty file systems. */
export async function prepareNative(names: ServiceName[], say: Say): Promise<Artifacts> {
  const artifacts = await prepareArtifacts(say);
  writeConfiguration(artifacts);
  if (names.includes("kafka")) await formatKafka(artifacts);
  if (names.includes("namenode")) await formatNamenode(artifacts);
  return artifacts;
}

/** The command that starts a service as a process. */
export function commandOf(name: ServiceName, artifacts: Artifacts): Command {
  switch (name) {
    case "kafka":
      return javaCommand(name, kafka(artifacts, "kafka.Kafka", [join(CONF, "kafka", "server.properties")]), artifacts);
    case "namenode":
    case "datanode":
      return javaCommand(name, hdfs(artifacts, name, []), artifacts);
    case "metastore":
      return javaCommand(name, metastore(artifacts), artifacts);
    case "trino":
      return javaCommand(name, trino(artifacts), artifacts);
    case "api":
    case "stream":
      return { file: "node", args: ["--import", "tsx", join("scripts", `${name}.ts`)], cwd: root };
  }
}

function kafka({ jars }: Artifacts, main: string, args: string[]): Program {
  return {
    options: join(COMPOSE, "kafka", "jvm.config"),
    properties: { "log4j2.configurationFile": join(CONF, "logging-kafka", "log4j2.properties") },
    classPath: jars.kafka,
    main,
    args,
  };
}

function hdfs({ jars }: Artifacts, node: "namenode" | "datanode", args: string[]): Program {
  const className = { namenode: "NameNode", datanode: "DataNode" }[node];
  const files = ["core-site.xml", "hdfs-site.xml"].flatMap((file) => ["-conf", join(CONF, "hadoop", file)]);
  return {
    options: join(COMPOSE, "hadoop", "jvm.config"),
    properties: { "log4j.configuration": `file:${join(CONF, `logging-${node}`, "log4j.properties")}` },
    classPath: jars.hadoop,
    main: `org.apache.hadoop.hdfs.server.${node}.${className}`,
    args: [...files, ...args],
    env: { ...process.env, HADOOP_USER_NAME: settings.hdfsUser },
  };
}

function metastore({ jars }: Artifacts): Program {
  return {
    options: join(COMPOSE, "hive", "jvm.config"),
    properties: {
      "log4j2.configurationFile": join(CONF, "logging-metastore", "log4j2.properties"),
      "derby.stream.error.file": join(home, "logs", "derby.log"),
    },
    classPath: jars.metastore,
    main: "org.apache.hadoop.hive.metastore.HiveMetaStore",
    args: ["-p", String(ports.metastore)],
    env: { ...process.env, METASTORE_CONF_DIR: join(CONF, "hive"), HADOOP_USER_NAME: settings.hdfsUser },
  };
}

function trino({ trino: folder }: Artifacts): Program {
  return {
    options: join(COMPOSE, "trino", "jvm.config"),
    properties: {
      config: join(CONF, "trino", "config.properties"),
      "log.levels-file": join(CONF, "trino", "log.properties"),
    },
    classPath: [join(folder, "lib", "*")],
    main: "io.trino.server.TrinoServer",
    args: [],
    env: { ...process.env, HADOOP_USER_NAME: settings.hdfsUser },
  };
}

/** Writes the argument file of a program, and returns the short command that uses it. */
function javaCommand(name: string, program: Program, { java }: Artifacts): Command {
  const { options, properties, classPath, main, args, env } = program;
  const lines = [
    ...readFileSync(options, "utf8").trim().split("\n"),
    ...Object.entries(properties).map(([key, value]) => `-D${key}=${value}`),
    "-cp",
    classPath.join(":"),
    main,
    ...args,
  ];
  const file = join(CONF, `${name}.args`);
  writeFileSync(file, lines.map((line) => `"${line.replace(/[\\"]/g, "\\$&")}"\n`).join(""));
  mkdirSync(join(home, "run"), { recursive: true });
  return { file: java, args: [`@${file}`], cwd: join(home, "run"), env };
}

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
  // A format beside the data, to be renamed when it is whole.
  const aside = { ...values, kafka_data: join(DATA, "kafka.new"), namenode_data: join(DATA, "namenode.new") };
  fillFolder(join(COMPOSE, "kafka"), join(CONF, "format", "kafka"), aside);
  for (const name of ["kafka", "namenode", "datanode", "metastore"]) {
    fillFolder(join(COMPOSE, "native"), join(CONF, `logging-${name}`), { log_file: join(home, "logs", `${name}.log`) });
  }
}

async function formatKafka(artifacts: Artifacts): Promise<void> {
  const clusterId = "cXVlc3Rsb2ctcXVlc3Rsbw"; // 16 bytes in base64; each stack is its own cluster by its ports
  const config = join(CONF, "format", "kafka", "server.properties");
  const args = ["format", "--standalone", "-t", clusterId, "-c", config];
  await format("kafka", javaCommand("kafka-format", kafka(artifacts, "kafka.tools.StorageTool", args), artifacts));
}

async function formatNamenode(artifacts: Artifacts): Promise<void> {
  const folder = `-Ddfs.namenode.name.dir=file://${join(DATA, "namenode.new")}`;
  const program = hdfs(artifacts, "namenode", [folder, "-format", "-nonInteractive"]);
  await format("namenode", javaCommand("namenode-format", program, artifacts));
}

/** Makes an empty file system for `name`, unless it has one. Made aside and renamed, so that none is half made. */
async function format(name: "kafka" | "namenode", { file, args, env }: Command): Promise<void> {
  const target = join(DATA, name);
  if (existsSync(target)) return;
  rmSync(`${target}.new`, { recursive: true, force: true });
  mkdirSync(DATA, { recursive: true });
  const { exitCode, stdout, stderr } = await $({ quiet: true, nothrow: true, env })`${file} ${args}`;
  if (exitCode !== 0) {
    throw new Error(`${name}: making its empty file system failed with exit code ${exitCode}:\n${stdout}${stderr}`);
  }
  renameSync(`${target}.new`, target);
}
