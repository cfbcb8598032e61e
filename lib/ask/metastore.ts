/**
 * What tables.ts and views.ts both need of the metastore: full names, what is there, and creators beside each other.
 */
import { settings } from "../settings.ts";
import { identifier } from "../sql.ts";
import { query, QueryError } from "../trino.ts";

const MAX_TRIES = 3; // one for each way in which another creator can be faster, and one more

/** A table's or view's name with its catalog and schema, as an identifier. */
export function qualified(name: string, schema: string): string {
  return [settings.catalog, schema, name].map(identifier).join(".");
}

/** The statement that Trino shows for a table or view; undefined if there is none. */
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

/** Runs `action` again if somebody else has just made what it was about to make. */
export async function unlessOvertaken<T>(action: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await action();
    } catch (error) {
      if (!isOvertaken(error) || tries === MAX_TRIES) throw error;
    }
  }
}

/** The metastore looks before it inserts, without a lock: at the same moment, its database says it instead. */
function isOvertaken(error: unknown): boolean {
  if (!(error instanceof QueryError)) return false;
  return error.code.endsWith("ALREADY_EXISTS") || /AlreadyExists|duplicate/i.test(error.message);
}
