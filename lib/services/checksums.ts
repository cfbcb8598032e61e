/**
 * Files and their SHA-256 → the missing and damaged files; a folder of unpacked files → the same
 * folder under its final name, with a list of its files.
 *
 * Hashing 400 MB takes seconds. So each correct file gets a stamp of its size and time of change,
 * and is hashed again only if one of the two differs. The list (files.sha256 in the folder) is
 * written before the rename: a folder with its final name is complete, and later changes in it are
 * detected.
 */
import { createHash } from "node:crypto";
import { createReadStream, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { pipeline } from "node:stream/promises";
import { writeWhole } from "../whole-file.ts";

export interface Checksum {
  path: string; // relative to a folder
  sha256: string; // hexadecimal
}

/** A file that differs from the list; `got` is undefined if the file is missing. */
export interface Mismatch extends Checksum {
  got: string | undefined;
}

type Stamps = Record<string, string>; // path → "size mtime sha256"

const LIST = "files.sha256"; // the list in a kept folder

/**
 * Compares the files below `folder` with `expected`; resolves with the files that differ. Keeps the
 * stamps in `stampFile`.
 */
export async function findMismatches(
  folder: string,
  expected: readonly Checksum[],
  stampFile: string,
): Promise<Mismatch[]> {
  const stamps = readStamps(stampFile);
  const mismatches: Mismatch[] = [];
  let changed = false;
  for (const { path, sha256 } of expected) {
    const file = join(folder, path);
    if (!existsSync(file)) {
      mismatches.push({ path, sha256, got: undefined });
      continue;
    }
    const { size, mtimeMs } = statSync(file);
    if (stamps[path] === `${size} ${mtimeMs} ${sha256}`) continue;
    const got = await sha256Of(file);
    if (got !== sha256) mismatches.push({ path, sha256, got });
    else {
      stamps[path] = `${size} ${mtimeMs} ${sha256}`;
      changed = true;
    }
  }
  if (changed) await writeWhole(stampFile, JSON.stringify(stamps, null, 1));
  return mismatches;
}

/** A file's SHA-256, in hexadecimal. */
export async function sha256Of(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file, { highWaterMark: 2 ** 20 }), hash);
  return hash.digest("hex");
}

/** Adds a list of SHA-256 to `folder` and renames it to `target`, which it replaces. */
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

/** Whether keepFileTree has written `target`, and no file in it has changed since then. */
export async function fileTreeIsWhole(target: string): Promise<boolean> {
  const list = join(target, LIST);
  if (!existsSync(list)) return false;
  const files = readFileSync(list, "utf8").trimEnd().split("\n").map(parseLine);
  return (await findMismatches(target, files, `${target}.stamps`)).length === 0;
}

function readStamps(file: string): Stamps {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Stamps;
  } catch {
    return {}; // no stamps yet, or unreadable ones: every file is hashed again
  }
}

function parseLine(line: string): Checksum {
  const [sha256 = "", path = ""] = line.split("  ");
  return { sha256, path };
}
