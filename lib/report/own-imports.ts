/**
 * Notebooks → the user's files that their cells import, with the files that these import.
 *
 * Only relative paths count, such as `./prices.ts`. Packages and lib/ are not the notebook's own.
 */
import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { dirname, resolve, sep } from "node:path";
import ts from "typescript";
import { settings } from "../settings.ts";
import { isCode, type Notebook } from "./notebook.ts";

const ENDINGS = ["", ".ts", ".js", ".mjs", ".json", "/index.ts", "/index.js"];
const CODE = /\.[cm]?[jt]sx?$/;
const NOT_OWN = ["lib", "dist", "node_modules"].map((name) => resolve(settings.root, name) + sep);

/** Path of each imported file → digest of its content. */
export function ownImports(notebooks: readonly Notebook[], paths: readonly string[]): Map<string, string> {
  const found = new Map<string, string>();
  const follow = (code: string, folder: string): void => {
    for (const { fileName } of ts.preProcessFile(code, true, true).importedFiles) {
      const path = fileName.startsWith(".") ? existing(resolve(folder, fileName)) : null;
      if (path === null || found.has(path) || NOT_OWN.some((start) => path.startsWith(start))) continue;
      const content = readFileSync(path);
      found.set(path, createHash("sha256").update(content).digest("hex"));
      if (CODE.test(path)) follow(content.toString(), dirname(path));
    }
  };
  for (const [i, notebook] of notebooks.entries())
    for (const cell of notebook.cells) if (isCode(cell)) follow(cell.source, dirname(paths[i]!));
  return found;
}

/** The files of `before` that have another content now, or are gone. */
export function changedFiles(
  before: ReadonlyMap<string, string>,
  now: ReadonlyMap<string, string>,
): string[] {
  return [...before]
    .filter(([path, digest]) => (now.get(path) ?? digest) !== digest || !isFile(path))
    .map(([path]) => path);
}

function existing(path: string): string | null {
  return ENDINGS.map((ending) => path + ending).find(isFile) ?? null;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
