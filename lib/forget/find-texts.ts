/**
 * Players, or a day → the text files on this machine that name them, or are older. Only listed.
 *
 * A report is a document of its time, and can be open, sent or archived. So its owner decides.
 */
import { type Dirent, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { forHtml } from "../untrusted.ts";
import { formsOf, hasWord } from "./names-player.ts";

const MAX_DEPTH = 6; // of folders
const MAX_BYTES = 256 * 1024 * 1024; // a larger file is named without being read
const TEXT = /\.(html|json|jsonl|ndjson|ipynb|csv|txt|md|xml|svg|log)(\.\d+)?$/;

/** A file that names a player. */
export interface NamingFile {
  path: string;
  isRead: boolean; // false: too large, so it may name the player
}

/** Looks through files, and through folders with all that is in them. */
export function findTexts(places: readonly string[], players: readonly string[]): NamingFile[] {
  const forms = [...new Set(players.flatMap(formsOf).flatMap((form) => [form, forHtml(form)]))];
  return places
    .flatMap((place) => textFilesIn(place, 0))
    .flatMap((path): NamingFile[] => {
      const { size } = statSync(path);
      if (size > MAX_BYTES) return [{ path, isRead: false }];
      const text = readFileSync(path, "utf8");
      return forms.some((form) => hasWord(text, form)) ? [{ path, isRead: true }] : [];
    });
}

/** Lists the files to which nothing was written since. @param before YYYY-MM-DD */
export function findTextsBefore(places: readonly string[], before: string): NamingFile[] {
  return places
    .flatMap((place) => textFilesIn(place, 0))
    .filter((path) => {
      const found = statSync(path, { throwIfNoEntry: false }); // a log can be deleted meanwhile
      return found !== undefined && found.mtimeMs < Date.parse(before);
    })
    .map((path) => ({ path, isRead: true }));
}

function textFilesIn(place: string, depth: number): string[] {
  let entries: Dirent[];
  try {
    entries = readdirSync(place, { withFileTypes: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === "ENOTDIR" ? [place] : []; // a file, or nothing
  }
  return entries.flatMap((entry) => {
    const path = join(place, entry.name);
    if (entry.isDirectory()) return depth < MAX_DEPTH ? textFilesIn(path, depth + 1) : [];
    return entry.isFile() && TEXT.test(entry.name) ? [path] : [];
  });
}
