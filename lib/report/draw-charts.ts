/** The charts of a run → drawings, with one colour for each name. */
import { type Drawing, drawChart } from "./draw.ts";
import { CHART_TYPE } from "../ask/show.ts";
import { isError, isStream } from "./kept-outputs.ts";
import type { Output } from "./notebook.ts";
import type { CellRun, Run } from "./run.ts";
import { withCommonColours } from "./series-colours.ts";

/** Cell → the drawing of each of its outputs; null for an output without a chart. */
export type Charts = Map<CellRun, (Drawing | null)[]>;

/** Draws the charts of a run. The ids in each drawing are unique on the page. */
export async function drawCharts({ steps }: Run): Promise<Charts> {
  const runs = steps.flatMap(({ cells }) => cells);
  const specs = withCommonColours(runs.flatMap(({ cell }) => cell.outputs.map(specIn)));
  const charts: Charts = new Map();
  let place = 0; // in `specs`
  let count = 0; // of charts
  for (const run of runs) {
    const drawings: (Drawing | null)[] = [];
    for (let i = 0; i < run.cell.outputs.length; i++) {
      const spec = specs[place++];
      drawings.push(spec === undefined ? null : await draw(spec, `chart-${++count}`));
    }
    charts.set(run, drawings);
  }
  return charts;
}

/** The spec of the chart in an output; undefined without a chart. */
function specIn(output: Output): unknown {
  return isStream(output) || isError(output) ? undefined : output.data[CHART_TYPE];
}

async function draw(spec: unknown, id: string): Promise<Drawing> {
  try {
    return { ...(await drawChart(spec, id)), problem: "" };
  } catch (error) {
    return { svg: null, note: "", problem: (error as Error).message };
  }
}
