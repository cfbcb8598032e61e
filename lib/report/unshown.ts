/**
 * A run → the outputs that its page does not show, or not whole.
 */
import type { Charts } from "./draw-charts.ts";
import { CUT_TYPE, isError, isStream } from "./kept-outputs.ts";
import { problemOf } from "./render-output.ts";
import type { CellRun, Run } from "./run.ts";

export interface Unshown {
  place: string; // "shop, cell 2"
  problem: string;
}

/** The outputs that the page does not show, or not whole. A chart has a problem once it is drawn. */
export function unshownIn({ steps }: Pick<Run, "steps">, charts?: Charts): Unshown[] {
  return steps.flatMap(({ notebook, cells }) =>
    cells.flatMap((run) => {
      const place = `${notebook.name}, cell ${run.number}`;
      const problems = run.cell.outputs.map((output, i) => problemOf(output, charts?.get(run)?.[i]));
      return problems.filter((problem) => problem !== "").map((problem) => ({ place, problem }));
    }),
  );
}

/** A line for the terminal: "2 outputs are not shown, or not whole: shop, cell 2; shop, cell 4" */
export function unshownLines(run: Pick<Run, "steps">): string[] {
  const unshown = unshownIn(run);
  if (unshown.length === 0) return [];
  const places = [...new Set(unshown.map(({ place }) => place))].join("; ");
  const are = unshown.length === 1 ? "1 output is" : `${unshown.length} outputs are`;
  return [`${are} not shown, or not whole: ${places}`];
}

/** The first output that a strict run refuses; null without one. A file has all of a cut output. */
export function refusedOutput({ cell: { outputs } }: CellRun): string | null {
  const whole = outputs.filter((output) => isStream(output) || isError(output) || !(CUT_TYPE in output.data));
  return whole.map((output) => problemOf(output)).find((problem) => problem !== "") ?? null;
}
