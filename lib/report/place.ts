/**
 * A run → its files: in OUT/failed until the run is good, then in OUT.
 *
 * So a run that fails, is interrupted or is killed never changes the last good report. A good run
 * moves its files to OUT one by one, each in one step, and deletes OUT/failed.
 *
 * A list in OUT names the files of the last good run. The next good run deletes those that it does
 * not write itself: no old PDF stays beside a newer page. Other files are the user's.
 */
import { existsSync } from "node:fs";
import { lstat, mkdir, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { writeWhole } from "../whole-file.ts";

export const REPORT_FILE = "report.html";
export const PDF_FILE = "report.pdf";
const FAILED_FOLDER = "failed";
const LIST_FILE = ".report-files.json"; // names of the files of the last good run in the folder

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

/**
 * Moves the files of a good run to `out`, and deletes the other files of the last good run there.
 * @param sources paths of the run's notebooks, which are the user's in `out` too
 */
export async function keepGood(out: string, sources: readonly string[]): Promise<void> {
  const folder = failedFolder(out);
  const names = await readdir(folder);
  const former = await unchangedFiles(out);
  for (const name of names) {
    const from = join(folder, name);
    const target = join(out, name);
    if ((await stat(from)).isDirectory()) await rm(target, { recursive: true, force: true });
    await rename(from, target); // replaces a file in one step
  }
  await rm(folder, { recursive: true });
  const isSource = (name: string): boolean =>
    sources.some((source) => resolve(source) === resolve(out, name));
  for (const name of former.filter((one) => !names.includes(one) && !isSource(one)))
    await rm(join(out, name), { force: true });
  const own = names.filter((name) => !isSource(name));
  await writeWhole(join(out, LIST_FILE), `${JSON.stringify(own, null, 1)}\n`);
}

/** The files of the last good run in `out` that nobody changed since. */
async function unchangedFiles(out: string): Promise<string[]> {
  const list = join(out, LIST_FILE);
  const listed = await stat(list).catch(() => null);
  if (listed === null) return [];
  const unchanged: string[] = [];
  for (const name of namesIn(await readFile(list, "utf8"))) {
    const file = await lstat(join(out, name)).catch(() => null);
    if (file?.isFile() && file.mtimeMs <= listed.mtimeMs) unchanged.push(name);
  }
  return unchanged;
}

/** The names in a list's text; none, if it has another form or a name of another folder. */
function namesIn(text: string): string[] {
  try {
    const names = JSON.parse(text) as unknown;
    if (!Array.isArray(names)) return [];
    return names.filter((name): name is string => typeof name === "string" && basename(name) === name);
  } catch {
    return [];
  }
}

/** Whether `out` has the report of a good run. */
export function hasGood(out: string): boolean {
  return existsSync(join(out, REPORT_FILE));
}
