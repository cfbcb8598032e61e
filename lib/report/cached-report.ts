/**
 * A call of `npm run report` ↔ OUT/.report-cache.json: the key and the files of the last good run.
 *
 * The record is used only if the key is the same, and if each file of the run is there unchanged.
 * While OUT/failed exists, the last run was not good, so the record is not used.
 */
import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { type CacheCall, callPartsOf, fileDigest, type KeyParts, reasonWithoutKey } from "./cache-key.ts";
import { failedFolder } from "./place.ts";
import { plural } from "./progress.ts";

export const CACHE_FILE = ".report-cache.json";
const VERSION = 2;

export interface CachedReport {
  version: typeof VERSION;
  key: KeyParts;
  files: [path: string, digest: string][]; // of the run; the first one is the page
  started_at: string; // ISO 8601
  cells: number;
  claims: number;
  warnings: string[]; // lines that the run printed
}

/** The last run in a folder gives no record. */
export interface NoReport {
  version: typeof VERSION;
  reason: string;
  call: KeyParts; // that the user gave
}

/** Parts of the key that the user does not give → their names. */
const PARTS: Record<string, string> = {
  pictures: "a picture",
  code: "lib/, scripts/ or compose/",
  dist: "the compiled lib/",
  installed: "an installed package",
  settings: "a setting or a variable",
  machine: "Node, the machine, the time zone or the locale",
  runs: "another run of the archive",
  data: "a file in HDFS",
  tables: "a table or a view",
  commit: "the commit",
};
/** A reason. */
export const NOT_ASKED = "HDFS or the metastore gave no answer when the command started";

/** The last run in `out`, if its result is that of a run with `key` now; else null. */
export function findCached(out: string, key: KeyParts | null): CachedReport | null {
  if (key === null || existsSync(failedFolder(out))) return null;
  const cached = readRecord(out);
  if (cached === null || "reason" in cached || !isDeepStrictEqual(cached.key, key)) return null;
  return cached.files.every(([path, digest]) => digest !== "" && fileDigest(path) === digest) ? cached : null;
}

/** The reason why a call cannot use its last run, although the user gives the same again. */
export function reasonNotCached(out: string, call: CacheCall, key: KeyParts | null): string | null {
  const last = readRecord(out);
  if (last === null || existsSync(failedFolder(out))) return null;
  const given = callPartsOf(call);
  const before = "reason" in last ? last.call : last.key;
  if (!Object.entries(given).every(([name, digest]) => before?.[name] === digest)) return null;
  if ("reason" in last) return last.reason;
  if (key === null) return reasonWithoutKey() ?? NOT_ASKED;
  const part = Object.keys(key).find((name) => key[name] !== last.key[name]);
  if (part !== undefined) return `${PARTS[part] ?? part} changed`;
  const file = last.files.find(([path, digest]) => digest === "" || fileDigest(path) !== digest);
  return file === undefined ? null : `${relative(process.cwd(), file[0])} changed`;
}

/** The text of a record, or of the reason why there is no record. */
export function formatCached(run: Omit<CachedReport, "version"> | Omit<NoReport, "version">): string {
  return `${JSON.stringify({ version: VERSION, ...run }, null, 1)}\n`;
}

/** The lines that the command prints instead of a run. */
export function cachedLines({ files, started_at, cells, claims, warnings }: CachedReport): string[] {
  const time = started_at.slice(0, 16).replace("T", " ");
  const counts = `${plural(cells, "cell")}, ${plural(claims, "claim")}`;
  const page = relative(process.cwd(), files[0]![0]);
  return [...warnings, `Nothing changed since ${time} UTC: ${page} (${counts}). --no-cache runs it anyway.`];
}

function readRecord(out: string): CachedReport | NoReport | null {
  try {
    const content = JSON.parse(readFileSync(join(out, CACHE_FILE), "utf8")) as CachedReport | NoReport;
    if (content.version !== VERSION) return null;
    if ("reason" in content) return content;
    return Array.isArray(content.files) && content.files.length > 0 ? content : null;
  } catch {
    return null; // no record, or not ours: the notebooks run
  }
}
