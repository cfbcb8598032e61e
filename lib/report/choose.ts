/**
 * The words of `npm run report` → the paths of the notebooks to run, in the order of the words.
 *
 * A word is the name of a notebook in notebooks/, the path of a file, or the path of a folder with
 * notebooks. Words are never patterns: a file can be named "[a] *.ipynb". Without words all
 * numbered notebooks of notebooks/ run, number 2 before number 10.
 */
import { readdirSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { UsageError } from "../command.ts";
import { nearest } from "../nearest.ts";
import { isNotebookFile, NOTEBOOK_ENDS, notebookName } from "./notebook-file.ts";

/** Word of `--with` → the notebook that runs only with this word. */
const EXTRA = new Map([
  ["drill", "6-drill"],
  ["spark", "7-spark"],
]);
const NUMBERED = /^\d+-/;
const MAX_NAMES = 8; // in an error

export interface ChooseOptions {
  extras: readonly string[]; // the words of `--with`
  folder: string; // notebooks/ of the checkout
  bases: readonly string[]; // folders from which a path may start: the user's first
}

/**
 * Chooses the notebooks that `words` and `extras` name.
 * @throws UsageError if a word names no notebook, or two
 * @throws Error if there is no notebook to run
 */
export function chooseNotebooks(
  words: readonly string[],
  { extras, folder, bases }: ChooseOptions,
): string[] {
  const all = notebooksIn(folder).filter((path) => NUMBERED.test(notebookName(path)));
  const extra = extras.map((word) => extraOf(word, all));
  const optional = [...EXTRA.values()];
  const named =
    words.length > 0
      ? words.flatMap((word) => find(word, folder, bases))
      : all.filter((path) => !optional.includes(notebookName(path)));
  const chosen = [...new Set([...named, ...extra])];
  if (chosen.length === 0) throw new Error(`expected a notebook NUMBER-NAME.ipynb in ${folder}, got none`);
  return chosen;
}

/** The paths of a folder's notebooks, in numeric order: "2-b" before "10-a". */
export function notebooksIn(folder: string): string[] {
  const order = new Intl.Collator("en", { numeric: true }).compare;
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map(({ name }) => join(folder, name))
    .filter(isNotebookFile)
    .sort((a, b) => order(notebookName(a), notebookName(b)));
}

function extraOf(word: string, all: readonly string[]): string {
  const path = all.find((one) => notebookName(one) === EXTRA.get(word));
  if (path !== undefined) return path;
  throw new UsageError(`--with: expected ${[...EXTRA.keys()].join(", ")}, got "${word}"`);
}

/** The notebook that `word` names, or the notebooks of the folder. */
function find(word: string, folder: string, bases: readonly string[]): string[] {
  const isPath = /[/\\]/.test(word) || NOTEBOOK_ENDS.some((end) => word.endsWith(end));
  if (word === "") throw new UsageError(unknownText(word, folder, []));
  const places = (isPath ? [...bases, folder] : [folder, ...bases]).map((base) => resolve(base, word));
  for (const place of places) {
    const files = ["", ...NOTEBOOK_ENDS].map((end) => place + end).filter(isFile);
    if (files.length > 1) {
      const names = files.map((file) => basename(file)).join(" and ");
      throw new UsageError(`expected one notebook, got "${word}", which can be ${names}`);
    }
    if (files.length === 1) return [checkEnd(files[0]!, word)];
  }
  const inFolder = places.filter(isFolder).map(notebooksIn);
  if (inFolder.length === 0) throw new UsageError(unknownText(word, folder, places));
  const [found = []] = inFolder;
  if (found.length === 0) throw new Error(`expected a folder with notebooks, got "${word}"`);
  return found;
}

function checkEnd(file: string, word: string): string {
  if (NOTEBOOK_ENDS.some((end) => file.endsWith(end))) return file;
  throw new UsageError(`expected a file that ends in ${NOTEBOOK_ENDS.join(" or ")}, got "${word}"`);
}

/** The sentence for a word without a notebook, with the names that it resembles. */
function unknownText(word: string, folder: string, places: readonly string[]): string {
  const known = notebooksIn(folder).map(notebookName);
  const beside = places.map(dirname).find((one) => one !== folder && isFolder(one)) ?? folder;
  const similar = [notebooksIn(beside).map(notebookName), known].map((names) =>
    nearest(notebookName(word), names),
  );
  const [names = known] = similar.filter(({ length }) => length > 0);
  const listed = names === known ? list(known) : `did you mean ${names.slice(0, 3).join(", ")}?`;
  return `expected a notebook's name or path, got "${word}"; ${listed}`;
}

function list(names: readonly string[]): string {
  const more = names.length > MAX_NAMES ? ", …" : "";
  return `notebooks/ has ${names.slice(0, MAX_NAMES).join(", ")}${more}`;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
