/**
 * Trino's archive → the unpacked part in use: lib/, plugin/ with one plugin, and secured/ with the
 * plugin that checks passwords. Only tests and drills of a secured cluster load the latter.
 *
 * Jars of plugins are hard links to jars of other plugins. So the whole archive is unpacked into
 * another folder, and unused files are deleted.
 */
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { $ } from "zx";
import { runTool } from "./tools.ts";
import { keepFileTree } from "./checksums.ts";

/** The kept plugins, each with its new place. Another list needs another FOLDER_VERSION. */
const PLUGINS = { hive: "plugin", "password-authenticators": "secured" };

/** Part of the folder's name: a folder with other plugins is another folder. */
export const FOLDER_VERSION = 2;

/** Unpacks `archive` (.tar.gz) and replaces `target` by the complete result. */
export async function unpackTrino(archive: string, target: string): Promise<void> {
  const aside = `${target}.${process.pid}`;
  const whole = join(aside, "whole");
  await rm(aside, { recursive: true, force: true });
  await mkdir(whole, { recursive: true });
  await runTool("trino: tar", $`tar -xzf ${archive} --strip-components=1 -C ${whole}`);
  await rename(join(whole, "lib"), join(aside, "lib"));
  for (const [name, place] of Object.entries(PLUGINS)) {
    await mkdir(join(aside, place));
    await rename(join(whole, "plugin", name), join(aside, place, name));
  }
  await rm(whole, { recursive: true });
  await keepFileTree(aside, target);
}
