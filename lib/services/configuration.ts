/**
 * A folder of configuration files with ${names} → the same files, filled in.
 *
 * Both runtimes use the files of compose/. Only the values differ: host names, folders, ports.
 * The files have five formats, each with characters of its own. So a value has none of these:
 * paths are relative, or inside a container.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { HOST, type Ports, settings } from "../settings.ts";

/** The values that differ between the runtimes; folders as the servers see them. */
export interface Place {
  bindHost: string; // the address to listen on
  hosts: Record<"namenode" | "metastore" | "trino", string>; // by which servers reach each other
  /** A second listener of Kafka, for clients in the network of the containers: "kafka:9095". */
  internalKafka: string | null;
  /** Whether servers reach the DataNode by the name that clients get; otherwise by its address. */
  usesDatanodeName: boolean;
  ports: Record<keyof Ports, string>;
  conf: string; // folder of the filled-in files
  kafkaData: string;
  namenodeData: string;
  datanodeData: string;
  metastoreData: string;
  hadoopTmp: string;
  trinoSpill: string; // intermediate results that do not fit in memory
  trinoConf: string;
  trinoPlugins: string;
}

/** Writes the files of compose/, filled in for `place`, to folders of the same names below `to`. */
export function writeConfiguration(to: string, place: Place, folders: string[] = SERVERS): void {
  for (const folder of folders) {
    fillFolder(join(settings.root, "compose", folder), join(to, folder), valuesOf(place));
  }
}

/**
 * A plain value means itself in XML, Java's properties, and a JDBC URL. A container fills in its
 * ports itself, when it starts.
 */
const PLAIN = /^(?:[\w./:,-]|\$\{QUESTLOG_\w+_PORT\})*$/;
const SERVERS = ["kafka", "hadoop", "hive", "trino"];

/**
 * The value of each name. Clients on this machine reach every server at HOST, even if the server
 * listens on all addresses.
 */
export function valuesOf(place: Place): Record<string, string> {
  const { ports, hosts, internalKafka } = place;
  const listeners = [
    `CLIENT://${place.bindHost}:${ports.kafka}`,
    `CONTROLLER://${HOST}:${ports.kafkaController}`,
  ];
  const advertised = [`CLIENT://${HOST}:${ports.kafka}`];
  if (internalKafka !== null) {
    listeners.push(`INTERNAL://${place.bindHost}:${internalKafka.split(":")[1]}`);
    advertised.push(`INTERNAL://${internalKafka}`);
  }
  return {
    bind_host: place.bindHost,
    kafka_listeners: listeners.join(","),
    kafka_advertised_listeners: advertised.join(","),
    kafka_controller: `${HOST}:${ports.kafkaController}`,
    kafka_data: place.kafkaData,
    hdfs_user: settings.hdfsUser,
    hadoop_tmp: place.hadoopTmp,
    hadoop_conf: join(place.conf, "hadoop"),
    namenode_host: hosts.namenode,
    namenode_port: ports.namenode,
    namenode_http_port: ports.namenodeHttp,
    namenode_data: place.namenodeData,
    datanode_host: HOST,
    datanode_by_name: String(place.usesDatanodeName),
    datanode_port: ports.datanode,
    datanode_http_port: ports.datanodeHttp,
    datanode_ipc_port: ports.datanodeIpc,
    datanode_data: place.datanodeData,
    metastore_host: hosts.metastore,
    metastore_port: ports.metastore,
    metastore_data: place.metastoreData,
    trino_host: hosts.trino,
    trino_port: ports.trino,
    trino_spill: place.trinoSpill,
    trino_conf: place.trinoConf,
    trino_plugins: place.trinoPlugins,
  };
}

/**
 * Writes every file below `from` to the same path below `to`, with values for each `${name}`.
 * @throws Error that names the file, if the file uses an unknown name.
 */
export function fillFolder(from: string, to: string, values: Record<string, string>): void {
  for (const entry of readdirSync(from, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const source = join(entry.parentPath, entry.name);
    const target = join(to, source.slice(from.length));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, fill(readFileSync(source, "utf8"), values, source));
  }
}

function fill(text: string, values: Record<string, string>, file: string): string {
  return text.replace(/\$\{(\w+)\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) {
      throw new Error(
        `${file}: expected one of the names ${Object.keys(values).join(", ")}, got \${${name}}`,
      );
    }
    if (!PLAIN.test(value))
      throw new Error(`${file}: expected ${name} of letters, digits and . _ / : , -, got "${value}"`);
    return value;
  });
}
