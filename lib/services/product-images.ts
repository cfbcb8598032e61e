/**
 * The checkout → the images questlog-api and questlog-stream, for the engine's platform.
 *
 * The tag is a hash of everything that makes the images. Some packages have compiled code. So on a
 * Mac, or for an engine with another processor, npm brings the packages of the engine's platform.
 */
import { createHash } from "node:crypto";
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { $ } from "zx";
import { settings } from "../settings.ts";
import { buildMissing } from "./build-images.ts";
import { docker } from "./docker.ts";
import type { Log } from "./log.ts";
import { findProductFiles, type ProductFiles } from "./product-files.ts";
import { runTool } from "./tools.ts";

/** The commands in the images; the first two have an image each, and the others come with both. */
export const COMMANDS = ["api", "stream", "init", "key", "query", "tail"];
export const PRODUCT_TARGETS = ["api", "stream"] as const; // of the Dockerfile
const FOLDER = join(settings.root, "compose", "product");
const CPUS: Record<string, string> = { amd64: "x64", arm64: "arm64" }; // Docker's name → npm's

/** Builds the images that the engine does not have; resolves with the tag of both. */
export async function prepareProductImages(log: Log): Promise<string> {
  const cpu = await engineCpu();
  const packagesRoot = await packagesFor(cpu, log);
  const files = findProductFiles(COMMANDS, settings.root, packagesRoot);
  const tag = tagOf(files, cpu);
  const images = { targets: PRODUCT_TARGETS, tag, base: `NODE_IMAGE=${settings.nodeImage}` };
  await buildMissing(images, (context) => layOut(files, packagesRoot, context), log);
  return tag;
}

/** Makes the folder of a build. */
export function layOut({ modules, packages }: ProductFiles, packagesRoot: string, context: string): void {
  copyFileSync(join(FOLDER, "Dockerfile"), join(context, "Dockerfile"));
  for (const [from, to] of [
    [join(FOLDER, "health.sh"), "modules/health.sh"],
    [join(settings.root, "package.json"), "modules/package.json"],
    ...modules.map((module) => [join(settings.root, module), join("modules", module)]),
    ...packages.map((folder) => [
      join(packagesRoot, folder),
      join("packages", folder.slice("node_modules/".length)),
    ]),
  ] as [string, string][]) {
    mkdirSync(dirname(join(context, to)), { recursive: true });
    cpSync(from, join(context, to), { recursive: true });
  }
}

/** The processor of the engine, in npm's words. */
async function engineCpu(): Promise<string> {
  const platform = (await docker(["version", "--format", "{{.Server.Os}}/{{.Server.Arch}}"])).trim();
  const [system, name = ""] = platform.split("/");
  const cpu = CPUS[name];
  if (system === "linux" && cpu !== undefined) return cpu;
  throw new Error(`the Docker engine: expected one for linux/amd64 or linux/arm64, got ${platform}`);
}

type Folders = Pick<typeof settings, "root" | "cache">;

/** A folder whose node_modules fits Linux on `cpu`: the checkout, or one that npm fills. */
export async function packagesFor(
  cpu: string,
  log: Log,
  { root, cache }: Folders = settings,
): Promise<string> {
  const isHere = existsSync(join(root, "node_modules", `node-linux-${cpu}`)); // by npm ci
  if (isHere) return root;
  const lock = readFileSync(join(root, "package-lock.json"));
  const folder = join(cache, `packages-linux-${cpu}-${shortHash(lock)}`);
  if (existsSync(folder)) return folder;
  log(`packages: npm fetches those for linux/${cpu}`);
  mkdirSync(cache, { recursive: true });
  const made = mkdtempSync(`${folder}-`);
  try {
    for (const file of ["package.json", "package-lock.json"])
      copyFileSync(join(root, file), join(made, file));
    const platform = ["--os=linux", `--cpu=${cpu}`, "--libc=glibc"];
    await runTool(
      "npm",
      $({ cwd: made })`npm ci --omit=dev --ignore-scripts --no-audit --no-fund ${platform}`,
    );
    renameSync(made, folder);
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
  return folder;
}

function tagOf({ modules, packages }: ProductFiles, cpu: string): string {
  const hash = createHash("sha256").update(JSON.stringify([settings.nodeImage, cpu, packages]));
  const files = ["Dockerfile", "health.sh"].map((file) => join("compose", "product", file));
  for (const file of [...files, "package.json", "package-lock.json", ...modules])
    hash.update(`\0${file}\0`).update(readFileSync(join(settings.root, file)));
  return hash.digest("hex").slice(0, 12);
}

function shortHash(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex").slice(0, 12);
}
