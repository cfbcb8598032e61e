/** A path → the file there, or all files in this folder and its folders, in order. */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** The files at `path`; none if it does not exist. */
export function filesAt(path: string): string[] {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found?.isDirectory()) return found ? [path] : [];
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesAt(join(path, name)));
}
