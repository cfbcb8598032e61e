/**
 * Pinned requirements → a Python environment in the cache folder, with these packages.
 *
 * A hash of the requirements names the environment, so other requirements make another environment.
 * It is built under a temporary name, and renamed when complete. Its scripts would hold the
 * temporary path; so callers use only its `python -m …`.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { settings } from "../settings.ts";

const MIN_PYTHON = [3, 10] as const;

/**
 * Makes an environment with the packages in the file `requirements`, unless it exists. Resolves
 * with the path of its python. Each package in the file has its hash.
 * @throws Error if Python is missing or too old, or a package does not match its hash
 */
export async function prepareVenv(
  name: string,
  requirements: string,
  log: (line: string) => void = () => {},
): Promise<string> {
  const text = readFileSync(requirements, "utf8");
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 12);
  const venv = join(settings.cache, `${name}-${hash}`);
  const python = join("bin", "python");
  if (existsSync(venv)) return join(venv, python);
  await checkPython();
  const part = `${venv}.${process.pid}.part`;
  const started = performance.now();
  const packages = text.match(/^\w\S*==/gm)?.length ?? 0;
  log(`${name}: installing up to ${packages} packages into ${venv}`);
  mkdirSync(settings.cache, { recursive: true });
  try {
    await run("python3", ["-m", "venv", part]);
    await install(join(part, python), requirements, (progress) =>
      log(`${name}: ${progress}, ${secondsSince(started)}`),
    );
    if (!existsSync(venv)) renameSync(part, venv); // otherwise another process was faster
  } finally {
    rmSync(part, { recursive: true, force: true });
  }
  log(`${name}: installed, ${secondsSince(started)}`);
  return join(venv, python);
}

/** Installs requirements with pip; `onProgress` gets a phrase every 20 packages. */
async function install(
  python: string,
  requirements: string,
  onProgress: (progress: string) => void,
): Promise<void> {
  const args = [
    "-m",
    "pip",
    "install",
    "--require-hashes",
    "--only-binary=:all:",
    "--disable-pip-version-check",
    "--no-input",
    "--progress-bar=off",
    "--requirement",
    requirements,
  ];
  let collected = 0;
  await run(python, args, (line) => {
    if (line.startsWith("Collecting ")) {
      collected++;
      if (collected % 20 === 0) onProgress(`${collected} packages`);
    }
    if (line.startsWith("Installing ")) onProgress(`installing ${collected} packages`);
  });
}

async function checkPython(): Promise<void> {
  const wanted = `Python ≥ ${MIN_PYTHON.join(".")} with venv`;
  const remedy = "install it from your system's packages (python3, python3-venv) or python.org";
  let version = "";
  await run(
    "python3",
    ["-c", "import sys, ensurepip; print(*sys.version_info[:2])"],
    (line) => (version = line),
  ).catch(() => {
    throw new Error(`python3: expected ${wanted}, found no Python with venv; ${remedy}`);
  });
  const [major = 0, minor = 0] = version.split(" ").map(Number);
  if (major !== MIN_PYTHON[0] || minor < MIN_PYTHON[1])
    throw new Error(`python3: expected ${wanted}, got ${major}.${minor}; ${remedy}`);
}

/** Runs a command to its end. @throws Error with the command's last lines if it fails */
async function run(
  command: string,
  args: string[],
  onLine: (line: string) => void = () => {},
): Promise<void> {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
  const last: string[] = [];
  for (const input of [child.stdout, child.stderr]) {
    createInterface({ input }).on("line", (line) => {
      onLine(line);
      last.push(line);
      if (last.length > 10) last.shift();
    });
  }
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0)
    throw new Error(
      `${command} ${args.slice(0, 3).join(" ")} … failed with code ${code}:\n${last.join("\n")}`,
    );
}

function secondsSince(started: number): string {
  return `${((performance.now() - started) / 1000).toFixed(0)} s`;
}
