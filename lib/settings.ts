/**
 * Environment → settings: ports, endpoints, folders, names. The environment is
 * read here and nowhere else; each default is visible here.
 *
 * A second stack beside the first (the tests start one) needs only another
 * QUESTLOG_HOME and other ports.
 */
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** All listeners bind to this address. */
export const HOST = "127.0.0.1";

/** The port of each listener, unless the environment names another. */
export const DEFAULT_PORTS = {
  api: 5000,
  kafka: 9092,
  kafkaController: 9093,
  namenode: 8020,
  namenodeHttp: 9870,
  datanodeHttp: 9864,
  datanode: 9866,
  datanodeIpc: 9867,
  metastore: 9083,
  trino: 8080,
  lab: 8888,
};

export type Ports = typeof DEFAULT_PORTS;

export interface Settings {
  ports: Ports;
  apiUrl: string; // "http://host:port"
  kafkaBrokers: string[]; // "host:port"
  webhdfsUrl: string; // "http://host:port", without /webhdfs/v1
  trinoUrl: string;
  /** Endpoints given by the environment: used, never started or stopped. */
  given: { kafka: boolean; hdfs: boolean; trino: boolean };
  topic: string;
  failedTopic: string; // what the API refused
  topicPartitions: number; // when the topic is created
  spoolMaxMb: number; // on disk, for each topic, while Kafka is away
  consumerGroup: string;
  hdfsUser: string;
  hdfsRoot: string; // HDFS folder of everything that the stream writes
  catalog: string; // Trino catalog
  schema: string;
  root: string; // the checkout
  home: string; // data, logs and pid files of this stack
  out: string; // reports
  cache: string; // downloads, shared by all checkouts
  historyFile: string;
  javaHome: string | undefined; // where the machine says that its Java is
}

/**
 * Reads the settings from `env`.
 * @throws Error if a number is not one, or out of its range.
 */
export function readSettings(env: NodeJS.ProcessEnv = process.env): Settings {
  const root = dirname(dirname(fileURLToPath(import.meta.url)));
  const ports = Object.fromEntries(
    Object.entries(DEFAULT_PORTS).map(([name, port]) => [name, readPort(env, name, port)]),
  ) as Ports;
  const home = resolve(root, env.QUESTLOG_HOME ?? ".questlog");
  return {
    ports,
    apiUrl: `http://${HOST}:${ports.api}`,
    kafkaBrokers: (env.QUESTLOG_KAFKA_BROKERS ?? `${HOST}:${ports.kafka}`).split(","),
    webhdfsUrl: env.QUESTLOG_WEBHDFS_URL ?? `http://${HOST}:${ports.namenodeHttp}`,
    trinoUrl: env.QUESTLOG_TRINO_URL ?? `http://${HOST}:${ports.trino}`,
    given: {
      kafka: env.QUESTLOG_KAFKA_BROKERS !== undefined,
      hdfs: env.QUESTLOG_WEBHDFS_URL !== undefined,
      trino: env.QUESTLOG_TRINO_URL !== undefined,
    },
    topic: env.QUESTLOG_TOPIC ?? "game_events",
    failedTopic: env.QUESTLOG_FAILED_TOPIC ?? "failed_events",
    topicPartitions: 2,
    spoolMaxMb: readMegabytes(env, "QUESTLOG_SPOOL_MAX_MB", 256),
    consumerGroup: env.QUESTLOG_CONSUMER_GROUP ?? "questlog_stream",
    hdfsUser: "questlog",
    hdfsRoot: env.QUESTLOG_HDFS_ROOT ?? "/questlog",
    catalog: "hive",
    schema: "default",
    root,
    home,
    out: resolve(root, env.QUESTLOG_OUT ?? "out"),
    cache: env.QUESTLOG_CACHE ?? join(env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "questlog"),
    historyFile: env.QUESTLOG_HISTORY ?? join(root, "history", "commands.jsonl"),
    javaHome: env.JAVA_HOME,
  };
}

/** The environment variable of a port: `QUESTLOG_NAMENODE_HTTP_PORT` for `namenodeHttp`. */
export function portVariable(name: string): string {
  return `QUESTLOG_${name.replace(/[A-Z]/g, "_$&").toUpperCase()}_PORT`;
}

function readPort(env: NodeJS.ProcessEnv, name: string, fallback: number): number {
  const variable = portVariable(name);
  const text = env[variable] ?? String(fallback);
  const port = /^\d+$/.test(text) ? Number(text) : NaN;
  if (!(port >= 1 && port <= 65535)) {
    throw new Error(`${variable}: expected a port from 1 to 65535, got "${text}"`);
  }
  return port;
}

function readMegabytes(env: NodeJS.ProcessEnv, variable: string, fallback: number): number {
  const text = env[variable] ?? String(fallback);
  if (!/^[1-9]\d{0,8}$/.test(text)) {
    throw new Error(`${variable}: expected a whole number of megabytes from 1, got "${text}"`);
  }
  return Number(text);
}

/** The settings of this process. */
export const settings = readSettings();
