/**
 * A file ↔ notebook: .ipynb, or text: .md with blocks of TypeScript, .ts in percent format.
 */
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, extname } from "node:path";
import { formatMarkdown, parseMarkdown } from "./markdown-notebook.ts";
import { formatNotebook, type Notebook, parseNotebook } from "./notebook.ts";
import { formatPercent, parsePercent } from "./percent-notebook.ts";

interface Form {
  parse: (text: string, name: string) => Notebook;
  format: (notebook: Notebook) => string;
  hasCells?: RegExp; // in the text of a file that is a notebook
}

const FORMS = new Map<string, Form>([
  [".ipynb", { parse: parseNotebook, format: formatNotebook }],
  [".md", { parse: parseMarkdown, format: formatMarkdown, hasCells: /^`{3,}[ \t]*(?:ts|typescript)\b/m }],
  [".ts", { parse: parsePercent, format: formatPercent, hasCells: /^\/\/ ?%%(?:[ \t]|\r?$)/m }],
]);

/** The ends of notebooks' file names. */
export const NOTEBOOK_ENDS: readonly string[] = [...FORMS.keys()];

/**
 * Reads the notebook at `path`, in the form that its end tells.
 * @throws NotebookError
 */
export async function readNotebookFile(path: string): Promise<Notebook> {
  return parseNotebookFile(await readFile(path, "utf8"), path);
}

/** @throws NotebookError */
export function parseNotebookFile(text: string, path: string, name = notebookName(path)): Notebook {
  return formOf(path).parse(text, name);
}

/** The text of a notebook's file. @throws NotebookError for a notebook that the form cannot hold */
export function formatNotebookFile(notebook: Notebook, path: string): string {
  return formOf(path).format(notebook);
}

/** Whether the file is a notebook: other Markdown and TypeScript may lie beside notebooks. */
export function isNotebookFile(path: string): boolean {
  const form = FORMS.get(extname(path));
  return form !== undefined && (form.hasCells?.test(readFileSync(path, "utf8")) ?? true);
}

/** The file's name without its end. */
export function notebookName(path: string): string {
  const end = extname(path);
  return FORMS.has(end) ? basename(path, end) : basename(path);
}

function formOf(path: string): Form {
  const form = FORMS.get(extname(path));
  if (form) return form;
  throw new Error(`expected a file that ends in ${NOTEBOOK_ENDS.join(", ")}, got ${path}`);
}
