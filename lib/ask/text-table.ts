/**
 * Rows → lines of a terminal's table, or of a list with a line for each value.
 *
 * A value with line ends takes several lines of its cell. A table that is wider than the terminal
 * wraps its widest columns; no text is cut. If the columns do not fit even so, the rows become a
 * list. Values can be any text that a client sent, so control and direction characters are shown as
 * their numbers.
 */
import stringWidth from "string-width";
import { forTerminal } from "../untrusted.ts";
import { formatValue, NONE } from "./format.ts";
import { columnsOf, isNumeric, valueOf } from "./row-text.ts";

export interface TextOptions {
  columns?: readonly string[]; // default: all columns of the rows
  width?: number; // of the terminal, in characters; default: any width
}

const MIN_COLUMN = 8; // a wrapped column is not narrower
const FRAME = 3; // characters between two columns

interface Column {
  name: string;
  width: number;
  isNumber: boolean;
}

/** The lines of a table with box-drawing lines and right-aligned numbers; nothing without rows. */
export function* tableLines(rows: readonly object[], options: TextOptions = {}): Generator<string> {
  const { columns: names = columnsOf(rows), width = Infinity } = options;
  if (rows.length === 0 || names.length === 0) return;
  const natural = names.map((name) => widthOf(rows, name));
  const widths = fitted(natural, width - 1 - FRAME * names.length);
  if (widths === null) {
    yield* listLines(rows, options);
    return;
  }
  const columns = names.map((name, i): Column => {
    return { name, width: widths[i]!, isNumber: isNumeric(rows, name) };
  });
  const rule = (left: string, middle: string, right: string): string =>
    left + columns.map(({ width }) => "─".repeat(width + 2)).join(middle) + right;
  yield rule("┌", "┬", "┐");
  yield* boxed(columns, (column) => column.name);
  yield rule("├", "┼", "┤");
  for (const row of rows) yield* boxed(columns, ({ name }) => textOf(valueOf(row, name)));
  yield rule("└", "┴", "┘");
}

/** The table as one text; "" without rows. */
export function textTable(rows: readonly object[], options: TextOptions = {}): string {
  return [...tableLines(rows, options)].join("\n");
}

/** The lines of a list: for each row its number, then a line for each value. */
export function* listLines(rows: readonly object[], options: TextOptions = {}): Generator<string> {
  const { columns = columnsOf(rows), width = Infinity } = options;
  const nameWidth = Math.max(...columns.map((name) => stringWidth(forTerminal(name))));
  for (const [i, row] of rows.entries()) {
    yield `── row ${i + 1} ${"─".repeat(Math.max(0, Math.min(width, 40) - 8 - String(i + 1).length))}`;
    for (const name of columns) {
      const room = Math.max(MIN_COLUMN, width - nameWidth - FRAME);
      const lines = linesOf(textOf(valueOf(row, name)), room);
      const label = padded(forTerminal(name), nameWidth, false);
      yield `${label} │ ${lines[0]}`.trimEnd();
      for (const line of lines.slice(1)) yield `${" ".repeat(nameWidth)} │ ${line}`.trimEnd();
    }
  }
}

/** One row of the table: as many lines as its longest cell has. */
function* boxed(columns: readonly Column[], textOf: (column: Column) => string): Generator<string> {
  const cells = columns.map((column) => linesOf(textOf(column), column.width));
  const height = cells.reduce((most, lines) => Math.max(most, lines.length), 1);
  for (let line = 0; line < height; line++) {
    const texts = columns.map(({ width, isNumber }, i) => padded(cells[i]![line] ?? "", width, isNumber));
    yield `│ ${texts.join(" │ ")} │`;
  }
}

/** The exact text of a value; null looks as in charts and in the report's tables. */
function textOf(value: unknown): string {
  return value === null || value === undefined ? NONE : formatValue(value);
}

/** A value's lines, each safe for a terminal and not wider than `width`. */
function linesOf(text: string, width: number): string[] {
  return text.split(/\r?\n/).flatMap((line) => wrapped(forTerminal(line.replaceAll("\t", "  ")), width));
}

function wrapped(text: string, width: number): string[] {
  if (text.length * 2 <= width || stringWidth(text) <= width) return [text];
  const lines: string[] = [];
  let [line, used] = ["", 0];
  for (const { segment } of SEGMENTS.segment(text)) {
    const next = stringWidth(segment);
    if (used + next > width && line !== "") {
      lines.push(line);
      [line, used] = ["", 0];
    }
    line += segment;
    used += next;
  }
  return [...lines, line];
}

const SEGMENTS = new Intl.Segmenter("en", { granularity: "grapheme" });
const ASCII = /^[\x20-\x7e]*$/;

function widthOf(rows: readonly object[], name: string): number {
  let most = widest(name);
  for (const row of rows) most = Math.max(most, widest(textOf(valueOf(row, name))));
  return most;
}

function widest(text: string): number {
  if (ASCII.test(text)) return text.length;
  return Math.max(...linesOf(text, Infinity).map((line) => stringWidth(line)));
}

function padded(text: string, width: number, isNumber: boolean): string {
  const blanks = " ".repeat(Math.max(0, width - (ASCII.test(text) ? text.length : stringWidth(text))));
  return isNumber ? blanks + text : text + blanks;
}

/** The columns' widths within `room` characters; the widest shrink first. Null: they do not fit. */
function fitted(natural: readonly number[], room: number): number[] | null {
  const least = natural.map((width) => Math.min(width, MIN_COLUMN));
  if (least.reduce((sum, width) => sum + width, 0) > room) return null;
  const widths = [...natural];
  let over = widths.reduce((sum, width) => sum + width, 0) - room;
  while (over > 0) {
    const most = Math.max(...widths);
    const second = Math.max(MIN_COLUMN, ...widths.filter((width) => width < most));
    const wide = widths.flatMap((width, i) => (width === most ? [i] : []));
    const each = Math.max(1, Math.min(most - second, Math.ceil(over / wide.length)));
    for (const i of wide) widths[i] = most - each;
    over -= each * wide.length;
  }
  return widths;
}
