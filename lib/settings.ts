/**
 * Environment and questlog.env → settings: ports, endpoints, folders, names.
 *
 * Only this module reads the environment, and it has all defaults. A second stack beside the first
 * (the tests start one) needs only another QUESTLOG_HOME and other ports.
 */
import { readFileSync, statSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import { isIPv6 } from "node:net";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type HdfsAccess,
  type KafkaAccess,
  type MetastoreAddress,
  readCatalog,
  readHdfsAccess,
  readKafkaAccess,
  readMetastore,
  readTrinoAccess,
  type TrinoAccess,
} from "./cluster-settings.ts";
import { type EnvFile, loadEnvFile, withPlace } from "./env-file.ts";
import { type KillAt, parseKillAt } from "./kill-at.ts";
import { readPolicies } from "./retention-policies.ts";
import { readableSecrets } from "./readable-secrets.ts";
import { checkFile, checkParent, makeFolder, pathOf, Variables } from "./setting-values.ts";
import { MAX_RATE_LIMIT, readWriteKeys } from "./write-keys.ts";
import { printProblem } from "./print-problem.ts";

/** The loopback address: all listeners bind to it, except API and stream with QUESTLOG_LISTEN. */
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

/** The greatest values of some settings. */
export const MAX_RECENT_EVENTS = 10_000;
const MAX_SPOOL_MB = 1_000_000;
const MAX_GRACE_MINUTES = 10_080; // a week

const HDFS_FOLDER = /^(\/(?!\.{1,2}(\/|$))[^/\s]+)+$/;

export type Ports = typeof DEFAULT_PORTS;

export interface Settings {
  ports: Ports;
  listen: string; // address of the API's and the stream's listeners
  apiUrl: string; // "http://host:port"
  streamUrl: string;
  kafkaBrokers: string[]; // "host:port"
  webhdfsUrl: string; // "http://host:port", without /webhdfs/v1; the first of webhdfsUrls
  webhdfsUrls: string[]; // one for each NameNode
  datanodeHost: string | undefined; // replaces the host in the redirects of WebHDFS
  trinoUrl: string;
  metastore: MetastoreAddress | undefined; // undefined: a given Trino's, without an address
  kafkaAccess: KafkaAccess;
  hdfsAccess: HdfsAccess;
  trinoAccess: TrinoAccess;
  /** Endpoints given by the environment: used, never started or stopped. */
  given: { kafka: boolean; hdfs: boolean; trino: boolean };
  topic: string;
  failedTopic: string; // refused events
  topicPartitions: number; // of a new topic
  spoolMaxMb: number; // on disk, for each topic, while Kafka is away
  writeKeysFile: string | undefined; // senders with a write key; undefined: everybody may send
  rateLimit: number; // requests a minute and client address; 0: any number
  trustedProxies: readonly string[]; // addresses and networks whose X-Forwarded-For counts
  cors: readonly string[]; // origins of pages that may send, e.g. "https://game.example"; "*": all
  recentEvents: number; // events that GET /events can show; 0: there is no such path
  retention: string; // changes of the catalogue's policies: "player=hash,remote_addr=drop"
  retentionSecret: string | undefined; // of the hashes
  consumerGroup: string;
  failedConsumerGroup: string;
  hdfsUser: string;
  killAt: KillAt | undefined; // the step at which a drill ends the process
  compactMinutes: number; // between two compactions beside a stream; 0: none
  periodMinutes: number; // from one compaction of an open day to the next; 0: only days that are over
  graceMinutes: number; // replaced files stay so long: longer than the longest query
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
  runtime: "native" | "docker" | undefined; // of a new stack; undefined: see services/arguments.ts
  javaImage: string; // below the servers' images
  mavenImage: string; // runs Maven on a machine without Maven
  nodeImage: string; // below the images of API and stream
}

/** Hadoop runs `df 'FOLDER'` in a shell, and uses the folder as a format of thread names. */
const REFUSED_IN_HOME = /['%\p{Cc}]/u;
/** Java itself does not start below ":", and finds no jar below a character of two UTF-16 units. */
const REFUSED_IN_CACHE = /[:\u{10000}-\u{10FFFF}\p{Cc}]/u;

const ROOT = dirname(dirname(fileURLToPath(import.meta.url))); // the checkout

const NOT_SETTINGS = [
  "QUESTLOG_CHROMIUM", // lib/testbed/browser.ts
  "QUESTLOG_ENV", // lib/env-file.ts
  "QUESTLOG_ARGUMENTS", // compose/compose.yml
  "QUESTLOG_IMAGES", // compose/compose.yml
  "QUESTLOG_PRODUCT_IMAGES", // compose/compose.yml
  "QUESTLOG_PARENT", // lib/history.ts
  "QUESTLOG_TEST_CONTAINERS", // lib/services/containers.live.test.ts
  "QUESTLOG_FULL", // lib/testbed/full.fixture.ts
];

/**
 * Reads the settings from `env`.
 * @throws Error if a value is invalid, or a variable QUESTLOG_… has the name of no setting.
 */
export function readSettings(env: NodeJS.ProcessEnv = process.env): Settings {
  const variables = new Variables(env);
  const endpoints = readEndpoints(variables);
  const read = {
    ...endpoints,
    ...readAccess(variables, endpoints),
    ...readNames(variables),
    ...readRules(variables),
    ...readFolders(variables, env),
    ...readContainers(variables),
  };
  variables.refuseOthers(NOT_SETTINGS);
  refuseEqualPorts(read, env);
  refuseFolders(read);
  refuseHistory(read);
  return read;
}

function readDatanodeHost(variables: Variables, webhdfs: string): string | undefined {
  const host = variables.host("QUESTLOG_DATANODE_HOST");
  if (host !== undefined && variables.text(webhdfs) === undefined)
    throw new Error(`QUESTLOG_DATANODE_HOST: expected ${webhdfs} too: it is for a cluster that is given`);
  return host;
}

function readEndpoints(variables: Variables) {
  const ports = Object.fromEntries(
    Object.entries(DEFAULT_PORTS).map(([name, port]) => [name, readPort(variables, name, port)]),
  ) as Ports;
  const listen = variables.address("QUESTLOG_LISTEN", HOST);
  const [kafka, webhdfs, trino] = ["QUESTLOG_KAFKA_BROKERS", "QUESTLOG_WEBHDFS_URL", "QUESTLOG_TRINO_URL"];
  const webhdfsUrls = variables.urls(webhdfs, `http://${HOST}:${ports.namenodeHttp}`);
  return {
    ports,
    listen,
    apiUrl: `http://${reachable(listen)}:${ports.api}`,
    streamUrl: `http://${reachable(listen)}:${ports.stream}`,
    kafkaBrokers: variables.brokers(kafka, `${HOST}:${ports.kafka}`),
    webhdfsUrl: webhdfsUrls[0]!,
    webhdfsUrls,
    datanodeHost: readDatanodeHost(variables, webhdfs),
    trinoUrl: variables.url(trino, `http://${HOST}:${ports.trino}`),
    given: {
      kafka: variables.text(kafka) !== undefined,
      hdfs: variables.text(webhdfs) !== undefined,
      trino: variables.text(trino) !== undefined,
    },
  };
}

/** The rights that a given cluster asks for. */
function readAccess(
  variables: Variables,
  { given, ports, trinoUrl, webhdfsUrls }: Pick<Settings, "given" | "ports" | "trinoUrl" | "webhdfsUrls">,
) {
  const catalog = readCatalog(variables, ROOT);
  const { user: hdfsUser, ...hdfsAccess } = readHdfsAccess(variables, ROOT, webhdfsUrls);
  const metastore = readMetastore(variables, ROOT);
  return {
    kafkaAccess: readKafkaAccess(variables, ROOT),
    hdfsAccess,
    hdfsUser,
    trinoAccess: readTrinoAccess(variables, ROOT, { url: trinoUrl, catalog }),
    metastore: given.trino ? metastore : { host: HOST, port: ports.metastore },
    catalog,
  };
}

function readNames(variables: Variables) {
  const topic = readTopic(variables, "QUESTLOG_TOPIC", "game_events");
  const failedTopic = readTopic(variables, "QUESTLOG_FAILED_TOPIC", "failed_events");
  if (failedTopic === topic)
    throw new Error(`QUESTLOG_FAILED_TOPIC: expected another topic than QUESTLOG_TOPIC, got "${topic}"`);
  const consumerGroup = variables.text("QUESTLOG_CONSUMER_GROUP") ?? "questlog_stream";
  const hdfsPath = "an absolute path without a slash at its end";
  const schemaName = "a name of a-z, 0-9 and _";
  return {
    topic,
    failedTopic,
    topicPartitions: 2,
    consumerGroup,
    failedConsumerGroup: `${consumerGroup}_failed`,
    hdfsRoot: variables.matching("QUESTLOG_HDFS_ROOT", "/questlog", HDFS_FOLDER, hdfsPath),
    schema: variables.matching("QUESTLOG_SCHEMA", "default", /^[a-z0-9_]+$/, schemaName),
  };
}

function readRules(variables: Variables) {
  const retention = variables.text("QUESTLOG_RETENTION") ?? "";
  const retentionSecret = variables.text("QUESTLOG_RETENTION_SECRET");
  readPolicies({ overrides: retention, secret: retentionSecret ?? "" }); // throws if they are wrong
  const killAt = variables.text("QUESTLOG_KILL_AT");
  return {
    spoolMaxMb: variables.count("QUESTLOG_SPOOL_MAX_MB", { fallback: 256, from: 1, to: MAX_SPOOL_MB }),
    rateLimit: variables.count("QUESTLOG_RATE_LIMIT", { to: MAX_RATE_LIMIT }),
    trustedProxies: variables.networks("QUESTLOG_TRUSTED_PROXIES"),
    cors: variables.origins("QUESTLOG_CORS"),
    recentEvents: variables.count("QUESTLOG_RECENT", { to: MAX_RECENT_EVENTS }),
    retention,
    retentionSecret,
    compactMinutes: variables.count("QUESTLOG_COMPACT_MINUTES", { fallback: 10, to: MAX_GRACE_MINUTES }),
    periodMinutes: variables.count("QUESTLOG_PERIOD_MINUTES", { fallback: 60, to: MAX_GRACE_MINUTES }),
    graceMinutes: variables.count("QUESTLOG_GRACE_MINUTES", { fallback: 60, to: MAX_GRACE_MINUTES }),
    killAt: killAt === undefined ? undefined : parseKillAt(killAt),
  };
}

function readFolders(variables: Variables, env: NodeJS.ProcessEnv) {
  const keys = variables.filled("QUESTLOG_WRITE_KEYS");
  const cache = join(env.XDG_CACHE_HOME || join(homedir() || userInfo().homedir, ".cache"), "questlog");
  return {
    root: ROOT,
    version: readVersion(ROOT),
    home: pathOf(ROOT, variables.text("QUESTLOG_HOME") ?? ".questlog"),
    out: pathOf(ROOT, variables.text("QUESTLOG_OUT") ?? "out"),
    cache: pathOf(ROOT, variables.text("QUESTLOG_CACHE") ?? cache),
    historyFile: pathOf(ROOT, variables.text("QUESTLOG_HISTORY") ?? join("history", "commands.jsonl")),
    writeKeysFile: keys === undefined ? undefined : pathOf(ROOT, keys),
    javaHome: env.JAVA_HOME,
  };
}

/** The host by which this machine reaches a listener on `address`, as a URL has it. */
function reachable(address: string): string {
  if (address === "0.0.0.0" || address === "::") return HOST; // all addresses of this machine
  return isIPv6(address) ? `[${address}]` : address;
}

function readContainers(variables: Variables) {
  const [image, expected] = [/^[a-z0-9][\w./:@-]*$/, "the name of an image"];
  const runtime = variables.text("QUESTLOG_RUNTIME");
  if (runtime !== undefined && runtime !== "native" && runtime !== "docker")
    throw new Error(`QUESTLOG_RUNTIME: expected native or docker, got "${runtime}"`);
  return {
    runtime,
    javaImage: variables.matching("QUESTLOG_JAVA_IMAGE", "eclipse-temurin:25-jre-noble", image, expected),
    mavenImage: variables.matching("QUESTLOG_MAVEN_IMAGE", "maven:3.9-eclipse-temurin-21", image, expected),
    nodeImage: variables.matching(
      "QUESTLOG_NODE_IMAGE",
      `node:${process.versions.node}-slim`,
      image,
      expected,
    ),
  } as const;
}

/** The environment variable of a port: `QUESTLOG_NAMENODE_HTTP_PORT` for `namenodeHttp`. */
export function portVariable(name: string): string {
  return `QUESTLOG_${name.replace(/[A-Z]/g, "_$&").toUpperCase()}_PORT`;
}

function readPort(variables: Variables, name: string, fallback: number): number {
  // Only people use the stream's port, and its ready line prints it: so 0 (any free port) is
  // allowed.
  const from = name === "stream" ? 0 : 1;
  return variables.count(portVariable(name), { fallback, from, to: 65535, noun: "port" });
}

/** @throws Error if HDFS cannot have its data in the home, or Java cannot be in the cache */
function refuseFolders({ home, cache, given }: Pick<Settings, "home" | "cache" | "given">): void {
  if (!given.hdfs && REFUSED_IN_HOME.test(home))
    throw new Error(
      `QUESTLOG_HOME: expected a folder without ' and % and control characters, which HDFS cannot use, got "${home}"`,
    );
  const startsNothing = given.kafka && given.hdfs && given.trino;
  if (!startsNothing && REFUSED_IN_CACHE.test(cache))
    throw new Error(
      `QUESTLOG_CACHE: expected a folder without : and emoji and control characters, which Java cannot use, got "${cache}"`,
    );
}

function refuseHistory({ historyFile }: Pick<Settings, "historyFile">): void {
  if (statSync(historyFile, { throwIfNoEntry: false })?.isDirectory())
    throw new Error(`QUESTLOG_HISTORY: expected a file, got the folder "${historyFile}"`);
}

/** Two listeners cannot have one port. The ports of given services are not used. */
function refuseEqualPorts({ ports, given }: Pick<Settings, "ports" | "given">, env: NodeJS.ProcessEnv): void {
  const unused = [
    ...(given.kafka ? ["kafka", "kafkaController"] : []),
    ...(given.hdfs ? ["namenode", "namenodeHttp", "datanodeHttp", "datanode", "datanodeIpc"] : []),
    ...(given.trino ? ["metastore", "trino"] : []),
  ];
  const owners = new Map<number, string>();
  for (const [name, port] of Object.entries(ports)) {
    if (port === 0 || unused.includes(name)) continue;
    const [owner, variable] = [owners.get(port), portVariable(name)];
    owners.set(port, variable);
    if (owner === undefined) continue;
    const [wrong, other] = !env[variable]?.trim() ? [owner, variable] : [variable, owner];
    throw new Error(`${wrong}: expected another port than ${other}, got "${port}"`);
  }
}

function readTopic(variables: Variables, name: string, fallback: string): string {
  const expected = "1 to 249 letters, digits, dots, _ and -";
  return variables.matching(name, fallback, /^(?!\.{1,2}$)[a-zA-Z0-9._-]{1,249}$/, expected);
}

function readVersion(root: string): string {
  return (JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string }).version;
}

/** The settings of this process. */
export const settings = readOwnSettings();

/**
 * A wrong setting ends a command with one sentence. In a cell or a test it is an error as any. A
 * command also checks the paths that the environment names, so a wrong one is found at its start.
 */
function readOwnSettings(): Settings {
  const isCommand = basename(dirname(process.argv[1] ?? "")) === "scripts";
  let file: EnvFile = { name: "", lines: new Map() };
  try {
    file = loadEnvFile(process.env, ROOT);
    const read = readSettings();
    if (isCommand) {
      checkPaths(read, process.env);
      for (const line of readableSecrets(process.env, ROOT)) printProblem(`questlog: ${line}`);
    }
    return read;
  } catch (error) {
    const message = withPlace((error as Error).message, file);
    if (!isCommand) throw new Error(message, { cause: error });
    printProblem(`questlog: ${message}`);
    process.exit(2);
  }
}

/**
 * Makes the folders that `env` names, and reads the file of write keys. The other folders
 * are only checked: a command makes those that it needs. An unnamed cache may be a shared one.
 */
function checkPaths(
  { home, out, cache, historyFile, writeKeysFile }: Settings,
  env: NodeJS.ProcessEnv,
): void {
  if (writeKeysFile !== undefined) checkKeys(writeKeysFile);
  const folders = {
    QUESTLOG_HOME: home,
    QUESTLOG_OUT: out,
    QUESTLOG_CACHE: cache,
    QUESTLOG_HISTORY: dirname(historyFile),
  };
  for (const [name, folder] of Object.entries(folders))
    if (env[name]?.trim()) makeFolder(name, folder);
    else if (folder !== cache) checkParent(name, folder);
}

/** @throws Error if the file cannot be read, or has no key, or a line that is not a key's */
function checkKeys(file: string): void {
  const name = "QUESTLOG_WRITE_KEYS";
  checkFile(name, file);
  try {
    readWriteKeys(file);
  } catch (error) {
    throw new Error(`${name}: ${(error as Error).message}`, { cause: error });
  }
}
