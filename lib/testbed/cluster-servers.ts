/**
 * Ports and password → the ten servers of a secured cluster: configuration files and programs.
 *
 * Three brokers (clients: SASL_SSL with SCRAM-SHA-512), a NameNode and three DataNodes (WebHDFS by
 * HTTPS only, permissions on), a metastore, a Trino coordinator (HTTPS, passwords) and a worker.
 * Traffic between servers is plain. All paths are relative to the folder where the servers run.
 */
import { join } from "node:path";
import { HOST } from "../settings.ts";
import { KEY_FILES } from "./cluster-keys.ts";

/** The user of the product in Kafka, HDFS and Trino. It is no superuser of HDFS. */
export const CLUSTER_USER = "questlog";

const MEMBERS = [1, 2, 3] as const; // brokers and DataNodes
const KEYS = join("..", "conf", "keys");

/** Each server's folder of compose/ has the options of its JVM. */
type Kind = "kafka" | "namenode" | "datanode" | "metastore" | "trino";

export interface ClusterServer {
  name: string; // e.g. "broker-1"
  kind: Kind;
  ports: number[];
  files: Record<string, string>; // name in the server's folder of configuration → content
  properties: Record<string, string>; // of Java
  args: string[];
  heapMb: number;
  env: Record<string, string>;
}

/** The ports of a cluster, counted from `base`. */
export function clusterPorts(base: number) {
  return {
    brokers: MEMBERS.map((n) => base + n),
    namenode: base + 40,
    webhdfs: base + 41,
    metastore: base + 50,
    trino: base + 60, // HTTPS
  };
}

/** The folder of a server's configuration, as the servers see it. */
export function confOf(name: string): string {
  return join("..", "conf", name);
}

/** All servers of a cluster. */
export function clusterServers(base: number, password: string): ClusterServer[] {
  return [
    ...MEMBERS.map((n) => broker(n, base)),
    namenode(base, password),
    ...MEMBERS.map((n) => datanode(n, base, password)),
    metastore(base),
    trino("coordinator", base, base + 61),
    trino("worker", base, base + 62),
  ];
}

function broker(n: number, base: number): ClusterServer {
  const [client, internal, controller] = [base + n, base + 10 + n, base + 20 + n];
  const name = `broker-${n}`;
  const config = {
    "process.roles": "broker,controller",
    "node.id": n,
    "controller.quorum.voters": MEMBERS.map((each) => `${each}@${HOST}:${base + 20 + each}`).join(","),
    listeners: `CLIENT://${HOST}:${client},INTERNAL://${HOST}:${internal},CONTROLLER://${HOST}:${controller}`,
    "advertised.listeners": `CLIENT://${HOST}:${client},INTERNAL://${HOST}:${internal}`,
    "listener.security.protocol.map": "CLIENT:SASL_SSL,INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "inter.broker.listener.name": "INTERNAL",
    "controller.listener.names": "CONTROLLER",
    "sasl.enabled.mechanisms": "SCRAM-SHA-512",
    "listener.name.client.scram-sha-512.sasl.jaas.config":
      "org.apache.kafka.common.security.scram.ScramLoginModule required;",
    "ssl.keystore.type": "PEM",
    "ssl.keystore.location": join(KEYS, KEY_FILES.server),
    "log.dirs": join("..", "data", name),
    "auto.create.topics.enable": false,
    "default.replication.factor": MEMBERS.length,
    "min.insync.replicas": 2,
    "offsets.topic.replication.factor": MEMBERS.length,
    "offsets.topic.num.partitions": 4,
    "transaction.state.log.replication.factor": MEMBERS.length,
    "transaction.state.log.min.isr": 2,
    "transaction.state.log.num.partitions": 4,
    "group.initial.rebalance.delay.ms": 0,
    "num.network.threads": 2,
    "num.io.threads": 2,
    "background.threads": 2,
    "log.cleaner.dedupe.buffer.size": 4_194_304,
    "log.segment.bytes": 33_554_432,
  };
  const log4j2 = [
    "rootLogger.level=warn",
    "rootLogger.appenderRef.console.ref=console",
    "appender.console.type=Console",
    "appender.console.name=console",
    "appender.console.layout.type=PatternLayout",
    "appender.console.layout.pattern=%d{ISO8601} %p %c{1}: %m%n",
  ].join("\n");
  return {
    name,
    kind: "kafka",
    ports: [client, internal, controller],
    files: { "server.properties": propertiesText(config), "log4j2.properties": log4j2 },
    properties: { "log4j2.configurationFile": join(confOf(name), "log4j2.properties") },
    args: [join(confOf(name), "server.properties")],
    heapMb: 160,
    env: {},
  };
}

/** The settings that all programs of Hadoop have in common. */
function hadoopSite(base: number): Record<string, string | number | boolean> {
  return {
    "fs.defaultFS": `hdfs://${HOST}:${base + 40}`,
    "dfs.namenode.rpc-address": `${HOST}:${base + 40}`,
    "dfs.replication": MEMBERS.length,
    "dfs.client.use.datanode.hostname": true,
    "dfs.datanode.use.datanode.hostname": true,
    "dfs.datanode.hostname": HOST,
    "dfs.namenode.datanode.registration.ip-hostname-check": false,
  };
}

function hadoopFiles(site: Record<string, string | number | boolean>, password: string) {
  const keys = {
    "ssl.server.keystore.type": "pkcs12",
    "ssl.server.keystore.location": join(KEYS, KEY_FILES.store),
    "ssl.server.keystore.password": password,
    "ssl.server.keystore.keypassword": password,
  };
  const log4j = [
    "log4j.rootLogger=WARN, console",
    "log4j.appender.console=org.apache.log4j.ConsoleAppender",
    "log4j.appender.console.layout=org.apache.log4j.PatternLayout",
    "log4j.appender.console.layout.ConversionPattern=%d{ISO8601} %p %c{1}: %m%n",
  ].join("\n");
  return { "site.xml": xmlText(site), "ssl-server.xml": xmlText(keys), "log4j.properties": log4j };
}

function hadoop(name: string, kind: "namenode" | "datanode"): Omit<ClusterServer, "ports" | "files"> {
  return {
    name,
    kind,
    properties: { "log4j.configuration": `file:${join(confOf(name), "log4j.properties")}` },
    args: ["-conf", join(confOf(name), "site.xml")],
    heapMb: 96,
    env: { HADOOP_USER_NAME: "hdfs" },
  };
}

function namenode(base: number, password: string): ClusterServer {
  const name = "namenode";
  const site = {
    ...hadoopSite(base),
    "hadoop.tmp.dir": join("..", "tmp", name),
    "dfs.namenode.name.dir": join("..", "data", name),
    "dfs.http.policy": "HTTPS_ONLY",
    "dfs.namenode.https-address": `${HOST}:${base + 41}`,
    "dfs.namenode.safemode.extension": 0,
    "dfs.namenode.handler.count": 8,
    "dfs.heartbeat.interval": 1,
    "dfs.namenode.heartbeat.recheck-interval": 5_000, // a dead DataNode is noticed after 20 s
    "hadoop.proxyuser.trino.hosts": "*",
    "hadoop.proxyuser.trino.users": "*",
  };
  return {
    ...hadoop(name, "namenode"),
    ports: [base + 40, base + 41],
    files: hadoopFiles(site, password),
  };
}

function datanode(n: number, base: number, password: string): ClusterServer {
  const name = `datanode-${n}`;
  const [data, ipc, https] = [base + 70 + n, base + 80 + n, base + 90 + n];
  const site = {
    ...hadoopSite(base),
    "hadoop.tmp.dir": join("..", "tmp", name),
    "dfs.datanode.data.dir": join("..", "data", name),
    "dfs.http.policy": "HTTPS_ONLY",
    "dfs.datanode.address": `${HOST}:${data}`,
    "dfs.datanode.ipc.address": `${HOST}:${ipc}`,
    "dfs.datanode.https.address": `${HOST}:${https}`,
    "dfs.datanode.handler.count": 4,
    "dfs.heartbeat.interval": 1,
  };
  return {
    ...hadoop(name, "datanode"),
    ports: [data, ipc, https],
    files: hadoopFiles(site, password),
  };
}

function metastore(base: number): ClusterServer {
  const name = "metastore";
  const log4j2 = "rootLogger.level=warn\n";
  const warehouse = `hdfs://${HOST}:${base + 40}/warehouse`;
  const site = {
    ...hadoopSite(base),
    "metastore.thrift.bind.host": HOST,
    "metastore.thrift.port": base + 50,
    "metastore.thrift.uris": `thrift://${HOST}:${base + 50}`,
    "metastore.warehouse.dir": warehouse,
    "metastore.warehouse.external.dir": warehouse,
    "javax.jdo.option.ConnectionURL": `jdbc:derby:;databaseName=${join("..", "data", name)};create=true`,
    "javax.jdo.option.ConnectionDriverName": "org.apache.derby.jdbc.EmbeddedDriver",
    "datanucleus.schema.autoCreateAll": true,
    "metastore.schema.verification": false,
    "metastore.housekeeping.threads.on": false,
    "metastore.compactor.initiator.on": false,
    "metastore.compactor.cleaner.on": false,
    "metastore.compactor.worker.threads": 0,
    "datanucleus.connectionPool.maxPoolSize": 100,
    "metastore.server.min.threads": 8,
    "metastore.disallow.incompatible.col.type.changes": false,
    "metastore.execute.setugi": true, // the folders of schemas and tables belong to their user
  };
  return {
    name,
    kind: "metastore",
    ports: [base + 50],
    files: { "metastore-site.xml": xmlText(site), "log4j2.properties": log4j2 },
    properties: {
      "log4j2.configurationFile": join(confOf(name), "log4j2.properties"),
      "derby.stream.error.file": join("..", "logs", "derby.log"),
    },
    args: ["-p", String(base + 50)],
    heapMb: 256,
    env: { HADOOP_USER_NAME: "hdfs", METASTORE_CONF_DIR: confOf(name) },
  };
}

function trino(name: string, base: number, httpPort: number): ClusterServer {
  const isCoordinator = name === "coordinator";
  const config = {
    coordinator: isCoordinator,
    "node.environment": "cluster",
    "node.bind-ip": HOST,
    "node.internal-address": HOST,
    "http-server.http.port": httpPort,
    "discovery.uri": `http://${HOST}:${base + 61}`,
    "internal-communication.shared-secret": "of this cluster of tests",
    "catalog.config-dir": join(confOf(name), "catalog"),
    "plugin.dir": join("..", "plugins"),
    "task.concurrency": 2,
    "task.max-worker-threads": 4,
    "http-server.log.enabled": false,
    ...(isCoordinator && {
      "node-scheduler.include-coordinator": true,
      "query.max-history": 50,
      "http-server.authentication.type": "PASSWORD",
      "http-server.https.enabled": true,
      "http-server.https.port": base + 60,
      "http-server.https.keystore.path": join(KEYS, KEY_FILES.server),
      "password-authenticator.config-files": join(confOf(name), "password-authenticator.properties"),
    }),
  };
  const hive = {
    "connector.name": "hive",
    "hive.metastore.uri": `thrift://${HOST}:${base + 50}`,
    "fs.hadoop.enabled": true,
    "hive.config.resources": join(confOf(name), "site.xml"),
    "hive.hdfs.impersonation.enabled": true,
    "hive.metastore.thrift.impersonation.enabled": true,
    "hive.non-managed-table-writes-enabled": true,
    "hive.allow-register-partition-procedure": true,
    "hive.security": "allow-all",
    "hive.parquet.time-zone": "UTC",
    "hive.metastore.thrift.client.read-timeout": "60s",
  };
  const passwords = {
    "password-authenticator.name": "file",
    "file.password-file": join(KEYS, KEY_FILES.users),
  };
  return {
    name,
    kind: "trino",
    ports: isCoordinator ? [base + 60, httpPort] : [httpPort],
    files: {
      "config.properties": propertiesText(config),
      "log.properties": "io.trino=WARN\nio.airlift=WARN\norg=WARN\ncom=WARN\n",
      "password-authenticator.properties": propertiesText(passwords),
      "site.xml": xmlText(hadoopSite(base)),
      [join("catalog", "hive.properties")]: propertiesText(hive),
    },
    properties: {
      config: join(confOf(name), "config.properties"),
      "log.levels-file": join(confOf(name), "log.properties"),
    },
    args: [],
    heapMb: isCoordinator ? 600 : 400,
    env: { HADOOP_USER_NAME: "trino" },
  };
}

type Values = Record<string, string | number | boolean>;

function propertiesText(values: Values): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${value}\n`)
    .join("");
}

function xmlText(values: Values): string {
  const lines = Object.entries(values).map(
    ([name, value]) => `  <property><name>${name}</name><value>${value}</value></property>`,
  );
  return ["<configuration>", ...lines, "</configuration>", ""].join("\n");
}
