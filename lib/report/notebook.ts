/**
 * .ipynb file ↔ notebook, and its one canonical text.
 *
 * A tracked notebook has no outputs, no execution counts and no editor's metadata. JupyterLab adds
 * all of them when it saves. So each notebook is brought back to its canonical text before a
 * commit. That text keeps every other part: tags, attachments, raw cells, unknown metadata.
 */
import { readFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import type {
  IAttachments,
  ICodeCell,
  IDisplayData,
  IError,
  IMarkdownCell,
  IStream,
} from "@jupyterlab/nbformat";
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
  attachments?: IAttachments; // file name → MIME type → base64; the text names them attachment:NAME
}

/** A cell that neither runs nor is shown, e.g. YAML front matter. */
export interface RawCell {
  cell_type: "raw";
  id: string;
  source: string;
  metadata: IMarkdownCell["metadata"];
  attachments?: IAttachments;
}

export type Cell = CodeCell | MarkdownCell | RawCell;

/** A parameter of a notebook in a run (notebook-parameters.ts). */
export interface NotebookParameter {
  name: string;
  code: string; // of the value's literal
  isDefault: boolean;
}

export interface Notebook {
  name: string; // file name without .ipynb, e.g. "2-requests"
  cells: Cell[];
  metadata?: Record<string, unknown>; // of the whole notebook, without the kernel's
  parameters?: NotebookParameter[]; // of a run; the file has them in the cell with their tag
  folder?: string; // of its file; pictures are relative to it
}

const METADATA = {
  kernelspec: { display_name: "TypeScript", language: "typescript", name: "tslab" },
  language_info: { file_extension: ".ts", mimetype: "text/typescript", name: "typescript" },
};
const LANGUAGES = ["typescript", "javascript"];
/**
 * Metadata of cells that editors write: the state of the screen, and times of a run. The list of
 * lib/lab/jupyter_server_config.py is the same, as a test checks.
 */
export const EDITOR_METADATA = [
  "autoscroll",
  "collapsed",
  "execution",
  "ExecuteTime",
  "jupyter",
  "pycharm",
  "scrolled",
  "trusted",
  "vscode",
];

/**
 * Reads the notebook at `path`.
 * @throws NotebookError unless it has nbformat 4, and TypeScript or JavaScript
 */
export async function readNotebook(path: string): Promise<Notebook> {
  const notebook = parseNotebook(await readFile(path, "utf8"), basename(path, ".ipynb"));
  return { ...notebook, folder: dirname(path) };
}

/** Writes `notebook` with its outputs; the file appears whole or not at all. */
export async function writeNotebook(path: string, notebook: Notebook): Promise<void> {
  await writeWhole(path, formatNotebook(notebook));
}

/**
 * Parses the text of an .ipynb file. Sources become one string each, with \n at line ends. A cell
 * without an id, or with the id of an earlier cell, gets a new one.
 * @throws NotebookError
 */
export function parseNotebook(text: string, name: string): Notebook {
  let content: unknown;
  try {
    content = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    throw new NotebookError(name, `expected JSON, got ${(error as Error).message}`);
  }
  const { nbformat, cells, metadata = {} } = isObject(content) ? content : {};
  if (typeof nbformat === "number" && nbformat < 4) {
    throw new NotebookError(
      name,
      `expected nbformat 4, got nbformat ${nbformat}; convert it: ` +
        `jupyter nbconvert --to notebook --nbformat 4 ${basename(name, ".ipynb")}.ipynb`,
    );
  }
  if (nbformat !== 4 || !Array.isArray(cells) || !isObject(metadata)) {
    throw new NotebookError(name, `expected nbformat 4 with cells, got nbformat ${String(nbformat)}`);
  }
  const { kernelspec, language_info, ...others } = metadata;
  checkLanguage(kernelspec, language_info, name);
  return {
    name,
    cells: withIds(cells.map((cell: unknown, i) => parseCell(cell, name, i))),
    ...(Object.keys(others).length > 0 ? { metadata: others } : {}),
  };
}

/** The canonical text of a notebook: one order of keys, lines as an array, one space of indent. */
export function formatNotebook({ cells, metadata }: Notebook): string {
  const content = {
    cells: cells.map((cell) => ({
      ...(!isCode(cell) && cell.attachments ? { attachments: cell.attachments } : {}),
      cell_type: cell.cell_type,
      ...(isCode(cell) ? { execution_count: cell.execution_count } : {}),
      id: cell.id,
      metadata: cell.metadata,
      ...(isCode(cell) ? { outputs: cell.outputs } : {}),
      source: toLines(cell.source),
    })),
    metadata: { ...metadata, ...METADATA },
    nbformat: 4,
    nbformat_minor: 5,
  };
  return JSON.stringify(content, null, 1) + "\n";
}

/**
 * The notebook in its tracked form: without outputs, execution counts and editors' metadata. A text
 * whose values a run filled in is the author's again.
 */
export function stripOutputs(notebook: Notebook): Notebook {
  return {
    ...notebook,
    cells: notebook.cells.map((cell) => {
      const source = sourceOfAuthor(cell);
      const kept = Object.entries(cell.metadata).filter(
        ([name]) => !EDITOR_METADATA.includes(name) && (name !== "questlog" || source === null),
      );
      const metadata = Object.fromEntries(kept);
      const tracked = { ...cell, metadata, source: (source ?? cell.source).trimEnd() };
      return isCode(tracked) ? { ...tracked, outputs: [], execution_count: null } : tracked;
    }),
  };
}

/** The source of a text before a run filled in its values (bindings.ts); null for other cells. */
function sourceOfAuthor(cell: Cell): string | null {
  const { source } = (cell.metadata.questlog ?? {}) as { source?: unknown };
  return isMarkdown(cell) && typeof source === "string" ? source : null;
}

export function isCode(cell: Cell): cell is CodeCell {
  return cell.cell_type === "code";
}

export function isMarkdown(cell: Cell): cell is MarkdownCell {
  return cell.cell_type === "markdown";
}

/** The first Markdown heading of level 1, else the notebook's name. */
export function titleOf({ name, cells }: Notebook): string {
  for (const cell of cells) {
    const title = isMarkdown(cell) ? /^# +(.+)$/m.exec(cell.source)?.[1] : undefined;
    if (title !== undefined) return title.trim().replace(/\\([!-/:-@[-`{-~])/g, "$1"); // escaped marks
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
export function newCell(type: Cell["cell_type"], source: string, id: string): Cell {
  return type === "code"
    ? { cell_type: type, id, source, metadata: {}, outputs: [], execution_count: null }
    : { cell_type: type, id, source, metadata: {} };
}

/** Thrown for a file that is not a notebook in this project's form. */
export class NotebookError extends Error {
  override name = "NotebookError";
  problem: string;

  constructor(notebook: string, problem: string) {
    super(`notebook ${notebook}: ${problem}`);
    this.problem = problem;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Refuses a notebook of another language. A notebook that names no language is TypeScript. */
function checkLanguage(kernelspec: unknown, info: unknown, name: string): void {
  const kernel = isObject(kernelspec) ? kernelspec : {};
  const language = (isObject(info) ? info.name : undefined) ?? kernel.language;
  if (typeof language !== "string" || LANGUAGES.includes(language.toLowerCase())) return;
  const kernelName = typeof kernel.name === "string" ? `, for the kernel ${kernel.name}` : "";
  throw new NotebookError(name, `expected TypeScript, got a notebook in ${language}${kernelName}`);
}

function parseCell(raw: unknown, name: string, i: number): Cell {
  const wrong = (expected: string, got: unknown): NotebookError =>
    new NotebookError(name, `cell ${i + 1}: expected ${expected}, got ${JSON.stringify(got) ?? "nothing"}`);
  if (!isObject(raw)) throw wrong("an object", raw);
  const { cell_type: type, id, metadata = {}, attachments, outputs = [], execution_count = null } = raw;
  const isList = Array.isArray(raw.source) && raw.source.every((line) => typeof line === "string");
  const source: unknown = isList ? (raw.source as string[]).join("") : raw.source;
  if (type !== "code" && type !== "markdown" && type !== "raw")
    throw wrong("a code, Markdown or raw cell", type);
  if (typeof source !== "string") throw wrong("a source of text", source);
  if (!isObject(metadata)) throw wrong("an object as metadata", metadata);
  if (!Array.isArray(outputs)) throw wrong("a list of outputs", outputs);
  if (attachments !== undefined && !isObject(attachments))
    throw wrong("an object as attachments", attachments);
  const cell = newCell(type, source.replace(/\r\n?/g, "\n"), typeof id === "string" ? id : "");
  cell.metadata = metadata as Cell["metadata"];
  if (isCode(cell)) {
    return { ...cell, outputs: outputs as Output[], execution_count: execution_count as number | null };
  }
  return attachments ? { ...cell, attachments: attachments as IAttachments } : cell;
}

/** Gives an id to each cell that has none, or the id of an earlier cell. */
function withIds(cells: Cell[]): Cell[] {
  const ids = new Set(cells.map(({ id }) => id));
  const used = new Set<string>([""]);
  return cells.map((cell, i) => {
    let id = cell.id;
    for (let n = i + 1; used.has(id); n++) if (!ids.has(`cell-${n}`)) id = `cell-${n}`;
    used.add(id);
    return { ...cell, id };
  });
}

function toLines(source: string): string[] {
  return source === "" ? [] : source.split(/(?<=\n)/);
}
