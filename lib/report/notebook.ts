/**
 * .ipynb file ↔ notebook, and its one canonical text.
 *
 * A tracked notebook has no outputs, no execution counts and no editor's metadata. JupyterLab adds
 * all of them when it saves. So each notebook is brought back to its canonical text before a
 * commit.
 */
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import type { ICodeCell, IDisplayData, IError, IMarkdownCell, IStream } from "@jupyterlab/nbformat";
import { writeWhole } from "../whole-file.ts";

/** An output of a cell; tslab sends no `execute_result`. */
export type Output = IStream | IDisplayData | IError;

export interface CodeCell {
  cell_type: "code";
  id: string;
  source: string;
  metadata: ICodeCell["metadata"];
  outputs: Output[];
  execution_count: number | null;
}

export interface MarkdownCell {
  cell_type: "markdown";
  id: string;
  source: string;
  metadata: IMarkdownCell["metadata"];
}

export type Cell = CodeCell | MarkdownCell;

export interface Notebook {
  name: string; // file name without .ipynb, e.g. "2-requests"
  cells: Cell[];
}

const METADATA = {
  kernelspec: { display_name: "TypeScript", language: "typescript", name: "tslab" },
  language_info: { file_extension: ".ts", mimetype: "text/typescript", name: "typescript" },
};

/**
 * Reads the notebook at `path`.
 * @throws NotebookError unless it has nbformat 4, and code and Markdown cells only.
 */
export async function readNotebook(path: string): Promise<Notebook> {
  return parseNotebook(await readFile(path, "utf8"), basename(path, ".ipynb"));
}

/** Writes `notebook` with its outputs; the file appears whole or not at all. */
export async function writeNotebook(path: string, notebook: Notebook): Promise<void> {
  await writeWhole(path, formatNotebook(notebook));
}

/** Parses the text of an .ipynb file; sources become one string each. @throws NotebookError */
export function parseNotebook(text: string, name: string): Notebook {
  let content: { nbformat?: unknown; cells?: unknown };
  try {
    content = JSON.parse(text) as typeof content;
  } catch (error) {
    throw new NotebookError(name, `expected JSON, got ${(error as Error).message}`);
  }
  if (content?.nbformat !== 4 || !Array.isArray(content.cells)) {
    throw new NotebookError(
      name,
      `expected nbformat 4 with cells, got nbformat ${String(content?.nbformat)}`,
    );
  }
  return { name, cells: content.cells.map((cell, i) => parseCell(cell as RawCell, name, i)) };
}

/** The canonical text of a notebook: one order of keys, lines as an array, one space of indent. */
export function formatNotebook({ cells }: Notebook): string {
  const content = {
    cells: cells.map((cell) => ({
      cell_type: cell.cell_type,
      ...(isCode(cell) ? { execution_count: cell.execution_count } : {}),
      id: cell.id,
      metadata: cell.metadata,
      ...(isCode(cell) ? { outputs: cell.outputs } : {}),
      source: toLines(cell.source),
    })),
    metadata: METADATA,
    nbformat: 4,
    nbformat_minor: 5,
  };
  return JSON.stringify(content, null, 1) + "\n";
}

/** The notebook in its tracked form: without outputs, execution counts and editors' metadata. */
export function stripOutputs({ name, cells }: Notebook): Notebook {
  return {
    name,
    cells: cells.map((cell) =>
      isCode(cell)
        ? { ...cell, metadata: {}, source: cell.source.trimEnd(), outputs: [], execution_count: null }
        : { ...cell, metadata: {}, source: cell.source.trimEnd() },
    ),
  };
}

export function isCode(cell: Cell): cell is CodeCell {
  return cell.cell_type === "code";
}

/** The first Markdown heading of level 1, else the notebook's name. */
export function titleOf({ name, cells }: Notebook): string {
  for (const cell of cells) {
    const title = isCode(cell) ? undefined : /^# +(.+)$/m.exec(cell.source)?.[1];
    if (title !== undefined) return title.trim();
  }
  return name;
}

/** The code of all cells, joined. */
export function textOfCode({ cells }: Notebook): string {
  return cells
    .filter(isCode)
    .map(({ source }) => source)
    .join("\n");
}

/** A new cell with `source`, without outputs. */
export function newCell(type: "code" | "markdown", source: string, id: string): Cell {
  return type === "code"
    ? { cell_type: type, id, source, metadata: {}, outputs: [], execution_count: null }
    : { cell_type: type, id, source, metadata: {} };
}

/** Thrown for a file that is not a notebook in this project's form. */
export class NotebookError extends Error {
  override name = "NotebookError";

  constructor(notebook: string, problem: string) {
    super(`notebook ${notebook}: ${problem}`);
  }
}

interface RawCell {
  cell_type?: unknown;
  id?: unknown;
  source?: unknown;
  metadata?: Cell["metadata"];
  outputs?: Output[];
  execution_count?: number | null;
}

function parseCell(raw: RawCell, name: string, i: number): Cell {
  const { cell_type: type, id, metadata = {}, outputs = [], execution_count = null } = raw;
  const source = Array.isArray(raw.source) ? raw.source.join("") : raw.source;
  if (type !== "code" && type !== "markdown") {
    throw new NotebookError(
      name,
      `cell ${i + 1}: expected a code or Markdown cell, got ${JSON.stringify(type)}`,
    );
  }
  if (typeof source !== "string")
    throw new NotebookError(name, `cell ${i + 1}: expected a source, got ${typeof source}`);
  const cell = newCell(type, source, typeof id === "string" ? id : `cell-${i + 1}`);
  cell.metadata = metadata;
  return isCode(cell) ? { ...cell, outputs, execution_count } : cell;
}

function toLines(source: string): string[] {
  return source === "" ? [] : source.split(/(?<=\n)/);
}
