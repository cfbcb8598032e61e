/**
 * A notebook that did not run to its end → its texts, with a mark for each value that is missing.
 */
import { isFilled, replaceBindings, withoutValues } from "./bindings.ts";
import { type MarkdownCell, type Notebook, titleOf } from "./notebook.ts";

/** The part of a StepRun that this module reads. */
interface Step {
  notebook: Notebook;
  status: string;
  cells: { number: number; status: string }[];
}

/** The text `source` of a cell, as the page shows it. */
export function knownText(source: string, cell: MarkdownCell, step: Step): string {
  const reason = unknownReason(step);
  return reason === null || isFilled(cell) ? source : withoutValues(source, reason);
}

/** The title of the notebook, without marks of Markdown. */
export function knownTitle(step: Step): string {
  const reason = unknownReason(step);
  const title = titleOf(step.notebook);
  return reason === null ? title : replaceBindings(title, () => `(not known: ${reason})`);
}

/** The reason why values of a notebook's text are missing; null: it ran to its end. */
function unknownReason({ status, cells }: Step): string | null {
  if (status === "ok") return null;
  const failed = cells.find((cell) => cell.status === "failed");
  return failed === undefined ? "the notebook did not run" : `cell ${failed.number} failed`;
}
