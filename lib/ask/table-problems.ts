/**
 * The catalogue → the tables that cannot follow it, and the tables that are missing.
 *
 * It reads the lists of columns in HDFS and asks Trino for names: a second at most. The report of
 * `npm run tables -- --check` compares everything else too.
 */
import { events } from "../events.ts";
import { rebuildFolder } from "../layout.ts";
import { settings } from "../settings.ts";
import { literal } from "../sql.ts";
import { describeConflicts, describeRebuild, planColumns, UnreadableTableError } from "../stored-columns.ts";
import { query } from "../trino.ts";
import { WebHdfs } from "../webhdfs.ts";
import type { Target } from "./metastore.ts";
import { tables, tablesOf } from "./tables.ts";

const LIMIT_MS = 10_000; // of Trino's answer

/**
 * One sentence with a remedy for each table with a problem: its files have other types than
 * lib/game.ts, its rebuild has not ended, or a broken file hides its columns.
 */
export async function findConflicts(
  { hdfsRoot = settings.hdfsRoot }: Target = {},
  catalogue = events,
): Promise<string[]> {
  const hdfs = new WebHdfs();
  try {
    const found = tablesOf(catalogue).map(async ({ table, wanted }) => {
      if ((await hdfs.status(rebuildFolder(hdfsRoot, table))) !== null) return [describeRebuild(table)];
      try {
        const { conflicts } = (await planColumns(hdfs, hdfsRoot, table, wanted)).change;
        return conflicts.length === 0 ? [] : [describeConflicts(table, conflicts)];
      } catch (error) {
        if (error instanceof UnreadableTableError) return [error.message];
        throw error;
      }
    });
    return (await Promise.all(found)).flat();
  } finally {
    hdfs.close();
  }
}

/** One sentence with a remedy for each table that Trino does not have. */
export async function findMissingTables({ schema = settings.schema }: Target = {}): Promise<string[]> {
  const rows = await query<{ table_name: string }>(
    `SELECT table_name FROM information_schema.tables WHERE table_schema = ${literal(schema)}`,
    { schema, timeoutMs: LIMIT_MS },
  );
  const names = new Set(rows.map(({ table_name: name }) => name));
  const missing = tables.filter(({ table }) => !names.has(table));
  return missing.map(({ table }) => `table ${schema}.${table} does not exist yet; npm run tables makes it`);
}
