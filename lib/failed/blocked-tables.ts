/**
 * HDFS → the tables that no stream may write, with the reasons.
 *
 * Their files hold a column of another type than the game's list. Their events wait.
 */
import { events } from "../events.ts";
import { settings } from "../settings.ts";
import { changeOf, describeConflicts, readColumns, wantedColumns } from "../stored-columns.ts";
import { WebHdfs } from "../webhdfs.ts";

/** Finds the tables with a conflict: table → reason. */
export async function blockedTables(root = settings.hdfsRoot): Promise<Map<string, string>> {
  const hdfs = new WebHdfs();
  const blocked = new Map<string, string>();
  try {
    for (const event of events) {
      const { columns } = await readColumns(hdfs, root, event.table);
      const { conflicts } = changeOf(columns, wantedColumns(event));
      if (conflicts.length > 0) blocked.set(event.table, describeConflicts(event.table, conflicts));
    }
    return blocked;
  } finally {
    hdfs.close();
  }
}
