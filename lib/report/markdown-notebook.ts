/**
 * Markdown with cells of TypeScript ↔ notebook, by jupytext's conventions.
 *
 * A block ```ts or ```typescript is a code cell, text between blocks is a text cell, and two empty
 * lines divide texts. `<!-- #region -->` … `<!-- #endregion -->` encloses a text that has options,
 * or would be divided; `<!-- #raw -->` … `<!-- #endraw -->` encloses a raw cell. A block with
 * `.noeval` stays text. jupytext takes only ```typescript for a cell, so that is the form to write.
 */
import { isDeepStrictEqual } from "node:util";
import { type Notebook, NotebookError } from "./notebook.ts";
import {
  formatOptions,
  joinFront,
  linesOf,
  notebookOf,
  parseOptions,
  plainText,
  splitFront,
  type TextCell,
  textCellsOf,
} from "./text-cells.ts";

const CODE = /^(`{3,})[ \t]*(?:ts|typescript)(?:[ \t]+(.*))?$/;
const FENCE = /^ {0,3}(`{3,}|~{3,})/;
const ENCLOSED = /^<!-- #(region|raw)(?: (.*?))? ?-->[ \t]*$/;
const PROBE: TextCell = { cell_type: "code", source: "", metadata: {} };

/** @throws NotebookError, with the line, for a block without an end, or wrong options */
export function parseMarkdown(text: string, name: string): Notebook {
  try {
    const { front, metadata, body } = splitFront(plainText(text));
    return notebookOf([...front, ...parseCells(body)], metadata, name);
  } catch (error) {
    if (error instanceof NotebookError) throw error;
    throw new NotebookError(name, (error as Error).message);
  }
}

/** @throws NotebookError for a notebook that Markdown cannot hold */
export function formatMarkdown(notebook: Notebook): string {
  const [front, cells] = joinFront(textCellsOf(notebook), notebook.metadata);
  let text = front;
  let wasPlain = false; // whether the last cell was text without a frame
  for (const [i, cell] of cells.entries()) {
    const isPlain = cell.cell_type === "markdown" && isPlainText(cell, text === "");
    if (i > 0) text += wasPlain && isPlain ? "\n\n" : "\n";
    const written = isPlain ? cell.source : framed(cell);
    if (!isPlain && !readsBack(written, cell))
      throw new NotebookError(
        notebook.name,
        `cell ${i + 1} of all cells: expected text that Markdown can hold, got a line <!-- #… -->`,
      );
    text += `${written}\n`;
    wasPlain = isPlain;
  }
  return text;
}

/** Whether the text alone, without a frame, is read as the same cell. */
function isPlainText(cell: TextCell, isFirst: boolean): boolean {
  if (cell.source === "" || (isFirst && cell.source.startsWith("---"))) return false;
  return readsBack(cell.source, cell);
}

function readsBack(written: string, cell: TextCell): boolean {
  try {
    return isDeepStrictEqual(parseCells(`${written}\n\n\n${framed(PROBE)}\n`), [
      { ...cell, metadata: JSON.parse(JSON.stringify(cell.metadata)) as TextCell["metadata"] },
      PROBE,
    ]);
  } catch {
    return false;
  }
}

function framed({ cell_type: type, source, metadata }: TextCell): string {
  const options = formatOptions(metadata);
  const lines = linesOf(source).map((line) => `${line}\n`);
  if (type === "code") {
    const fence = "`".repeat(1 + Math.max(2, ...(source.match(/`+/g) ?? []).map(({ length }) => length)));
    return `${fence}typescript${options}\n${lines.join("")}${fence}`;
  }
  const [begin, end] = type === "raw" ? ["raw", "endraw"] : ["region", "endregion"];
  return `<!-- #${begin}${options} -->\n${lines.join("")}<!-- #${end} -->`;
}

function parseCells(text: string): TextCell[] {
  const reader = new Reader(text.split("\n"));
  return reader.read();
}

class Reader {
  readonly #lines: string[];
  readonly #cells: TextCell[] = [];
  #at = 0;
  #plain: string[] = []; // lines of the text so far

  constructor(lines: string[]) {
    this.#lines = lines;
  }

  read(): TextCell[] {
    while (this.#at < this.#lines.length) {
      const line = this.#lines[this.#at]!;
      const code = CODE.exec(line);
      const enclosed = ENCLOSED.exec(line);
      if (code && !/(?:^|\s)\.noeval\b/.test(code[2] ?? "")) {
        this.#add("code", code[2], this.#take(new RegExp(`^${code[1]}\`*[ \\t]*$`)));
      } else if (enclosed) {
        const isRaw = enclosed[1] === "raw";
        this.#add(
          isRaw ? "raw" : "markdown",
          enclosed[2],
          isRaw ? this.#take(/^<!-- #endraw -->/) : this.#takeRegion(),
        );
      } else this.#addPlain(line);
    }
    this.#endPlain();
    return this.#cells;
  }

  #add(type: TextCell["cell_type"], options = "", lines: string[]): void {
    this.#endPlain();
    try {
      this.#cells.push({ cell_type: type, source: lines.join("\n"), metadata: parseOptions(options) });
    } catch (error) {
      throw new Error(`line ${this.#at - lines.length - 1}: ${(error as Error).message}`, { cause: error });
    }
  }

  /** The lines behind this one, up to the line of `end`, which is passed too. */
  #take(end: RegExp): string[] {
    const from = this.#at + 1;
    const length = this.#lines.slice(from).findIndex((line) => end.test(line));
    if (length < 0) throw new Error(`line ${from}: expected an end of ${this.#lines[this.#at]}, got none`);
    this.#at = from + length + 1;
    return this.#lines.slice(from, from + length);
  }

  /** The lines of a frame; frames inside of it belong to its text. */
  #takeRegion(): string[] {
    const from = this.#at + 1;
    let depth = 1;
    for (let to = from; to < this.#lines.length; to++) {
      const line = this.#lines[to]!;
      if (/^<!-- #region\b/.test(line)) depth++;
      if (/^<!-- #endregion\b/.test(line)) depth--;
      if (depth > 0) continue;
      this.#at = to + 1;
      return this.#lines.slice(from, to);
    }
    throw new Error(`line ${from}: expected <!-- #endregion --> after ${this.#lines[this.#at]}, got none`);
  }

  /** Adds a line to the text; a block of code is added whole. Two empty lines end a text. */
  #addPlain(line: string): void {
    const [, fence] = FENCE.exec(line) ?? [];
    const isDivided = this.#plain.length > 2 && this.#plain.slice(-2).every((last) => last.trim() === "");
    if (line.trim() !== "" && isDivided) this.#endPlain();
    const from = this.#at++;
    if (fence !== undefined) {
      const end = new RegExp(`^ {0,3}${fence}\\${fence[0]}*[ \\t]*$`);
      while (this.#at < this.#lines.length && !end.test(this.#lines[this.#at++]!)) continue;
    }
    this.#plain.push(...this.#lines.slice(from, this.#at));
  }

  #endPlain(): void {
    const source = this.#plain.join("\n").replace(/^(?:[ \t]*\n)+|(?:\n[ \t]*)+$/g, "");
    this.#plain = [];
    if (source.trim() !== "") this.#cells.push({ cell_type: "markdown", source, metadata: {} });
  }
}
