/**
 * A notebook's file → the same notebook in another form; outputs stay only in .ipynb.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, extname } from "node:path";
import { UsageError } from "../command.ts";
import { isCode, stripOutputs } from "./notebook.ts";
import { formatNotebookFile, NOTEBOOK_ENDS, parseNotebookFile } from "./notebook-file.ts";

/**
 * Converts the file `from` into the new file `to`; resolves with lines that tell the result.
 * @throws UsageError for a file with another end, or a missing file
 * @throws NotebookError for a file that is no notebook, or that the other form cannot hold
 * @throws Error if `to` exists, unless `isForced`
 */
export async function convertNotebook(from: string, to: string, isForced = false): Promise<string[]> {
  for (const path of [from, to])
    if (!NOTEBOOK_ENDS.includes(extname(path)))
      throw new UsageError(`expected a file that ends in ${NOTEBOOK_ENDS.join(", ")}, got "${path}"`);
  const text = await readFile(from, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw error.code === "ENOENT"
      ? new UsageError(`expected a notebook, got "${from}", which is not there`)
      : error;
  });
  const notebook = parseNotebookFile(text, from);
  const ran = notebook.cells.filter((cell) => isCode(cell) && cell.outputs.length > 0).length;
  const isText = extname(to) !== ".ipynb";
  const written = formatNotebookFile(isText ? stripOutputs(notebook) : notebook, to);
  await mkdir(dirname(to), { recursive: true });
  await writeFile(to, written, { flag: isForced ? "w" : "wx" }).catch((error: NodeJS.ErrnoException) => {
    throw error.code === "EEXIST" ? new Error(`${to} is there already; --force replaces it`) : error;
  });
  const count = notebook.cells.length;
  return [
    `${to}: ${count} cell${count === 1 ? "" : "s"}`,
    ...(isText && ran > 0 ? [`left out: the outputs of ${ran} cell${ran === 1 ? "" : "s"}`] : []),
  ];
}
