/**
 * Environment → a warning for each file with a secret that other users of this machine can read.
 *
 * Docker and Kubernetes mount the secrets of a container below /run, readable for its one user
 * under any number. Those files get no warning.
 */
import { statSync } from "node:fs";
import { dirname } from "node:path";
import { pathOf } from "./setting-values.ts";

const SECRET_FILE = /^QUESTLOG_\w+_(PASSWORD|TOKEN|KEY)_FILE$/;
const MOUNTED = /^(\/var)?\/run\//;
const READ_BY_OTHERS = 0o004;
const ENTERED_BY_OTHERS = 0o001;

/** One sentence for each setting; relative names of files start at `root`. */
export function readableSecrets(env: NodeJS.ProcessEnv, root: string): string[] {
  return Object.entries(env).flatMap(([name, value = ""]) => {
    if (!SECRET_FILE.test(name) || value.trim() === "") return [];
    const file = pathOf(root, value);
    if (MOUNTED.test(file) || !isReadable(file)) return [];
    return [`${name}: expected a file that only its owner can read, got "${file}"; chmod 600 mends it`];
  });
}

/** Whether others may read the file, and enter each folder above it. */
function isReadable(file: string): boolean {
  if ((modeOf(file) & READ_BY_OTHERS) === 0) return false;
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    if ((modeOf(folder) & ENTERED_BY_OTHERS) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}

function modeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mode ?? 0;
}
