/**
 * A notebook → an error if a cell uses a name that only a later cell declares.
 *
 * As one program, such cells can be right: a function may use what is declared after it. The kernel
 * compiles cell after cell, and then the name has no meaning yet, or means Node's global.
 */
import { compileCell } from "./cell-code.ts";
import { namesOf } from "./cell-names.ts";
import { isCode, type Notebook, NotebookError } from "./notebook.ts";

/** @throws NotebookError with both cells and the remedy */
export function requireNameOrder({ name, cells }: Notebook): void {
  const sources = cells.filter(isCode).map(({ source }) => source);
  const names = namesOf(sources);
  const known = new Set<string>();
  for (const [i, source] of sources.entries()) {
    const isLate = (used: string): boolean =>
      !known.has(used) && names.slice(i + 1).some(({ defines }) => defines.has(used));
    names[i]!.defines.forEach((defined) => known.add(defined));
    const suspects = [...names[i]!.uses].filter(isLate);
    if (suspects.length === 0) continue;
    const { foreign } = compileCell(source, { known }); // uses of variables, without types
    const used = suspects.find((suspect) => foreign.includes(suspect));
    if (used === undefined) continue;
    const later = names.findIndex(({ defines }, j) => j > i && defines.has(used)) + 1;
    throw new NotebookError(name, lateText(used, i + 1, later));
  }
}

function lateText(used: string, cell: number, later: number): string {
  const remedy = used in globalThis ? "give the variable another name" : "move the declaration up";
  return `code cell ${cell} uses ${used}, which code cell ${later} declares: ${remedy}`;
}
