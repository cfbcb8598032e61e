/**
 * A folder of unpacked files → the same folder under its final name, with a list of its files.
 *
 * The list (files.sha256 in the folder) is written before the rename. So a folder with its final
 * name is whole, and later changes in it are found.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { type Checksum, findMismatches, sha256Of } from "./checksums.ts";

const LIST = "files.sha256";

/** Renames `folder` to `target`, replacing what is there, with a list of its files' SHA-256. */
export async function keepFileTree(folder: string, target: string): Promise<void> {
  const lines = [];
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    if (entry.isFile()) lines.push(`${await sha256Of(file)}  ${relative(folder, file)}`);
  }
  await writeFile(join(folder, LIST), lines.join("\n") + "\n");
  await rm(target, { recursive: true, force: true });
  await rename(folder, target);
}

/** Whether `target` was kept by keepFileTree and each of its files is as it was then. */
export async function fileTreeIsWhole(target: string): Promise<boolean> {
  const list = join(target, LIST);
  if (!existsSync(list)) return false;
  const files = readFileSync(list, "utf8").trimEnd().split("\n").map(parseLine);
  return (await findMismatches(target, files, `${target}.stamps`)).length === 0;
}

function parseLine(line: string): Checksum {
  const [sha256 = "", path = ""] = line.split("  ");
  return { sha256, path };
}
