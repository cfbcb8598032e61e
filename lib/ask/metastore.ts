/**
 * Shared by tables.ts and views.ts: qualified names, SHOW CREATE, creation by several processes.
 *
 * When several processes create the same table or view at once, each of them finds it in the end.
 */
import { settings } from "../settings.ts";
import { identifier } from "../sql.ts";
import { query, QueryError } from "../trino.ts";

/** The schema and HDFS folder of the tables; default: those of the settings. */
export interface Target {
  schema?: string;
  hdfsRoot?: string;
}

export interface TableState {
  table: string;
  columns: number; // `day` included
  state: "created" | "found" | "changed" | "dropped"; // dropped: a view of a removed event type
  changes: string[]; // of a changed table, e.g. "column price varchar added"
  problem: string | null; // why the table cannot follow the catalogue, with the remedy
}

const MAX_TRIES = 3; // another creator can be faster in two ways; the third try finds its result

/** The name of a table or view with its catalog and schema, quoted for SQL. */
export function qualified(name: string, schema: string): string {
  return [settings.catalog, schema, name].map(identifier).join(".");
}

/** Trino's CREATE statement of a table or view; undefined: it does not exist. */
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

/** Runs `action`, and again if another process has just created the same table, view or day. */
export async function unlessOvertaken<T>(action: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await action();
    } catch (error) {
      if (!isOvertaken(error) || tries === MAX_TRIES) throw error;
    }
  }
}

/** The metastore looks for a duplicate without a lock, so its database may report the duplicate. */
function isOvertaken(error: unknown): boolean {
  if (!(error instanceof QueryError)) return false;
  return error.code.endsWith("ALREADY_EXISTS") || /already ?exists|duplicate/i.test(error.message);
}
