/**
 * Files and their SHA-256 → the missing and damaged ones; a folder of unpacked files → the same
 * folder under its final name, with a list of its files.
 *
 * Hashing 400 MB takes seconds, so each right file is stamped with its size and time of change. It
 * is hashed again when one of the two differs. The list (files.sha256 in the folder) is written
 * before the rename: a folder with its final name is whole, and later changes in it are found.
 */
import { createHash } from "node:crypto";
import { createReadStream, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { pipeline } from "node:stream/promises";

export interface Checksum {
  path: string; // relative to a folder
  sha256: string; // hexadecimal
}

/** A file that is not as listed; `got` is undefined if there is no such file. */
export interface Mismatch extends Checksum {
  got: string | undefined;
}

type Stamps = Record<string, string>; // path → "size mtime sha256"

const LIST = "files.sha256"; // in a kept folder

/**
 * Compares the files below `folder` with `expected` and returns those that differ. Stamps are kept
 * in `stampFile`.
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

/** Writes a file so that a reader sees all of it or nothing. */
export async function writeWhole(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const beside = `${file}.${process.pid}`;
  await writeFile(beside, text);
  await rename(beside, file);
}

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

function readStamps(file: string): Stamps {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Stamps;
  } catch {
    return {}; // none yet, or unreadable: everything is hashed again
  }
}

function parseLine(line: string): Checksum {
  const [sha256 = "", path = ""] = line.split("  ");
  return { sha256, path };
}
