/**
 * Ask Trino one SQL statement: the rows as a table on stdout, how many and how long on stderr.
 *
 *   npm run query -- "SELECT metal, count(*) FROM sword_purchases GROUP BY metal"
 *   npm run -s query -- "SELECT * FROM events" --json     one JSON array of objects on stdout, nothing else:
 *                                                         timestamps as ISO 8601, integers beyond 2^53 as strings
 */
import { parseArgs } from "node:util";
import { query, type QueryStats } from "../lib/trino.ts";
import { jsonText, textTable } from "../lib/ask/table.ts";
import { forTerminalLines } from "../lib/untrusted.ts";
import { recordScript } from "../lib/history.ts";

const PROGRESS_INTERVAL_MS = 2_000;
const USAGE = 'expected one SQL statement: npm run query -- "SELECT count(*) FROM events" [--json]';

const { sql, json } = readArguments();
recordScript("query");
const start = Date.now();
let reported = start;
const abort = new AbortController();
process.once("SIGINT", () => abort.abort());
try {
  const rows = await query(sql, { signal: abort.signal, onStatistics: reportProgress });
  if (json) console.log(jsonText(rows));
  else if (rows.length > 0) console.log(textTable(rows));
  console.error(`${rows.length} ${rows.length === 1 ? "row" : "rows"}, ${seconds()} s`);
} catch (error) {
  console.error(forTerminalLines((error as Error).message));
  process.exitCode = 1;
}

function readArguments(): { sql: string; json: boolean } {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { json: { type: "boolean" } },
    });
    const [text = "", ...others] = positionals;
    const sql = text.replace(/;\s*$/, ""); // a habit from other tools, which Trino does not take
    if (sql.trim() !== "" && others.length === 0) return { sql, json: values.json ?? false };
  } catch {
    // An unknown option: the same advice.
  }
  console.error(USAGE);
  process.exit(2);
}

function reportProgress({ state, processedRows }: QueryStats): void {
  if (Date.now() - reported < PROGRESS_INTERVAL_MS) return;
  reported = Date.now();
  console.error(`${state.toLowerCase()}, ${processedRows} rows read, ${seconds()} s`);
}

function seconds(): string {
  return ((Date.now() - start) / 1000).toFixed(1);
}
