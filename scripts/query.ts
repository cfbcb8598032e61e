/** Run SQL statements in Trino: rows go to stdout, their number and the time to stderr. */
import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { command, UsageError } from "../lib/command.ts";
import { type Form, printRows } from "../lib/ask/print-rows.ts";
import { statementsOf } from "../lib/statements.ts";
import { query, QueryError, type QueryStats } from "../lib/trino.ts";

const PROGRESS_INTERVAL_MS = 2_000;
const DEFAULT_TIMEOUT_S = 60;
const MAX_TIMEOUT_S = 86_400;
const usage = `npm run query -- "SQL" [--json | --csv | --vertical] [-f FILE]
  Runs SQL statements in Trino, one after the other, and prints their rows.
  SQL            semicolons separate statements; without SQL: stdin
  --file FILE    (-f) reads the statements from a file
  --json         a JSON array of objects: timestamps as ISO 8601, integers
                 beyond 2^53, NaN, Infinity and -0 as strings
  --csv          as RFC 4180, lines end in \\n; null is an empty field
  --vertical     a line for each value; also taken if a table does not fit
  --timeout S    seconds for each statement (default: ${DEFAULT_TIMEOUT_S})
  In a terminal, long values wrap; in a pipe or file, nothing is wrapped. A
  single value of several lines is printed as it is.`;
const options = {
  json: { type: "boolean", default: false },
  csv: { type: "boolean", default: false },
  vertical: { type: "boolean", default: false },
  file: { type: "string", short: "f" },
  timeout: { type: "string", default: String(DEFAULT_TIMEOUT_S) },
} as const;
// An SQL comment begins like an option: "-- how many".
const isWord = (argument: string): boolean => /^--[^=\s]*\s/.test(argument);
const frame = { usage, options, positionals: true, isWord, interruptible: true, onlyPrints: true };

await command("query", frame, async ({ values, positionals, signal }) => {
  const forms = (["json", "csv", "vertical"] as const).filter((form) => values[form]);
  if (forms.length > 1) throw new UsageError(`expected one form, got --${forms.join(" and --")}`);
  const form: Form = forms[0] ?? "table";
  const timeoutMs = readTimeout(values.timeout);
  const statements = statementsOf(await readSql(positionals, values.file));
  if (statements.length === 0) throw new UsageError("expected an SQL statement, got none");
  if (statements.length > 1 && ["json", "csv"].includes(form))
    throw new UsageError(`--${form}: expected one statement, got ${statements.length}`);
  for (const sql of statements) await run(sql, form, { timeoutMs, signal });
});

async function run(sql: string, form: Form, options: { timeoutMs: number; signal: AbortSignal }) {
  const start = Date.now();
  const seconds = (): string => ((Date.now() - start) / 1000).toFixed(1);
  let reported = start;
  const onStatistics = ({ state, processedRows }: QueryStats): void => {
    if (Date.now() - reported < PROGRESS_INTERVAL_MS) return;
    reported = Date.now();
    console.error(`${state.toLowerCase()}, ${processedRows} rows read, ${seconds()} s`);
  };
  let columns: string[] = [];
  const onColumns = (names: string[]): void => {
    columns = names;
  };
  const rows = await query(sql, { ...options, onStatistics, onColumns }).catch((error: unknown) => {
    const isLate = error instanceof QueryError && error.code === "TIME_OUT";
    throw isLate
      ? new Error(`${error.message}\n  --timeout SECONDS gives it more time`, { cause: error })
      : error;
  });
  await printRows(rows, columns, form);
  console.error(`${rows.length} ${rows.length === 1 ? "row" : "rows"}, ${seconds()} s`);
}

async function readSql(positionals: readonly string[], file: string | undefined): Promise<string> {
  if (positionals.length > 1) throw new UsageError("expected SQL in one word: put it into quotes");
  if (positionals.length === 1 && file !== undefined)
    throw new UsageError("expected SQL or --file, got both");
  if (file !== undefined) {
    return readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
      throw new UsageError(`--file: expected a file to read, got ${file} (${error.code})`);
    });
  }
  if (positionals.length === 0 && process.stdin.isTTY) throw new UsageError("expected SQL, got none");
  return positionals[0] ?? (await text(process.stdin));
}

function readTimeout(value: string): number {
  const seconds = /^\d+(\.\d+)?$/.test(value) ? Number(value) : 0;
  if (seconds > 0 && seconds <= MAX_TIMEOUT_S) return seconds * 1000;
  throw new UsageError(`--timeout: expected seconds from 0.001 to ${MAX_TIMEOUT_S}, got "${value}"`);
}
