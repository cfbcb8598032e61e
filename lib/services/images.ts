/**
 * The files of the processes → an image for each server, so both runtimes run the same bytes.
 *
 * The tag is a hash of everything that makes the images, so a change makes new images. The folder
 * of the build has hard links to the cache's files: it needs no room and no time.
 */
import { createHash } from "node:crypto";
import {
  copyFileSync,
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { portVariable, settings } from "../settings.ts";
import { prepareServerFiles, type ServerFiles } from "./artifacts.ts";
import { buildMissing, missingImages } from "./build-images.ts";
import { fillFolder, type Place, valuesOf, writeConfiguration } from "./configuration.ts";
import type { Log } from "./log.ts";
import { argumentFile, formatProgram, type Layout, programOf } from "./programs.ts";
import { serverNames } from "./services.ts";

export const TARGETS = ["kafka", "hadoop", "metastore", "trino"] as const; // of the Dockerfile
const COMPOSE = join(settings.root, "compose");
const SCRIPTS = ["start.sh", "health.sh"];
const FILES = "/opt/questlog"; // in an image
const CONF = "/tmp/questlog"; // in a container: start.sh writes it

/** Everything in the configuration that differs from a process; the ports are filled in later. */
export const PLACE: Place = {
  bindHost: "0.0.0.0", // Docker forwards the published loopback ports to another interface
  hosts: { namenode: "namenode", metastore: "metastore", trino: "trino" },
  internalKafka: "kafka:9095",
  usesDatanodeName: false,
  ports: Object.fromEntries(
    Object.keys(settings.ports).map((name) => [name, `\${${portVariable(name)}}`]),
  ) as Place["ports"],
  conf: CONF,
  kafkaData: "/data/kafka",
  namenodeData: "/data/namenode",
  datanodeData: "/data/datanode",
  metastoreData: "/data/metastore",
  hadoopTmp: "/tmp/hadoop",
  trinoSpill: "/data/spill",
  trinoConf: `${CONF}/trino`,
  trinoPlugins: `${FILES}/trino/plugin`,
};

/** Builds the images that the engine does not have; resolves with the tag of all images. */
export async function prepareImages(log: Log): Promise<string> {
  const tag = imageTag();
  const images = { targets: TARGETS, tag, base: `JAVA_IMAGE=${settings.javaImage}` };
  await buildMissing(images, async (context) => layOut(await prepareServerFiles(log), context), log);
  return tag;
}

/** Whether the engine has the images of this checkout. */
export async function hasImages(): Promise<boolean> {
  return (await missingImages(TARGETS, imageTag())).length === 0;
}

/** The tag of this checkout's images. */
export function imageTag(): string {
  const hash = createHash("sha256").update(JSON.stringify([settings.javaImage, valuesOf(PLACE)]));
  for (const path of ["Dockerfile", "native/checksums.txt"]) hash.update(readFileSync(join(COMPOSE, path)));
  for (const folder of ["containers", "kafka", "hadoop", "hive", "trino"]) {
    for (const path of filesBelow(join(COMPOSE, folder)))
      hash.update(path).update(readFileSync(join(COMPOSE, folder, path)));
  }
  // The checksum of Trino's archive stands for its jars: they may not be here yet.
  const layout = { ...LAYOUT, jars: { kafka: [], hadoop: [], metastore: [] }, trinoJars: [] };
  for (const text of Object.values(argumentFiles(layout))) hash.update(text);
  return hash.digest("hex").slice(0, 12);
}

/** Makes the folder of a build. */
export function layOut({ jars, trino }: ServerFiles, context: string): void {
  const run = join(context, "run");
  mkdirSync(run, { recursive: true });
  cpSync(join(COMPOSE, "Dockerfile"), join(context, "Dockerfile"));
  for (const script of SCRIPTS) cpSync(join(COMPOSE, "containers", script), join(run, script));
  writeContainerConfiguration(join(run, "conf"), layoutOf({ jars, trino }));
  linkAll(jars.kafka, join(context, "kafka"));
  linkAll(jars.hadoop, join(context, "hadoop"));
  linkAll(onlyMetastore(jars), join(context, "metastore"));
  for (const folder of ["lib", "plugin"])
    for (const path of filesBelow(join(trino, folder)))
      linkAll([join(trino, folder, path)], join(context, "trino", folder, dirname(path)));
}

/** Writes the configuration of the containers, with ports left as ${QUESTLOG_…_PORT}. */
function writeContainerConfiguration(to: string, layout: Layout): void {
  writeConfiguration(to, PLACE);
  const aside = { ...PLACE, kafkaData: "/data/kafka.new", namenodeData: "/data/namenode.new" };
  writeConfiguration(join(to, "format"), aside, ["kafka", "hadoop"]);
  for (const name of serverNames)
    fillFolder(join(COMPOSE, "containers", "logging"), join(to, `logging-${name}`), {});
  for (const [name, text] of Object.entries(argumentFiles(layout))) writeFileSync(join(to, name), text);
}

/** The files from which Java reads its arguments: name → text. */
function argumentFiles(layout: Layout): Record<string, string> {
  const files: Record<string, string> = {};
  for (const name of serverNames) {
    const classes = [
      `-XX:SharedArchiveFile=/classes/${name}.jsa`,
      "-XX:+AutoCreateSharedArchive",
      "-Xlog:disable",
    ];
    files[`${name}.args`] = argumentFile(programOf(name, layout), classes);
  }
  for (const name of ["kafka", "namenode"] as const)
    files[`${name}-format.args`] = argumentFile(formatProgram(name, layout, `${CONF}/format`), []);
  return files;
}

const LAYOUT: Omit<Layout, "jars" | "trinoJars"> = {
  conf: CONF,
  derbyLog: "/data/derby.log",
  metastorePort: PLACE.ports.metastore,
};

function layoutOf({ jars, trino }: ServerFiles): Layout {
  const inside = (folder: string) => (jar: string) => `${FILES}/${folder}/${basename(jar)}`;
  const own = new Set(onlyMetastore(jars));
  return {
    ...LAYOUT,
    jars: {
      kafka: jars.kafka.map(inside("kafka")),
      hadoop: jars.hadoop.map(inside("hadoop")),
      metastore: jars.metastore.map((jar) => inside(own.has(jar) ? "metastore" : "hadoop")(jar)),
    },
    trinoJars: readdirSync(join(trino, "lib")).sort().map(inside("trino/lib")),
  };
}

/** The jars of the metastore that Hadoop does not have. */
function onlyMetastore({ hadoop, metastore }: ServerFiles["jars"]): string[] {
  const shared = new Set(hadoop);
  return metastore.filter((jar) => !shared.has(jar));
}

/** All files below `folder`, as sorted paths relative to it. */
function filesBelow(folder: string): string[] {
  const paths = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return paths.filter((path) => statSync(join(folder, path)).isFile()).sort();
}

function linkAll(files: readonly string[], folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const file of files) {
    const target = join(folder, basename(file));
    if (existsSync(target)) throw new Error(`${target}: expected one jar of this name, got two`);
    try {
      linkSync(file, target);
    } catch {
      copyFileSync(file, target); // a disk without hard links
    }
  }
}
