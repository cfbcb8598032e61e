/**
 * A service → its program, and the command that starts it as a process.
 *
 * An argument file with the options of each JVM keeps its command short; containers get the same
 * text. A class path has no folder, because with a folder Java does not keep its cache of loaded
 * classes. Processes get paths from <home>/run only; the link <home>/run/cache leads to the
 * downloads.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { settings } from "../settings.ts";
import type { Artifacts, JarSet } from "./artifacts.ts";
import { javaEnvironment } from "./java.ts";
import type { Command } from "./process.ts";
import type { ServiceName, serverNames } from "./services.ts";

type ServerName = (typeof serverNames)[number];

/** A Java program. */
export interface Program {
  options: string; // file with the JVM's options
  properties: Record<string, string>;
  classPath: string[];
  main: string;
  args: string[];
  env?: NodeJS.ProcessEnv; // default: this process's
}

const { cache, home, ports, root, hdfsUser } = settings;
const COMPOSE = join(root, "compose");

/** The folder of this stack's configuration; native.ts writes it. */
export const CONF = join(home, "conf");

const RUN = join(home, "run"); // the servers' working folder
const CACHE_LINK = "cache";
const MAX_ARCHIVE_AGE_MS = 7 * 24 * 60 * 60_000;

/** Makes the working folder of the servers, with the link to the downloads. */
export function prepareRun(): void {
  mkdirSync(RUN, { recursive: true });
  const link = join(RUN, CACHE_LINK);
  rmSync(link, { force: true });
  symlinkSync(cache, link);
}

/** The path by which a server finds `path`, which is below the home or the cache. */
export function fromRun(path: string): string {
  return isBelow(home, path) ? relative(RUN, path) : join(CACHE_LINK, relative(cache, path));
}

function isBelow(folder: string, path: string): boolean {
  return path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

/** The command of one of our own processes. run.js keeps compiled code, which halves its start. */
export function ownCommand(name: ServiceName): Command {
  return { file: process.execPath, args: [join("scripts", "run.js"), name], cwd: root };
}

/** The files of a server as the server sees them: on this machine, or in its container. */
export interface Layout {
  conf: string; // folder of the filled-in configuration
  jars: Record<JarSet, string[]>; // in class path order
  trinoJars: string[];
  derbyLog: string;
  metastorePort: string;
}

/** The command of a server. */
export function serverCommand(name: ServerName, artifacts: Artifacts): Command {
  const program = programOf(name, hostLayout(artifacts));
  return javaCommand(name, program, artifacts.java, classCacheOptions(name, artifacts));
}

/** The command that makes an empty file system, in the folder of the configuration in `conf`. */
export function formatCommand(name: "kafka" | "namenode", artifacts: Artifacts, conf: string): Command {
  const program = formatProgram(name, hostLayout(artifacts), fromRun(conf));
  return javaCommand(`${name}-format`, program, artifacts.java, []);
}

function hostLayout({ jars, trino }: Artifacts): Layout {
  return {
    conf: fromRun(CONF),
    jars: {
      kafka: jars.kafka.map(fromRun),
      hadoop: jars.hadoop.map(fromRun),
      metastore: jars.metastore.map(fromRun),
    },
    trinoJars: readdirSync(join(trino, "lib"))
      .sort()
      .map((file) => fromRun(join(trino, "lib", file))),
    derbyLog: fromRun(join(home, "logs", "derby.log")),
    metastorePort: String(ports.metastore),
  };
}

/** The program that makes an empty file system; `conf` is a configuration that names its folder. */
export function formatProgram(name: "kafka" | "namenode", layout: Layout, conf: string): Program {
  const program = programOf(name, layout);
  if (name === "namenode") return { ...program, args: [...hadoopFiles(conf), "-format", "-nonInteractive"] };
  const clusterId = "cXVlc3Rsb2ctcXVlc3Rsbw"; // any 16 bytes in base64
  const file = join(conf, "kafka", "server.properties");
  return {
    ...program,
    main: "kafka.tools.StorageTool",
    args: ["format", "--standalone", "-t", clusterId, "-c", file],
  };
}

/** The Java program of a server. */
export function programOf(
  name: ServerName,
  { conf, jars, trinoJars, derbyLog, metastorePort }: Layout,
): Program {
  const env = { ...process.env, HADOOP_USER_NAME: hdfsUser };
  const loggingFile = (file: string) => join(conf, `logging-${name}`, file);
  switch (name) {
    case "kafka":
      return {
        options: join(COMPOSE, "kafka", "jvm.config"),
        properties: { "log4j2.configurationFile": loggingFile("log4j2.properties") },
        classPath: jars.kafka,
        main: "kafka.Kafka",
        args: [join(conf, "kafka", "server.properties")],
      };
    case "namenode":
    case "datanode":
      return {
        options: join(COMPOSE, "hadoop", "jvm.config"),
        properties: { "log4j.configuration": `file:${loggingFile("log4j.properties")}` },
        classPath: jars.hadoop,
        main: `org.apache.hadoop.hdfs.server.${name}.${name === "namenode" ? "NameNode" : "DataNode"}`,
        args: hadoopFiles(conf),
        env,
      };
    case "metastore":
      return {
        options: join(COMPOSE, "hive", "jvm.config"),
        properties: {
          "log4j2.configurationFile": loggingFile("log4j2.properties"),
          "derby.stream.error.file": derbyLog,
        },
        classPath: jars.metastore,
        main: "org.apache.hadoop.hive.metastore.HiveMetaStore",
        args: ["-p", metastorePort],
        env: { ...env, METASTORE_CONF_DIR: join(conf, "hive") },
      };
    case "trino":
      return {
        options: join(COMPOSE, "trino", "jvm.config"),
        properties: {
          config: join(conf, "trino", "config.properties"),
          "log.levels-file": join(conf, "trino", "log.properties"),
        },
        classPath: trinoJars,
        main: "io.trino.server.TrinoServer",
        args: [],
        env,
      };
  }
}

/** Writes the argument file of a program, and returns the command that uses it. */
function javaCommand(name: string, program: Program, java: string, jvmOptions: string[]): Command {
  const { env = process.env } = program;
  const file = join(CONF, `${name}.args`);
  const temporary = `-Djava.io.tmpdir=${emptyTemporaryFolder(name)}`;
  writeFileSync(file, argumentFile(program, [...jvmOptions, temporary]));
  return { file: java, args: [`@${fromRun(file)}`], cwd: RUN, env: javaEnvironment(env) };
}

/** The text of a file from which `java @FILE` reads its arguments. */
export function argumentFile(program: Program, jvmOptions: string[]): string {
  const { options, properties, classPath, main, args } = program;
  const lines = [
    ...readFileSync(options, "utf8").trim().split("\n"),
    ...jvmOptions,
    ...Object.entries(properties).map(([key, value]) => `-D${key}=${value}`),
    "-cp",
    classPath.join(":"),
    main,
    ...args,
  ];
  return lines.map((line) => `"${line.replace(/[\\"]/g, "\\$&")}"\n`).join("");
}

/** A server leaves files in its temporary folder, such as Jetty's: its next start deletes them. */
function emptyTemporaryFolder(name: string): string {
  const folder = join(home, "tmp", name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return fromRun(folder);
}

/**
 * The options for a file of loaded classes. Java writes it when a server first stops, in a second
 * or two; later starts need a third less CPU.
 */
function classCacheOptions(name: ServerName, artifacts: Artifacts): string[] {
  const folder = join(cache, "classes");
  mkdirSync(folder, { recursive: true });
  const archive = classArchive(name, artifacts);
  removeOldArchives(folder, name, archive);
  return [
    "-XX:+AutoCreateSharedArchive",
    `-XX:SharedArchiveFile=${fromRun(join(folder, archive))}`,
    "-Xlog:disable", // no message about a file that does not match
  ];
}

/**
 * The name of a server's file of loaded classes. With another class path Java neither uses nor
 * replaces such a file. So its name has a hash of the class path.
 */
export function classArchive(name: ServerName, artifacts: Artifacts): string {
  const { classPath } = programOf(name, hostLayout(artifacts));
  return `${name}-${createHash("sha256").update(classPath.join(":")).digest("hex").slice(0, 12)}.jsa`;
}

/** Deletes files of other class paths that are a week old: another checkout may use newer ones. */
function removeOldArchives(folder: string, name: ServerName, kept: string): void {
  for (const file of readdirSync(folder)) {
    if (file === kept || !/^\w+(-\w+)?\.jsa$/.test(file) || !file.startsWith(name)) continue;
    const path = join(folder, file);
    const found = statSync(path, { throwIfNoEntry: false }); // another start may have deleted it
    if (found && Date.now() - found.mtimeMs > MAX_ARCHIVE_AGE_MS) rmSync(path, { force: true });
  }
}

function hadoopFiles(conf: string): string[] {
  return ["core-site.xml", "hdfs-site.xml"].flatMap((file) => ["-conf", join(conf, "hadoop", file)]);
}
