/**
 * compose/native/spark-requirements.txt → Spark and its Python packages in the cache folder.
 *
 * pip checks the hashes. The folder's name has the hash of the requirements and Python's version,
 * since pyarrow fits one version only. Only the engine spark needs it: 900 MB on disk.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { $ } from "zx";
import { withLock } from "../lock.ts";
import { fileTreeIsWhole, keepFileTree } from "../services/checksums.ts";
import { megabytes, type Log, seconds } from "../services/log.ts";
import { checkDisk } from "../services/space.ts";
import { runTool } from "../services/tools.ts";
import { settings } from "../settings.ts";

const REQUIREMENTS = join(settings.root, "compose", "native", "spark-requirements.txt");
const FETCHING_MB = 2_500; // archive, wheel and files exist together for a moment

/** Whether the cache has Spark. */
export async function hasSpark(): Promise<boolean> {
  const version = await pythonVersion().catch(() => undefined);
  return version !== undefined && fileTreeIsWhole(packagesFolder(version, REQUIREMENTS));
}

/** Fetches Spark unless the cache has it; resolves with the folder of its packages. */
export async function prepareSpark(log: Log, requirements = REQUIREMENTS): Promise<string> {
  const target = packagesFolder(await pythonVersion(), requirements);
  if (await fileTreeIsWhole(target)) return target;
  await checkDisk(settings.cache, FETCHING_MB, "QUESTLOG_CACHE");
  await withLock(join(settings.cache, "spark.lock"), log, async () => {
    if (!(await fileTreeIsWhole(target))) await fetchPackages(target, requirements, log);
  });
  return target;
}

function packagesFolder(pythonVersion: string, requirements: string): string {
  const hash = createHash("sha256").update(readFileSync(requirements)).digest("hex");
  return join(settings.cache, `spark-${hash.slice(0, 12)}-python${pythonVersion}`);
}

async function fetchPackages(target: string, requirements: string, log: Log): Promise<void> {
  const start = Date.now();
  log("spark: fetching it with pip, 0.5 GB");
  const aside = `${target}.${process.pid}`;
  try {
    await runTool(
      "spark: pip",
      $`python3 -m pip install --quiet --require-hashes --no-deps --no-compile --target ${aside} -r ${requirements}`,
    );
    await keepFileTree(aside, target);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
  log(`spark: ${megabytes([target])} MB, ${seconds(start)} s`);
}

/** @throws Error that says how to get Python, if it is missing or too old */
async function pythonVersion(): Promise<string> {
  const code = "import sys, pip; print('.'.join(map(str, sys.version_info[:2])))";
  const { exitCode, stdout } = await $({ quiet: true, nothrow: true })`python3 -c ${code}`;
  const version = stdout.trim();
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (exitCode === 0 && (major > 3 || (major === 3 && minor >= 11))) return version;
  throw new Error(
    `the engine spark: expected Python ≥ 3.11 with pip as python3, got ${exitCode === 0 ? version : "none"}; ` +
      "apt install python3 python3-pip, or brew install python",
  );
}
