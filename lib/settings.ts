/**
 * Environment → settings: ports, endpoints, folders, names.
 *
 * Only this module reads the environment, and it has all defaults. A second stack beside the first
 * (the tests start one) needs only another QUESTLOG_HOME and other ports.
 */
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** All listeners bind to this address. */
export const HOST = "127.0.0.1";

/** The port of each listener, unless the environment names another. */
export const DEFAULT_PORTS = {
  api: 5000,
  stream: 5001,
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

/** The greatest values of three settings. */
export const MAX_RATE_LIMIT = 1_000_000; // requests a minute
export const MAX_RECENT_EVENTS = 10_000;
const MAX_SPOOL_MB = 1_000_000;

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
  failedTopic: string; // refused events
  topicPartitions: number; // of a new topic
  spoolMaxMb: number; // on disk, for each topic, while Kafka is away
  writeKeysFile: string | undefined; // senders with a write key; undefined: everybody may send
  rateLimit: number; // requests a minute and socket address; 0: any number
  recentEvents: number; // events that GET /events can show; 0: there is no such path
  retention: string; // changes of the catalogue's policies: "player=hash,remote_addr=drop"
  retentionSecret: string | undefined; // of the hashes
  consumerGroup: string;
  failedConsumerGroup: string;
  hdfsUser: string;
  killAt: string | undefined; // the point at which a drill ends the stream: "point" or "point:n"
  hdfsRoot: string; // HDFS folder of all files that the stream writes
  catalog: string; // Trino catalog
  schema: string;
  root: string; // the checkout
  version: string; // of the checkout, from its package.json
  home: string; // data, logs and pid files of this stack
  out: string; // reports
  cache: string; // downloads, shared by all checkouts
  historyFile: string;
  javaHome: string | undefined; // the machine's Java, by JAVA_HOME
}

/**
 * Reads the settings from `env`.
 * @throws Error if a number is invalid, or out of its range.
 */
export function readSettings(env: NodeJS.ProcessEnv = process.env): Settings {
  const root = dirname(dirname(fileURLToPath(import.meta.url)));
  const ports = Object.fromEntries(
    Object.entries(DEFAULT_PORTS).map(([name, port]) => [name, readPort(env, name, port)]),
  ) as Ports;
  const consumerGroup = env.QUESTLOG_CONSUMER_GROUP ?? "questlog_stream";
  const home = resolve(root, env.QUESTLOG_HOME ?? ".questlog");
  return {
    ports,
    apiUrl: `http://${HOST}:${ports.api}`,
    kafkaBrokers: readBrokers(env, ports.kafka),
    webhdfsUrl: readUrl(env, "QUESTLOG_WEBHDFS_URL", ports.namenodeHttp),
    trinoUrl: readUrl(env, "QUESTLOG_TRINO_URL", ports.trino),
    given: {
      kafka: env.QUESTLOG_KAFKA_BROKERS !== undefined,
      hdfs: env.QUESTLOG_WEBHDFS_URL !== undefined,
      trino: env.QUESTLOG_TRINO_URL !== undefined,
    },
    topic: env.QUESTLOG_TOPIC ?? "game_events",
    failedTopic: env.QUESTLOG_FAILED_TOPIC ?? "failed_events",
    topicPartitions: 2,
    spoolMaxMb: readCount(env, "QUESTLOG_SPOOL_MAX_MB", { fallback: 256, from: 1, to: MAX_SPOOL_MB }),
    writeKeysFile: env.QUESTLOG_WRITE_KEYS === undefined ? undefined : resolve(root, env.QUESTLOG_WRITE_KEYS),
    rateLimit: readCount(env, "QUESTLOG_RATE_LIMIT", { to: MAX_RATE_LIMIT }),
    recentEvents: readCount(env, "QUESTLOG_RECENT", { to: MAX_RECENT_EVENTS }),
    retention: env.QUESTLOG_RETENTION ?? "",
    retentionSecret: env.QUESTLOG_RETENTION_SECRET,
    consumerGroup,
    failedConsumerGroup: `${consumerGroup}_failed`,
    killAt: env.QUESTLOG_KILL_AT,
    hdfsUser: "questlog",
    hdfsRoot: env.QUESTLOG_HDFS_ROOT ?? "/questlog",
    catalog: "hive",
    schema: env.QUESTLOG_SCHEMA ?? "default",
    root,
    version: readVersion(root),
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
  // Only people use the stream's port, and its ready line prints it: so 0 (any free port) is
  // allowed.
  const least = name === "stream" ? 0 : 1;
  if (!(port >= least && port <= 65535)) {
    throw new Error(`${variable}: expected a port from ${least} to 65535, got "${text}"`);
  }
  return port;
}

function readBrokers(env: NodeJS.ProcessEnv, port: number): string[] {
  const text = env.QUESTLOG_KAFKA_BROKERS ?? `${HOST}:${port}`;
  const brokers = text.split(",");
  if (brokers.every((broker) => URL.canParse(`tcp://${broker}`) && /:\d+$/.test(broker))) return brokers;
  throw new Error(
    `QUESTLOG_KAFKA_BROKERS: expected HOST:PORT, or several with commas between them, got "${text}"`,
  );
}

function readUrl(env: NodeJS.ProcessEnv, variable: string, port: number): string {
  const url = env[variable] ?? `http://${HOST}:${port}`;
  if (/^https?:/.test(url) && URL.canParse(url)) return url;
  throw new Error(`${variable}: expected a URL such as http://${HOST}:${port}, got "${url}"`);
}

function readVersion(root: string): string {
  return (JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string }).version;
}

/** Reads a whole number from `from` to `to`. */
function readCount(
  env: NodeJS.ProcessEnv,
  variable: string,
  { fallback = 0, from = 0, to }: { fallback?: number; from?: number; to: number },
): number {
  const text = env[variable] ?? String(fallback);
  const count = /^\d+$/.test(text) ? Number(text) : NaN;
  if (!(count >= from && count <= to))
    throw new Error(`${variable}: expected a whole number from ${from} to ${to}, got "${text}"`);
  return count;
}

/** The settings of this process. */
export const settings = readOwnSettings();

/** A wrong setting ends a command with one sentence. In a cell or a test it is an error as any. */
function readOwnSettings(): Settings {
  try {
    return readSettings();
  } catch (error) {
    const isCommand = basename(dirname(process.argv[1] ?? "")) === "scripts";
    if (!isCommand) throw error;
    console.error(`questlog: ${(error as Error).message}`);
    process.exit(2);
  }
}
