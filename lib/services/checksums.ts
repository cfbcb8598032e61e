/**
 * Files and their SHA-256 → which of them are missing or damaged.
 *
 * Hashing 400 MB takes seconds, so each file that was found right is stamped with its size and
 * time of change; it is hashed again when one of the two differs.
 */
import { createHash } from "node:crypto";
import { createReadStream, existsSync, readFileSync, statSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
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

function readStamps(file: string): Stamps {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Stamps;
  } catch {
    return {}; // none yet, or unreadable: everything is hashed again
  }
}
