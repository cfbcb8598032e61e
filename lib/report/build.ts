/**
 * lib/ → dist/, which the notebooks' cells import: the kernel's older compiler compiles cells only.
 *
 * A kernel keeps the modules that it has loaded, so a running kernel does not see a new build.
 */
import { join } from "node:path";
import { $ } from "zx";
import { withLock } from "../lock.ts";
import { settings } from "../settings.ts";

/**
 * Compiles lib/, one process at a time. If nothing has changed since the last build, this takes a
 * second.
 * @throws Error with the compiler's messages.
 */
export async function buildLib(): Promise<void> {
  await withLock(join(settings.root, "dist", "build.lock"), console.log, compile);
}

async function compile(): Promise<void> {
  const { exitCode, stdout } = await $({
    cwd: settings.root,
    quiet: true,
    nothrow: true,
  })`${process.execPath} ${join("node_modules", "typescript", "bin", "tsc")} -p tsconfig.build.json --pretty false`;
  if (exitCode !== 0) throw new Error(`lib/ does not compile:\n${stdout.trim()}`);
}
