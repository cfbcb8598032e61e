/**
 * TypeScript in percent format ↔ notebook, by jupytext's conventions.
 *
 * `// %%` begins a code cell, `// %% [markdown]` a text cell and `// %% [raw]` a raw cell, whose
 * lines are comments. Options may follow. The empty line before a marker belongs to no cell. A line
 * of a cell that looks like a marker gets a backslash: `// \%%`.
 */
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

const MARKER = /^\/\/ ?%%(?:[ \t]+(.*))?$/;
const PARTS =
  /^(?<title>[^=[{]*?)\s*(?:\[(?<type>markdown|md|raw)\])?\s*(?<options>(?:[A-Za-z_][\w.-]*=|\{).*)?$/;
const HEADER = /^\/\/ ---[ \t]*\n(?:\/\/[^\n]*\n)*?\/\/ ---[ \t]*(?:\n|$)/;
const TYPES: Record<string, TextCell["cell_type"]> = { markdown: "markdown", md: "markdown", raw: "raw" };

/** @throws NotebookError, with the line, for a wrong marker */
export function parsePercent(text: string, name: string): Notebook {
  const plain = plainText(text);
  try {
    const [header = ""] = HEADER.exec(plain) ?? [];
    const { front, metadata, body } = splitFront(uncommented(header));
    const isHeader = header !== "" && body === "";
    const cells = parseCells(
      isHeader ? plain.slice(header.length) : plain,
      isHeader ? header.split("\n").length - 1 : 0,
    );
    return notebookOf([...(isHeader ? front : []), ...cells], isHeader ? metadata : {}, name);
  } catch (error) {
    if (error instanceof NotebookError) throw error;
    throw new NotebookError(name, (error as Error).message);
  }
}

/** @throws NotebookError for a notebook that text cannot hold */
export function formatPercent(notebook: Notebook): string {
  const [front, cells] = joinFront(textCellsOf(notebook), notebook.metadata);
  const header = linesOf(front.trimEnd())
    .map((line) => `${commented(line)}\n`)
    .join("");
  return (header === "" ? "" : `${header}\n`) + cells.map(formatCell).join("\n");
}

function formatCell({ cell_type: type, source, metadata }: TextCell): string {
  const marker = `// %%${type === "code" ? "" : ` [${type}]`}${formatOptions(metadata)}`;
  const lines = linesOf(source).map((line) =>
    type === "code"
      ? line.replace(/^(\/\/ ?)(\\*%%)/, "$1\\$2")
      : commented(line.replace(/^(\\*%%)/, "\\$1")),
  );
  return [marker, ...lines].map((line) => `${line}\n`).join("");
}

/** @param above the number of lines above the text */
function parseCells(text: string, above: number): TextCell[] {
  const cells: TextCell[] = [];
  let lines: string[] = [];
  const end = (isLast: boolean): void => {
    if (!isLast && lines.at(-1)?.trim() === "") lines.pop();
    const cell = cells.at(-1);
    if (cell) cell.source = lines.map((line) => readLine(line, cell.cell_type)).join("\n");
    else if (lines.some((line) => line.trim() !== ""))
      cells.push({ cell_type: "code", source: lines.join("\n").trim(), metadata: {} });
    lines = [];
  };
  for (const [i, line] of text.replace(/\n$/, "").split("\n").entries()) {
    const marker = MARKER.exec(line);
    if (!marker) lines.push(line);
    else {
      end(false);
      cells.push(newCell(marker[1] ?? "", above + i + 1));
    }
  }
  end(true);
  return cells;
}

function newCell(text: string, line: number): TextCell {
  const { title = "", type, options = "" } = PARTS.exec(text)?.groups ?? {};
  try {
    if (!PARTS.test(text))
      throw new Error(`expected // %% [markdown] key=value, got ${JSON.stringify(text)}`);
    const metadata = { ...(title === "" ? {} : { title }), ...parseOptions(options) };
    return { cell_type: TYPES[type ?? ""] ?? "code", source: "", metadata };
  } catch (error) {
    throw new Error(`line ${line}: ${(error as Error).message}`, { cause: error });
  }
}

function readLine(line: string, type: TextCell["cell_type"]): string {
  return type === "code"
    ? line.replace(/^(\/\/ ?)\\(\\*%%)/, "$1$2")
    : line.replace(/^\/\/ ?/, "").replace(/^\\(\\*%%)/, "$1");
}

function commented(line: string): string {
  return line === "" ? "//" : `// ${line}`;
}

function uncommented(text: string): string {
  return text.replace(/^\/\/ ?/gm, "");
}
