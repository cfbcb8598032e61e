/**
 * A run → its files: in OUT/failed until the run is good, then in OUT.
 *
 * So a run that fails, is interrupted or is killed never changes the last good report. A good run
 * moves its files to OUT one by one, each in one step, and deletes OUT/failed.
 *
 * A list in OUT names the files of the last good run. The next good run deletes those that it does
 * not write itself: no old PDF stays beside a newer page. Other files are the user's: a run neither
 * deletes nor replaces them. A marker tells OUT/failed from a folder of the user's.
 */
import { existsSync } from "node:fs";
import { lstat, mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve, sep } from "node:path";
import { UsageError } from "../command.ts";
import { writeWhole } from "../whole-file.ts";

export const REPORT_FILE = "report.html";
export const RESULTS_FILE = "results.json";
export const PDF_FILE = "report.pdf";
const FAILED_FOLDER = "failed";
export const LIST_FILE = ".report-files.json"; // names of the files of the last good run in the folder
const MARKER_FILE = ".questlog-run"; // in OUT/failed

/** The folder for the files of a run that has not ended well. */
export function failedFolder(out: string): string {
  return join(out, FAILED_FOLDER);
}

/**
 * Checks before a run that it would replace and delete no file of the user's.
 * @param names of the files that the run writes, as far as they are known
 * @param sources paths of the run's notebooks
 * @throws UsageError that names the file or folder, and the remedy
 */
export async function checkPlace(
  out: string,
  names: readonly string[],
  sources: readonly string[],
): Promise<void> {
  await checkFolder("--out", out);
  const folder = failedFolder(out);
  const inFailed = await readdir(folder).catch((): string[] => []);
  if (inFailed.length > 0 && !inFailed.includes(MARKER_FILE))
    throw new UsageError(`${folder} has files that no run wrote; ${REMEDY}`);
  for (const source of sources)
    if (resolve(source).startsWith(resolve(folder) + sep))
      throw new UsageError(
        `${source}: a run deletes ${folder}; copy the notebook, or name another folder with --out`,
      );
  const foreign = await foreignFiles(out, names, sources);
  if (foreign.length > 0) throw new UsageError(describe(out, foreign));
}

/** @throws UsageError if `file`, of `option`, cannot be written because of a folder */
export async function checkFile(option: string, file: string): Promise<void> {
  if ((await stat(file).catch(() => null))?.isDirectory())
    throw new UsageError(`${option} ${file}: expected a file, got a folder`);
  await checkFolder(option, dirname(file));
}

/** Makes an empty folder for the files of a run. `checkPlace` was called before. */
export async function openPlace(out: string): Promise<string> {
  const folder = failedFolder(out);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, MARKER_FILE), "");
  return folder;
}

/**
 * Moves the files of a good run to `out`, and deletes the other files of the last good run there.
 * @throws Error that names a file of the user's which the run would replace; then nothing is moved
 */
export async function keepGood(out: string): Promise<void> {
  const folder = failedFolder(out);
  const names = (await readdir(folder)).filter((name) => name !== MARKER_FILE);
  const foreign = await foreignFiles(out, names, []);
  if (foreign.length > 0) throw new Error(`${describe(out, foreign)}; the run's files stay in ${folder}`);
  const former = await unchangedFiles(out);
  const list = (all: string[]): Promise<void> =>
    writeWhole(join(out, LIST_FILE), `${JSON.stringify(all, null, 1)}\n`);
  await list([...new Set([...former, ...names])]); // a crash from here on leaves files that are listed
  for (const name of names) {
    const from = join(folder, name);
    const target = join(out, name);
    if ((await stat(from)).isDirectory()) await rm(target, { recursive: true, force: true });
    await rename(from, target); // replaces a file in one step
  }
  await rm(folder, { recursive: true });
  for (const name of former.filter((one) => !names.includes(one))) await rm(join(out, name), { force: true });
  await list(names);
}

const REMEDY = "move them, or name another folder with --out";

function describe(out: string, foreign: readonly string[]): string {
  return `${foreign.join(", ")} in ${out}: a run would replace files that no run wrote; ${REMEDY}`;
}

/** @throws UsageError if `folder`, or the nearest path above that exists, is a file */
async function checkFolder(option: string, folder: string): Promise<void> {
  let path = resolve(folder);
  for (;;) {
    const found = await stat(path).catch(() => null);
    if (found?.isDirectory()) return;
    if (found !== null || path === dirname(path))
      throw new UsageError(`${option} ${folder}: expected a folder, got the file ${path}`);
    path = dirname(path);
  }
}

/** Those of `names` that are in `out` and that no run wrote there, or that a run reads. */
async function foreignFiles(
  out: string,
  names: readonly string[],
  sources: readonly string[],
): Promise<string[]> {
  const listed = namesIn(await readFile(join(out, LIST_FILE), "utf8").catch(() => "[]"));
  const read = sources.map((source) => resolve(source));
  return names.filter(
    (name) => existsSync(join(out, name)) && (!listed.includes(name) || read.includes(resolve(out, name))),
  );
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
