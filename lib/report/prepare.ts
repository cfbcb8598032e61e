/**
 * Paths and given parameters → the notebooks of a run. It finds each fault that needs no kernel.
 */
import { dirname } from "node:path";
import type { Given } from "./given-values.ts";
import { frontOf } from "./front.ts";
import { isCode, type Notebook, NotebookError } from "./notebook.ts";
import { readNotebookFile } from "./notebook-file.ts";
import { pageWarnings } from "./page-warnings.ts";
import { requireNameOrder } from "./name-order.ts";
import { requireProse } from "./numbers.ts";
import { setParameters } from "./notebook-parameters.ts";

export interface PrepareOptions {
  parameters?: ReadonlyMap<string, Given>; // by their names
  isStrict?: boolean; // whether a typed number in the prose is an error
}

/**
 * Reads the notebooks at `paths`, and sets their parameters.
 * @throws NotebookError if a file is not a notebook, has no cells, or uses a name before the cell
 * that declares it
 * @throws NotebookError for a wrong binding, a wrong front matter, or a picture that does not exist
 * @throws UsageError if a parameter's name or type is wrong
 */
export async function prepareNotebooks(
  paths: readonly string[],
  { parameters = new Map(), isStrict = false }: PrepareOptions = {},
): Promise<Notebook[]> {
  const read = async (path: string): Promise<Notebook> => {
    return { ...(await readNotebookFile(path)), folder: dirname(path) };
  };
  const notebooks = withOwnNames(await Promise.all(paths.map(read)));
  requireCells(notebooks);
  const prepared = setParameters(notebooks, parameters);
  prepared.forEach(requireNameOrder);
  for (const notebook of prepared) requireProse(notebook, { isStrict });
  frontOf(prepared);
  pageWarnings(prepared); // throws for a missing picture
  return prepared;
}

/** @throws NotebookError for a notebook without cells, or if no notebook has a code cell */
function requireCells(notebooks: readonly Notebook[]): void {
  for (const { name, cells } of notebooks)
    if (cells.length === 0) throw new NotebookError(name, "expected cells, got none");
  const names = notebooks.map(({ name }) => name).join(", ");
  if (!notebooks.some(({ cells }) => cells.some(isCode)))
    throw new NotebookError(names, "expected a cell with code, got none");
}

/** Notebooks of equal names get numbers: their executed notebooks are files in one folder. */
function withOwnNames(notebooks: readonly Notebook[]): Notebook[] {
  const taken = new Set(notebooks.map(({ name }) => name));
  return notebooks.map((notebook, i) => {
    if (notebooks.findIndex(({ name }) => name === notebook.name) === i) return notebook;
    let number = 2;
    while (taken.has(`${notebook.name}-${number}`)) number++;
    taken.add(`${notebook.name}-${number}`);
    return { ...notebook, name: `${notebook.name}-${number}` };
  });
}
