/**
 * lib/ → dist/, which the notebooks' cells import: the kernel's older compiler compiles cells only.
 *
 * A kernel keeps the modules that it has loaded, so a running kernel does not see a new build.
 */
import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { $ } from "zx";
import { writeWhole } from "../whole-file.ts";
import { withLock } from "../lock.ts";
import { settings } from "../settings.ts";
import { filesAt } from "./files-at.ts";

const STATE_FILE = join(settings.root, "dist", ".built");
const BUILT = [join(settings.root, "dist")];
const COMPILED = /\.(?:ts|js|json|tsbuildinfo)$/;
const SOURCES = [
  "lib",
  "tsconfig.json",
  "tsconfig.build.json",
  "package.json",
  "node_modules/.package-lock.json", // npm writes it with each change of a package
].map((path) => join(settings.root, path));

/**
 * Compiles lib/, one process at a time. Without a change since the last build it does nothing.
 * @throws Error with the compiler's messages.
 */
export async function buildLib(): Promise<void> {
  if (isBuilt()) return; // also in a checkout that cannot be written
  try {
    await withLock(join(settings.root, "dist", "build.lock"), console.log, compile);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "EROFS" && code !== "EACCES") throw error;
    throw new Error(
      `${settings.root} cannot be written (${code}), and its lib/ is not compiled: npm run build, as a user who can write it`,
      { cause: error },
    );
  }
}

function isBuilt(): boolean {
  return stateOf(SOURCES) + stateOf(BUILT) === lastBuild();
}

async function compile(): Promise<void> {
  if (isBuilt()) return; // by another process
  const before = stateOf(SOURCES);
  const { exitCode, stdout } = await $({
    cwd: settings.root,
    quiet: true,
    nothrow: true,
  })`${process.execPath} ${join("node_modules", "typescript", "bin", "tsc")} -p tsconfig.build.json --pretty false`;
  if (exitCode !== 0) throw new Error(`lib/ does not compile:\n${stdout.trim()}`);
  await writeWhole(STATE_FILE, before + stateOf(BUILT));
}

/** The state after the last build; null if there was none. */
function lastBuild(): string | null {
  try {
    return readFileSync(STATE_FILE, "utf8");
  } catch {
    return null; // the compiler then runs
  }
}

/** A digest of names, sizes and times of change of all files at `paths`. */
function stateOf(paths: readonly string[]): string {
  const digest = createHash("sha256");
  for (const path of paths)
    for (const file of filesAt(path).filter((one) => COMPILED.test(one))) {
      const { size, mtimeMs, ctimeMs } = statSync(file);
      digest.update(`${file}\n${size} ${mtimeMs} ${ctimeMs}\n`);
    }
  return `${digest.digest("hex")}\n`;
}
