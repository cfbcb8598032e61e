/**
 * A table with swapped days → the days that have a folder and no partition, registered one by one.
 *
 * Trino's sync_partition_metadata compares folders with the partitions' locations. A swapped day
 * has its location elsewhere (swaps.ts), so Trino tries to add it again, and refuses all new days.
 */
import { namesIn } from "../folders.ts";
import { parseDayName } from "../layout.ts";
import { settings } from "../settings.ts";
import { identifier, literal } from "../sql.ts";
import { query, QueryError } from "../trino.ts";
import { WebHdfs } from "../webhdfs.ts";
import { showCreate } from "./metastore.ts";

export async function registerMissingDays(table: string, schema: string): Promise<void> {
  const statement = await showCreate("TABLE", table, schema);
  const [, location = ""] = /external_location = '([^']*)'/.exec(statement ?? "") ?? [];
  const hdfs = new WebHdfs();
  try {
    const folders = await namesIn(hdfs, location.replace(/^hdfs:\/\/[^/]*/, ""));
    const rows = await query<{ day: string }>(
      `SELECT CAST(day AS varchar) AS day FROM ${identifier(`${table}$partitions`)}`,
      { schema },
    );
    const known = new Set(rows.map(({ day }) => day));
    for (const day of folders.map(parseDayName)) if (day !== null && !known.has(day)) await register(day);
  } finally {
    hdfs.close();
  }

  async function register(day: string): Promise<void> {
    const names = [schema, table].map(literal).join(", ");
    const procedure = `${identifier(settings.catalog)}.system.register_partition`;
    await query(`CALL ${procedure}(${names}, ARRAY['day'], ARRAY[${literal(day)}])`, { schema }).catch(
      unlessThere,
    );
  }
}

/** Another process may have registered the day meanwhile. */
function unlessThere(error: unknown): void {
  if (!(error instanceof QueryError && error.code.endsWith("ALREADY_EXISTS"))) throw error;
}
