/**
 * A file → whether its rows are settled: by its name, so that a query sees both at the same moment.
 *
 * Compaction makes settled files: see areIdsUnique in compact/trino-engine.ts. No two rows of
 * settled files have one id, of any type and day. So the views show settled rows without a look for
 * copies. A row of another file with the id of a settled row is left out, whichever of them came
 * first.
 */

/** The end of a settled file's path; no file of a stream ends so. Its start is in layout.ts. */
const SETTLED_PATH = "/settled-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}-[0-9]+[.]parquet$";

/** Whether a file with this name is settled. */
export function isSettledName(name: string): boolean {
  return new RegExp(SETTLED_PATH).test(`/${name}`);
}

/** SQL: the row is settled. @param path the SQL of its file's path */
export function settled(path = '"$path"'): string {
  return `regexp_like(${path}, '${SETTLED_PATH}')`;
}
