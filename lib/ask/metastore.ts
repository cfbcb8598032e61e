/**
 * Names, definitions and creation of tables and views: the part that tables.ts and views.ts share.
 *
 * Several processes may create the same thing at once; each of them finds it in the end.
 */
import { settings } from "../settings.ts";
import { identifier } from "../sql.ts";
import { query, QueryError } from "../trino.ts";

/** Where tables are made: the settings' place, another one for tests. */
export interface Target {
  schema?: string;
  hdfsRoot?: string;
}

export interface TableState {
  table: string;
  columns: number; // `day` included
  state: "created" | "found" | "replaced"; // replaced: a view, which holds no data, had another definition
}

const MAX_TRIES = 3; // one for each way in which another creator can be faster, and one more

/** A table's or view's name with its catalog and schema, as an identifier. */
export function qualified(name: string, schema: string): string {
  return [settings.catalog, schema, name].map(identifier).join(".");
}

/** The statement that Trino shows for a table or view; undefined: there is no such thing. */
export async function showCreate(
  kind: "TABLE" | "VIEW",
  name: string,
  schema: string,
): Promise<string | undefined> {
  try {
    const rows = await query(`SHOW CREATE ${kind} ${qualified(name, schema)}`, { schema });
    return String(Object.values(rows[0]!)[0]);
  } catch (error) {
    if (error instanceof QueryError && error.code === "TABLE_NOT_FOUND") return undefined;
    throw error;
  }
}

/** Runs `action` again if another process has just made the same thing. */
export async function unlessOvertaken<T>(action: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await action();
    } catch (error) {
      if (!isOvertaken(error) || tries === MAX_TRIES) throw error;
    }
  }
}

/** The metastore looks before it inserts, without a lock, so its database may refuse instead. */
function isOvertaken(error: unknown): boolean {
  if (!(error instanceof QueryError)) return false;
  return error.code.endsWith("ALREADY_EXISTS") || /AlreadyExists|duplicate/i.test(error.message);
}
