/**
 * A service → the command that starts it as a process.
 *
 * An argument file with the options of each JVM keeps its command short. A class path has no
 * folder, because with a folder Java does not keep its cache of loaded classes.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { settings } from "../settings.ts";
import type { Artifacts } from "./artifacts.ts";
import type { Command } from "./process.ts";
import type { ServiceName, serverNames } from "./services.ts";

type ServerName = (typeof serverNames)[number];

/** A Java program. */
interface Program {
  options: string; // file with the JVM's options
  properties: Record<string, string>;
  classPath: string[];
  main: string;
  args: string[];
  env?: NodeJS.ProcessEnv; // default: this process's
}

const { home, ports, root, hdfsUser } = settings;
const COMPOSE = join(root, "compose");

/** The folder of this stack's configuration; native.ts writes it. */
export const CONF = join(home, "conf");

/** The command of one of our own processes. */
export function ownCommand(name: ServiceName): Command {
  return { file: process.execPath, args: [join("scripts", `${name}.ts`)], cwd: root };
}

/** The command of a server. */
export function serverCommand(name: ServerName, artifacts: Artifacts): Command {
  return javaCommand(name, programOf(name, artifacts), artifacts.java, classCacheOptions(name));
}

/** The command that makes an empty file system, in the folder of the configuration in `conf`. */
export function formatCommand(name: "kafka" | "namenode", artifacts: Artifacts, conf: string): Command {
  const program = programOf(name, artifacts);
  if (name === "kafka") {
    const clusterId = "cXVlc3Rsb2ctcXVlc3Rsbw"; // any 16 bytes in base64
    program.main = "kafka.tools.StorageTool";
    program.args = [
      "format",
      "--standalone",
      "-t",
      clusterId,
      "-c",
      join(conf, "kafka", "server.properties"),
    ];
  } else {
    program.args = [...hadoopFiles(join(conf, "hadoop")), "-format", "-nonInteractive"];
  }
  return javaCommand(`${name}-format`, program, artifacts.java, []);
}

function programOf(name: ServerName, { jars, trino }: Artifacts): Program {
  const env = { ...process.env, HADOOP_USER_NAME: hdfsUser };
  switch (name) {
    case "kafka":
      return {
        options: join(COMPOSE, "kafka", "jvm.config"),
        properties: { "log4j2.configurationFile": loggingFile(name, "log4j2.properties") },
        classPath: jars.kafka,
        main: "kafka.Kafka",
        args: [join(CONF, "kafka", "server.properties")],
      };
    case "namenode":
    case "datanode":
      return {
        options: join(COMPOSE, "hadoop", "jvm.config"),
        properties: { "log4j.configuration": pathToFileURL(loggingFile(name, "log4j.properties")).href },
        classPath: jars.hadoop,
        main: `org.apache.hadoop.hdfs.server.${name}.${name === "namenode" ? "NameNode" : "DataNode"}`,
        args: hadoopFiles(join(CONF, "hadoop")),
        env,
      };
    case "metastore":
      return {
        options: join(COMPOSE, "hive", "jvm.config"),
        properties: {
          "log4j2.configurationFile": loggingFile(name, "log4j2.properties"),
          "derby.stream.error.file": join(home, "logs", "derby.log"),
        },
        classPath: jars.metastore,
        main: "org.apache.hadoop.hive.metastore.HiveMetaStore",
        args: ["-p", String(ports.metastore)],
        env: { ...env, METASTORE_CONF_DIR: join(CONF, "hive") },
      };
    case "trino":
      return {
        options: join(COMPOSE, "trino", "jvm.config"),
        properties: {
          config: join(CONF, "trino", "config.properties"),
          "log.levels-file": join(CONF, "trino", "log.properties"),
        },
        classPath: readdirSync(join(trino, "lib"))
          .sort()
          .map((file) => join(trino, "lib", file)),
        main: "io.trino.server.TrinoServer",
        args: [],
        env,
      };
  }
}

/** Writes the argument file of a program, and returns the command that uses it. */
function javaCommand(name: string, program: Program, java: string, jvmOptions: string[]): Command {
  const { options, properties, classPath, main, args, env } = program;
  const lines = [
    ...readFileSync(options, "utf8").trim().split("\n"),
    ...jvmOptions,
    ...Object.entries(properties).map(([key, value]) => `-D${key}=${value}`),
    "-cp",
    classPath.join(":"),
    main,
    ...args,
  ];
  const file = join(CONF, `${name}.args`);
  writeFileSync(file, lines.map((line) => `"${line.replace(/[\\"]/g, "\\$&")}"\n`).join(""));
  const cwd = join(home, "run");
  mkdirSync(cwd, { recursive: true });
  return { file: java, args: [`@${file}`], cwd, env };
}

/**
 * The options for a file of loaded classes. Java writes it when a server first stops, in a second
 * or two; later starts need a third less CPU. Java replaces a file that does not match the server.
 */
function classCacheOptions(name: ServerName): string[] {
  const folder = join(settings.cache, "classes");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${name}.jsa`);
  return [
    "-XX:+AutoCreateSharedArchive",
    `-XX:SharedArchiveFile=${file}`,
    "-Xlog:disable", // no message about a file that does not match
  ];
}

function hadoopFiles(folder: string): string[] {
  return ["core-site.xml", "hdfs-site.xml"].flatMap((file) => ["-conf", join(folder, file)]);
}

function loggingFile(name: ServerName, file: string): string {
  return join(CONF, `logging-${name}`, file);
}
