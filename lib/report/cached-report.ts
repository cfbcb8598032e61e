/**
 * A call of `npm run report` ↔ OUT/.report-cache.json: the key and the files of the last good run.
 *
 * The record is used only if the key is the same, and if each file of the run is there unchanged.
 * While OUT/failed exists, the last run was not good, so the record is not used.
 */
import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { fileDigest, type KeyParts } from "./cache-key.ts";
import { failedFolder } from "./place.ts";
import { plural } from "./progress.ts";

export const CACHE_FILE = ".report-cache.json";
const VERSION = 1;

export interface CachedReport {
  version: typeof VERSION;
  key: KeyParts;
  files: [path: string, digest: string][]; // of the run; the first one is the page
  started_at: string; // ISO 8601
  cells: number;
  claims: number;
  warnings: string[]; // lines that the run printed
}

/** The last run in `out`, if its result is that of a run with `key` now; else null. */
export function findCached(out: string, key: KeyParts | null): CachedReport | null {
  if (key === null || existsSync(failedFolder(out))) return null;
  const cached = readCached(out);
  if (cached === null || !isDeepStrictEqual(cached.key, key)) return null;
  return cached.files.every(([path, digest]) => digest !== "" && fileDigest(path) === digest) ? cached : null;
}

/** The text of a record, or of the reason why there is no record. */
export function formatCached(run: Omit<CachedReport, "version"> | { reason: string }): string {
  return `${JSON.stringify({ version: VERSION, ...run }, null, 1)}\n`;
}

/** The lines that the command prints instead of a run. */
export function cachedLines({ files, started_at, cells, claims, warnings }: CachedReport): string[] {
  const time = started_at.slice(0, 16).replace("T", " ");
  const counts = `${plural(cells, "cell")}, ${plural(claims, "claim")}`;
  const page = relative(process.cwd(), files[0]![0]);
  return [...warnings, `Nothing changed since ${time} UTC: ${page} (${counts}). --no-cache runs it anyway.`];
}

function readCached(out: string): CachedReport | null {
  try {
    const content = JSON.parse(readFileSync(join(out, CACHE_FILE), "utf8")) as CachedReport;
    const isWhole = content.version === VERSION && Array.isArray(content.files) && content.files.length > 0;
    return isWhole ? content : null;
  } catch {
    return null; // no record, or not ours: the notebooks run
  }
}
