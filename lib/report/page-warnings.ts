/**
 * Notebooks → the parts of their Markdown that the page shows in another form, before a run.
 */
import { Anchors } from "./anchors.ts";
import { withoutFront } from "./front.ts";
import { isMarkdown, type Notebook } from "./notebook.ts";
import { footnotesOf, renderProse } from "./prose.ts";

/**
 * "notebook 2-shop: a picture at …: …", one line each.
 * @throws NotebookError for a picture that does not exist
 */
export function pageWarnings(notebooks: readonly Notebook[]): string[] {
  const anchors = new Anchors(notebooks);
  return notebooks.flatMap((notebook) => {
    const page = { notebook, anchors, notes: footnotesOf(notebook, anchors), lowered: 1 as const };
    return notebook.cells.filter(isMarkdown).flatMap((cell) => {
      const { warnings } = renderProse(withoutFront(cell.source), cell, page);
      return warnings.map((warning) => `notebook ${notebook.name}: ${warning}`);
    });
  });
}
