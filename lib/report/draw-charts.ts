/** The charts of a run → drawings. */
import { type Drawing, drawChart } from "./draw.ts";
import { CHART_TYPE } from "../ask/show.ts";
import { isError, isStream } from "./kept-outputs.ts";
import type { CellRun, Run } from "./run.ts";

/** Cell → the drawing of each of its outputs; null for an output without a chart. */
export type Charts = Map<CellRun, (Drawing | null)[]>;

/** Draws the charts of a run. The ids in each drawing are unique on the page. */
export async function drawCharts({ steps }: Run): Promise<Charts> {
  const charts: Charts = new Map();
  let count = 0;
  for (const run of steps.flatMap(({ cells }) => cells)) {
    const drawings: (Drawing | null)[] = [];
    for (const output of run.cell.outputs) {
      const spec = isStream(output) || isError(output) ? undefined : output.data[CHART_TYPE];
      drawings.push(spec === undefined ? null : await draw(spec, `chart-${++count}`));
    }
    charts.set(run, drawings);
  }
  return charts;
}

async function draw(spec: unknown, id: string): Promise<Drawing> {
  try {
    return { ...(await drawChart(spec, id)), problem: "" };
  } catch (error) {
    return { svg: null, note: "", problem: (error as Error).message };
  }
}
