/**
 * Trino's archive → the unpacked part that the stack uses: lib/ and one plugin.
 *
 * Jars of plugins are hard links to jars of other plugins. So the whole archive is unpacked into
 * another folder, and unused files are deleted.
 */
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { $ } from "zx";
import { runTool } from "./tools.ts";
import { keepFileTree } from "./checksums.ts";

const PLUGINS = ["hive"];

/** Unpacks `archive` (.tar.gz) and replaces `target` by the complete result. */
export async function unpackTrino(archive: string, target: string): Promise<void> {
  const aside = `${target}.${process.pid}`;
  const whole = join(aside, "whole");
  await rm(aside, { recursive: true, force: true });
  await mkdir(whole, { recursive: true });
  await runTool("trino: tar", $`tar -xzf ${archive} --strip-components=1 -C ${whole}`);
  await mkdir(join(aside, "plugin"));
  await rename(join(whole, "lib"), join(aside, "lib"));
  for (const name of PLUGINS) await rename(join(whole, "plugin", name), join(aside, "plugin", name));
  await rm(whole, { recursive: true });
  await keepFileTree(aside, target);
}
