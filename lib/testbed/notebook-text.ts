/**
 * Text → a notebook, for tests that contain their notebooks.
 *
 * `// %%` begins a code cell. `// %% [markdown]` begins a Markdown cell, whose lines are comments.
 * `id=…` may follow. A cell without an id gets one from its index and source, so the same text
 * gives the same notebook.
 */
import { createHash } from "node:crypto";
import { type Cell, isCode, newCell, type Notebook } from "../report/notebook.ts";

const MARKER = /^\/\/ %%( \[markdown\])?(?: id=([\w-]{1,64}))?$/;

/** @throws Error for text before the first cell */
export function textToNotebook(text: string, name: string): Notebook {
  const cells: Cell[] = [];
  for (const line of text.split("\n")) {
    const marker = MARKER.exec(line);
    const last = cells.at(-1);
    if (marker) cells.push(newCell(marker[1] ? "markdown" : "code", "", marker[2] ?? ""));
    else if (last) last.source += (isCode(last) ? line : line.replace(/^\/\/ ?/, "")) + "\n";
    else if (line.trim() !== "") throw new Error(`notebook ${name}: expected "// %%" first, got "${line}"`);
  }
  cells.forEach((cell, i) => {
    cell.source = cell.source.trim();
    if (cell.id === "")
      cell.id = createHash("sha256").update(`${i}\n${cell.source}`).digest("hex").slice(0, 8);
  });
  return { name, cells };
}
