/**
 * A run → its files: in OUT/failed until the run is good, then in OUT.
 *
 * So a run that fails, is interrupted or is killed never changes the last good report. A good run
 * moves its files to OUT one by one, each in one step, and deletes OUT/failed.
 */
import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";

export const REPORT_FILE = "report.html";
const FAILED_FOLDER = "failed";

/** The folder for the files of a run that has not ended well. */
export function failedFolder(out: string): string {
  return join(out, FAILED_FOLDER);
}

/** Makes an empty folder for the files of a run. */
export async function openPlace(out: string): Promise<string> {
  const folder = failedFolder(out);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  return folder;
}

/** Moves the files of a good run to `out`. */
export async function keepGood(out: string): Promise<void> {
  const folder = failedFolder(out);
  for (const name of await readdir(folder)) {
    const from = join(folder, name);
    const target = join(out, name);
    if ((await stat(from)).isDirectory()) await rm(target, { recursive: true, force: true });
    await rename(from, target); // replaces a file in one step
  }
  await rm(folder, { recursive: true });
}

/** Whether `out` has the report of a good run. */
export function hasGood(out: string): boolean {
  return existsSync(join(out, REPORT_FILE));
}
