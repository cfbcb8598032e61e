/** Run one SQL statement in Trino: rows go to stdout, their number and the time to stderr. */
import { jsonText, textTable } from "../lib/ask/table.ts";
import { command, UsageError } from "../lib/command.ts";
import { query, type QueryStats } from "../lib/trino.ts";

const PROGRESS_INTERVAL_MS = 2_000;
const usage = `npm run query -- "SELECT count(*) FROM events" [--json]
  Runs one SQL statement in Trino, and prints its rows.
  --json    one JSON array of objects: timestamps as ISO 8601,
            integers beyond 2^53 as strings`;
const options = { json: { type: "boolean", default: false } } as const;
const frame = { usage, options, positionals: true, interruptible: true, onlyPrints: true };

await command("query", frame, async ({ values, positionals, signal }) => {
  const [text = "", ...others] = positionals;
  const sql = text.replace(/;\s*$/, ""); // other tools want a semicolon; Trino refuses it
  if (sql.trim() === "" || others.length > 0) throw new UsageError("expected one SQL statement");
  const start = Date.now();
  const seconds = (): string => ((Date.now() - start) / 1000).toFixed(1);
  let reported = start;
  const onStatistics = ({ state, processedRows }: QueryStats): void => {
    if (Date.now() - reported < PROGRESS_INTERVAL_MS) return;
    reported = Date.now();
    console.error(`${state.toLowerCase()}, ${processedRows} rows read, ${seconds()} s`);
  };
  const rows = await query(sql, { signal, onStatistics });
  if (values.json) console.log(jsonText(rows));
  else if (rows.length > 0) console.log(textTable(rows));
  console.error(`${rows.length} ${rows.length === 1 ? "row" : "rows"}, ${seconds()} s`);
});
