/** Rows of a statement → stdout, in one of four forms. */
import { formatValue } from "./format.ts";
import { columnsOf, csvLines, jsonLines, valueOf } from "./row-text.ts";
import { listLines, tableLines } from "./text-table.ts";
import { printLines, terminalWidth } from "../print-lines.ts";
import { forTerminal } from "../untrusted.ts";

export type Form = "table" | "json" | "csv" | "vertical";

/** Prints the rows. Without rows, a table is nothing, JSON is [], and CSV has the names. */
export async function printRows(rows: readonly object[], columns: string[], form: Form): Promise<void> {
  await printLines(linesOf(rows, columns, form));
}

function linesOf(rows: readonly object[], columns: string[], form: Form): Iterable<string> {
  if (form === "json") return jsonLines(rows);
  if (form === "csv") return columns.length === 0 ? [] : safe(csvLines(rows, columns));
  if (form === "vertical") return listLines(rows, { width: terminalWidth() });
  return textOfOne(rows) ?? tableLines(rows, { width: terminalWidth() });
}

/** The lines of the only value, as of SHOW CREATE TABLE; null: there are more, or one line. */
function textOfOne(rows: readonly object[]): string[] | null {
  const columns = columnsOf(rows);
  if (rows.length !== 1 || columns.length !== 1) return null;
  const lines = formatValue(valueOf(rows[0]!, columns[0]!)).split(/\r?\n/);
  return lines.length === 1 ? null : lines.map((line) => line.split("\t").map(forTerminal).join("\t"));
}

/** A program gets the exact text, and a terminal no control characters. */
function safe(lines: Iterable<string>): Iterable<string> {
  if (!process.stdout.isTTY) return lines;
  return Array.from(lines, (text) => text.split("\n").map(forTerminal).join("\n"));
}
