/** Work of more than two seconds → lines of progress with step, amount and time. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** Takes a line of progress. */
export type Log = (line: string) => void;

/** Seconds since `start` (milliseconds), with one decimal. */
export function seconds(start: number): string {
  return ((Date.now() - start) / 1000).toFixed(1);
}

/** The size of files and whole folders together, in MB (millions of bytes). */
export function megabytes(paths: string[]): string {
  return (paths.reduce((sum, path) => sum + sizeBytes(path), 0) / 1e6).toFixed(0);
}

function sizeBytes(path: string): number {
  if (!existsSync(path)) return 0; // a download's temporary file may be renamed at any time
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat?.isDirectory()) return stat?.size ?? 0;
  return readdirSync(path).reduce((sum, name) => sum + sizeBytes(join(path, name)), 0);
}
