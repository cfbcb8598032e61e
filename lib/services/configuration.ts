/**
 * A folder of configuration files with ${names} → the same files, filled in.
 *
 * Both runtimes use the files of compose/. Only the values differ: host names, folders, ports.
 * The files have five formats, each with characters of its own. So a value has none of these:
 * paths are relative, or inside a container.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { HOST, settings } from "../settings.ts";

/** The values that differ between the runtimes; folders as the servers see them. */
export interface Paths {
  bindHost: string; // the address to listen on
  conf: string; // folder of the filled-in files
  kafkaData: string;
  namenodeData: string;
  datanodeData: string;
  metastoreData: string;
  hadoopTmp: string;
  trinoConf: string;
  trinoPlugins: string;
}

/** Writes the files of compose/, filled in for `paths`, to folders of the same names below `to`. */
export function writeConfiguration(to: string, paths: Paths, folders: string[] = SERVERS): void {
  for (const folder of folders) {
    fillFolder(join(settings.root, "compose", folder), join(to, folder), valuesOf(paths));
  }
}

const PLAIN = /^[\w./:,-]*$/; // means itself in XML, Java's properties, and a JDBC URL
const SERVERS = ["kafka", "hadoop", "hive", "trino"];

/**
 * The value of each name. Servers and clients use HOST, even if a server listens on all addresses.
 */
function valuesOf(paths: Paths): Record<string, string> {
  const { ports } = settings;
  return {
    bind_host: paths.bindHost,
    kafka_listeners: `CLIENT://${paths.bindHost}:${ports.kafka},CONTROLLER://${HOST}:${ports.kafkaController}`,
    kafka_advertised_listeners: `CLIENT://${HOST}:${ports.kafka}`,
    kafka_controller: `${HOST}:${ports.kafkaController}`,
    kafka_data: paths.kafkaData,
    hdfs_user: settings.hdfsUser,
    hadoop_tmp: paths.hadoopTmp,
    hadoop_conf: join(paths.conf, "hadoop"),
    namenode_host: HOST,
    namenode_port: String(ports.namenode),
    namenode_http_port: String(ports.namenodeHttp),
    namenode_data: paths.namenodeData,
    datanode_host: HOST,
    datanode_port: String(ports.datanode),
    datanode_http_port: String(ports.datanodeHttp),
    datanode_ipc_port: String(ports.datanodeIpc),
    datanode_data: paths.datanodeData,
    metastore_host: HOST,
    metastore_port: String(ports.metastore),
    metastore_data: paths.metastoreData,
    trino_host: HOST,
    trino_port: String(ports.trino),
    trino_conf: paths.trinoConf,
    trino_plugins: paths.trinoPlugins,
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
