/**
 * A run that has ended → the same run. It has failed if a chart or a sentence differs from Trino's
 * answer, or if a chart cannot be drawn.
 *
 * A cell could change the rows between query and chart, or the record of its count. So this module
 * counts each record's events again. The chart of the new count must equal the chart in the output.
 */
import { HEADLINE_TYPE, type ShownTile, TILES_TYPE } from "../ask/headline.ts";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import {
  type Count,
  countAgain,
  countBars,
  type Counted,
  COUNTED_MIME,
  countedInSentence,
} from "../ask/counted.ts";
import { CHART_TYPE, chartBundle } from "../ask/show.ts";
import { formatValue } from "../ask/format.ts";
import { titleOf } from "../ask/theme.ts";
import { mapInLanes } from "../lanes.ts";
import { drawChart } from "./draw.ts";
import { writeNotebook } from "./notebook.ts";
import { isError, isStream } from "./outputs.ts";
import type { CellRun, Run } from "./run.ts";

/** One output's contents by MIME type. */
type Bundle = Record<string, unknown>;

/**
 * Counts the events of each cell of `run` again. A cell with other numbers fails, and its notebook
 * is saved in `outFolder` again.
 */
export async function recount(run: Run, outFolder: string): Promise<void> {
  const again = await countsAgain(run);
  for (const step of run.steps) {
    for (const cell of step.cells.filter(({ status }) => status === "ok")) {
      const difference = await firstDifference(bundlesOf(cell), again);
      if (difference === null) continue;
      cell.cell.outputs.push({ output_type: "error", ename: "Error", evalue: difference, traceback: [] });
      cell.status = "failed";
      step.status = "failed";
      run.status = "failed";
    }
    if (step.status === "failed") {
      await writeNotebook(join(outFolder, `${step.notebook.name}.ipynb`), step.notebook);
    }
  }
}

function bundlesOf({ cell }: CellRun): Bundle[] {
  return cell.outputs.flatMap((output) => (isStream(output) || isError(output) ? [] : [output.data]));
}

/**
 * Counts the events of each record again, by the text of `keyOf`. A chart and a sentence that show
 * the same count have one new count.
 */
async function countsAgain({ steps }: Run): Promise<Map<string, Count>> {
  const cells = steps.flatMap((step) => step.cells).filter(({ status }) => status === "ok");
  const records = cells.flatMap(bundlesOf).flatMap((bundle) => (bundle[COUNTED_MIME] ?? []) as Counted[]);
  const distinct = [...new Map(records.map((counted) => [keyOf(counted), counted]))];
  return new Map(
    await mapInLanes(distinct, async ([key, counted]) => [key, await countAgain(counted)] as const),
  );
}

/** The counted events and the columns of a count, without its numbers and its form. */
function keyOf(counted: Counted): string {
  const { topic, schema, event_types, ranges, where, since_day, by, sum } = counted;
  return JSON.stringify([topic, schema, event_types, ranges, where, since_day, by, sum]);
}

async function firstDifference(
  bundles: readonly Bundle[],
  again: ReadonlyMap<string, Count>,
): Promise<string | null> {
  for (const bundle of bundles) {
    const problem = bundle[CHART_TYPE] === undefined ? null : await problemOf(bundle[CHART_TYPE]);
    if (problem !== null) return problem;
    for (const counted of (bundle[COUNTED_MIME] ?? []) as Counted[]) {
      const difference = differenceOf(bundle, counted, again.get(keyOf(counted))!);
      if (difference !== null) return difference;
    }
  }
  return null;
}

/** The reason why the page cannot show a chart; null if it can. */
async function problemOf(spec: unknown): Promise<string | null> {
  try {
    await drawChart(spec, "chart");
    return null;
  } catch (error) {
    const title = titleOf(spec);
    return `the chart ${title === "" ? "" : `"${title}" `}cannot be drawn: ${(error as Error).message}`;
  }
}

/** The difference between an output and a new count of the same events; null if they agree. */
function differenceOf(bundle: Bundle, { kind, title }: Counted, again: Count): string | null {
  if (kind === "sentence") {
    try {
      countedInSentence(sentenceIn(bundle), [again]);
      return null;
    } catch (error) {
      return `counted again: ${(error as Error).message}`;
    }
  }
  const shown = bundle[CHART_TYPE];
  const expected = JSON.parse(JSON.stringify(chartBundle(countBars(again, title))[CHART_TYPE])) as Bundle;
  if (isDeepStrictEqual(shown, expected)) return null;
  const bars = (shown as { data?: { values?: { label: string; number: number }[] } }).data?.values ?? [];
  const drawn = bars.map(({ label, number }) => `${label} ${number}`).join(", ");
  const right = again.values.map(({ value, number }) => `${formatValue(value)} ${number}`).join(", ");
  return `chart "${title}": expected ${right} (counted again), got ${drawn}`;
}

/** The text of a sentence, a headline or tiles, as the page shows it. */
function sentenceIn(bundle: Bundle): string {
  const headline = bundle[HEADLINE_TYPE] as { markdown: string } | undefined;
  const shown = bundle[TILES_TYPE] as { tiles: ShownTile[] } | undefined;
  if (shown) return shown.tiles.map(({ label, text }) => `${label}: ${text}`).join(". ");
  return String(headline?.markdown ?? bundle["text/markdown"]);
}
