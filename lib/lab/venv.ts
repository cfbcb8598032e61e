/**
 * Pinned requirements → a Python environment in the cache folder that has them.
 *
 * It is named by its requirements: others make another one. It is built under another name and renamed
 * when it is whole; that works because only its `python -m …` is called, none of its scripts, which hold the path.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { settings } from "../settings.ts";

const MIN_PYTHON = [3, 10];

/**
 * Makes the environment `name` of the packages in the file `requirements`, each with its hash, unless it is there; resolves with its python.
 * @throws Error if Python is missing or too old, or a package is not the one expected.
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
    let collected = 0;
    const pip = [
      "-m",
      "pip",
      "install",
      "--require-hashes",
      "--only-binary",
      ":all:",
      "--disable-pip-version-check",
      "--no-input",
      "--progress-bar",
      "off",
    ];
    await run(join(part, python), [...pip, "--requirement", requirements], (line) => {
      if (/^Collecting /.test(line) && ++collected % 20 === 0)
        log(`${name}: ${collected} packages, ${secondsSince(started)}`);
      if (/^Installing /.test(line))
        log(`${name}: ${collected} packages downloaded, ${secondsSince(started)}; installing`);
    });
    if (!existsSync(venv)) renameSync(part, venv); // else another process was faster
  } finally {
    rmSync(part, { recursive: true, force: true });
  }
  log(`${name}: installed, ${secondsSince(started)}`);
  return join(venv, python);
}

async function checkPython(): Promise<void> {
  const wanted = `Python ≥ ${MIN_PYTHON.join(".")} with venv is needed; get it from your system's packages (python3, python3-venv) or python.org`;
  let version = "";
  await run(
    "python3",
    ["-c", "import sys, ensurepip; print(*sys.version_info[:2])"],
    (line) => (version = line),
  ).catch(() => {
    throw new Error(`python3 is missing or incomplete. ${wanted}`);
  });
  const [major = 0, minor = 0] = version.split(" ").map(Number);
  if (major !== MIN_PYTHON[0] || minor < (MIN_PYTHON[1] as number))
    throw new Error(`python3 is ${major}.${minor}. ${wanted}`);
}

/** Runs a command to its end. @throws Error with its last lines if it fails */
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
