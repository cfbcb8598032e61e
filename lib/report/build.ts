/**
 * lib/ → dist/, which the notebooks' cells import: the kernel compiles cells only, by an older compiler.
 *
 * A kernel keeps what it has loaded; one that was started before a build goes on with the former one.
 */
import { join } from "node:path";
import { $ } from "zx";
import { settings } from "../settings.ts";

/** Compiles lib/; without a change since the last time that takes a second. @throws Error with the compiler's messages. */
export async function buildLib(): Promise<void> {
  const { exitCode, stdout } = await $({
    cwd: settings.root,
    quiet: true,
    nothrow: true,
  })`${process.execPath} ${join("node_modules", "typescript", "bin", "tsc")} -p tsconfig.build.json --pretty false`;
  if (exitCode !== 0) throw new Error(`lib/ does not compile:\n${stdout.trim()}`);
}
