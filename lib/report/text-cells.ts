/**
 * Parts that both forms of text notebooks share: cells, their options, and front matter.
 *
 * The conventions are those of jupytext, so JupyterLab with jupytext reads the files too. Options
 * are `key=value` with values in JSON. Front matter becomes the first raw cell; its key `jupyter`
 * holds the metadata of the notebook.
 */
import { isDeepStrictEqual } from "node:util";
import { parse, stringify } from "yaml";
import { type Cell, isCode, type Notebook, NotebookError, parseNotebook } from "./notebook.ts";

/** A cell of a text notebook: it has no outputs and no id. */
export interface TextCell {
  cell_type: Cell["cell_type"];
  source: string;
  metadata: Record<string, unknown>;
}

const KEY = /^[A-Za-z_][\w.-]*$/;
const FRONT = /^---[ \t]*\n((?:(?!---[ \t]*\n)[^\n]*\n)*)---[ \t]*(?:\n|$)/;
const JUPYTER = /^jupyter:[^\n]*\n(?:[ \t][^\n]*\n|[ \t]*\n)*/m;

/** Text of a file with \n at line ends, without a byte order mark. */
export function plainText(text: string): string {
  return text.replace(/^\uFEFF/, "").replace(/\r\n?/g, "\n");
}

/** Lines → a source; no line and one empty line are both an empty source. */
export function linesOf(source: string): string[] {
  return source === "" ? [] : source.split("\n");
}

/** Cells and metadata of a text → a notebook; its ids follow from the order of its cells. */
export function notebookOf(cells: TextCell[], metadata: unknown, name: string): Notebook {
  return parseNotebook(JSON.stringify({ nbformat: 4, metadata, cells }), name);
}

/**
 * The cells of a notebook as text can hold them.
 * @throws NotebookError for attachments, which no text notebook holds
 */
export function textCellsOf({ name, cells }: Notebook): TextCell[] {
  return cells.map((cell, i) => {
    const [file] = isCode(cell) ? [] : Object.keys(cell.attachments ?? {});
    if (file !== undefined)
      throw new NotebookError(
        name,
        `cell ${i + 1} of all cells: a text notebook holds no attachments; save ${file} as a file, ` +
          `and write ![](${file}) instead of attachment:${file}`,
      );
    return { cell_type: cell.cell_type, source: cell.source, metadata: cell.metadata };
  });
}

/** Metadata as options, with a space before each: ` tags=["parameters"]`. */
export function formatOptions(metadata: Record<string, unknown>): string {
  const entries = Object.entries(metadata);
  if (entries.length === 0) return "";
  if (!entries.every(([key]) => KEY.test(key))) return ` ${safeJson(metadata)}`;
  return entries.map(([key, value]) => ` ${key}=${safeJson(value)}`).join("");
}

/** JSON that ends no HTML comment and no line of a code block. */
function safeJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(">", "\\u003e").replaceAll("`", "\\u0060");
}

/** Options → metadata. @throws Error unless they are `key=value`, or an object in JSON */
export function parseOptions(text: string): Record<string, unknown> {
  if (text.trim().startsWith("{")) return JSON.parse(text) as Record<string, unknown>;
  const entries: [string, unknown][] = [];
  let rest = text.trim();
  while (rest !== "") {
    const [whole, key] = /^([A-Za-z_][\w.-]*)=/.exec(rest) ?? [];
    if (whole === undefined || key === undefined)
      throw new Error(`expected options key=value, got ${JSON.stringify(rest)}`);
    const after = rest.slice(whole.length);
    const value = after.slice(0, endOfJson(after));
    try {
      entries.push([key, JSON.parse(value)]);
    } catch {
      throw new Error(`expected a value in JSON for ${key}, got ${value === "" ? "nothing" : value}`);
    }
    rest = after.slice(value.length).trim();
  }
  return Object.fromEntries(entries);
}

/** The index of the first space outside of texts and brackets, or the length. */
function endOfJson(text: string): number {
  let depth = 0;
  for (const { 0: token, index } of text.matchAll(/"(?:\\.|[^"\\])*"|[[{]|[\]}]|\s/g)) {
    if (/^[[{]$/.test(token)) depth++;
    else if (/^[\]}]$/.test(token)) depth--;
    else if (/^\s$/.test(token) && depth <= 0) return index;
  }
  return text.length;
}

/**
 * Splits the text of a file: front matter as a raw cell, the notebook's metadata, and the rest.
 * @throws Error if the front matter is not YAML
 */
export function splitFront(text: string): { front: TextCell[]; metadata: unknown; body: string } {
  const [whole, yaml = ""] = FRONT.exec(text) ?? [];
  const fields = whole === undefined ? null : readYaml(yaml);
  if (whole === undefined || !isMapping(fields)) return { front: [], metadata: {}, body: text };
  const metadata = { ...(isMapping(fields.jupyter) ? fields.jupyter : {}) };
  delete metadata.jupytext; // its own settings
  const own = "jupyter" in fields ? yaml.replace(JUPYTER, "") : yaml;
  const front: TextCell[] =
    own.trim() === "" ? [] : [{ cell_type: "raw", source: `---\n${own}---`, metadata: {} }];
  return { front, metadata, body: text.slice(whole.length) };
}

/**
 * The front matter of a notebook, or an empty text, and its other cells. It holds the first raw
 * cell if that is front matter, and the notebook's metadata.
 */
export function joinFront(cells: TextCell[], metadata: Notebook["metadata"]): [string, TextCell[]] {
  const [first, ...others] = cells;
  const isFront =
    first?.cell_type === "raw" && isDeepStrictEqual(readBack(`${first.source}\n`), { first, metadata: {} });
  const own = isFront ? first.source.slice("---\n".length, -"---".length) : "";
  const about = metadata === undefined ? "" : stringify({ jupyter: metadata }, { lineWidth: 0 });
  return [own + about === "" ? "" : `---\n${own}${about}---\n\n`, isFront ? others : cells];
}

function readBack(text: string): unknown {
  try {
    const { front, metadata, body } = splitFront(text);
    return body === "" ? { first: front[0], metadata } : null;
  } catch {
    return null;
  }
}

function readYaml(text: string): unknown {
  try {
    return parse(text) as unknown;
  } catch (error) {
    throw new Error(`front matter: ${(error as Error).message.split("\n")[0]!.replace(/:$/, "")}`, {
      cause: error,
    });
  }
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
