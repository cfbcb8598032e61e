/**
 * .ipynb file ↔ notebook, and its one canonical text.
 *
 * A tracked notebook carries no trace of a run: no outputs, no execution counts, no
 * editor's metadata. JupyterLab adds all of them when it saves, and pictures on top,
 * so a notebook is brought back to its canonical text before it is committed.
 */
import { readFile, rename, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import type { ICodeCell, IDisplayData, IError, IMarkdownCell, IStream } from "@jupyterlab/nbformat";

/** What a cell of tslab leaves behind; it sends no `execute_result`. */
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

/** Reads the notebook at `path`. @throws NotebookError if it is not one of nbformat 4 with code and Markdown cells. */
export async function readNotebook(path: string): Promise<Notebook> {
  return parseNotebook(await readFile(path, "utf8"), basename(path, ".ipynb"));
}

/** Writes `notebook` with its outputs; the file appears whole or not at all. */
export async function writeNotebook(path: string, notebook: Notebook): Promise<void> {
  await writeFile(`${path}.part`, formatNotebook(notebook));
  await rename(`${path}.part`, path);
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

/** The notebook as it is tracked: outputs, execution counts and metadata of editors left out. */
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

/** A cell of `source`, not run. */
export function newCell(type: "code" | "markdown", source: string, id: string): Cell {
  return type === "code"
    ? { cell_type: type, id, source, metadata: {}, outputs: [], execution_count: null }
    : { cell_type: type, id, source, metadata: {} };
}

/** Thrown for a file that is not a notebook as this project writes them. */
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
  if (typeof source !== "string") throw new NotebookError(name, `cell ${i + 1}: expected a source, got none`);
  const cell = newCell(type, source, typeof id === "string" ? id : `cell-${i + 1}`);
  cell.metadata = metadata;
  return isCode(cell) ? { ...cell, outputs, execution_count } : cell;
}

function toLines(source: string): string[] {
  return source === "" ? [] : source.split(/(?<=\n)/);
}
