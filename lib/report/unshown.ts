/**
 * A run → the outputs that its page does not show, or not whole.
 */
import type { Drawing } from "./draw.ts";
import { CUT_TYPE, isError, isStream } from "./kept-outputs.ts";
import type { CodeCell, Notebook } from "./notebook.ts";
import { problemOf } from "./render-output.ts";

/** The parts of a run and of its cells that this module reads. */
interface RanCell {
  number: number;
  cell: CodeCell;
}
interface Ran {
  steps: { notebook: Notebook; cells: RanCell[] }[];
}

type Charts = ReadonlyMap<object, readonly (Drawing | null)[]>; // cell → its drawings

export interface Unshown {
  place: string; // "shop, cell 2"
  problem: string;
}

/** The outputs that the page does not show whole. A chart has a problem once it is drawn. */
export function unshownIn({ steps }: Ran, charts?: Charts): Unshown[] {
  return steps.flatMap(({ notebook, cells }) =>
    cells.flatMap((run) => {
      const place = `${notebook.name}, cell ${run.number}`;
      const problems = run.cell.outputs.map((output, i) => problemOf(output, charts?.get(run)?.[i]));
      return problems.filter((problem) => problem !== "").map((problem) => ({ place, problem }));
    }),
  );
}

/** A line for the terminal: "2 outputs are not shown, or not whole: shop, cell 2; shop, cell 4" */
export function unshownLines(run: Ran): string[] {
  const unshown = unshownIn(run);
  if (unshown.length === 0) return [];
  const places = [...new Set(unshown.map(({ place }) => place))].join("; ");
  const are = unshown.length === 1 ? "1 output is" : `${unshown.length} outputs are`;
  return [`${are} not shown, or not whole: ${places}`];
}

/** The first output that a strict run refuses; null without one. A file has all of a cut output. */
export function refusedOutput({ cell: { outputs } }: Pick<RanCell, "cell">): string | null {
  const whole = outputs.filter((output) => isStream(output) || isError(output) || !(CUT_TYPE in output.data));
  return whole.map((output) => problemOf(output)).find((problem) => problem !== "") ?? null;
}
