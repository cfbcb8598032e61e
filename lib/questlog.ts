/**
 * The package `questlog`: the functions that a notebook, a script or another package needs.
 *
 * The kernel resolves the name for notebooks in any folder (report/own-package.ts).
 * docs/reference.md is made from the comments of these functions.
 */
export { query, QueryError, type QueryOptions, type Row } from "./trino.ts";
export { identifier, literal, type Parameter, sql } from "./sql.ts";
export { say, type Said, show, table, type TableOptions, transposed } from "./ask/show.ts";
export type { Column } from "./ask/table.ts";
export { headline, type Tile, tiles } from "./ask/headline.ts";
export { type BarOptions, bars, funnel, type SortedBarOptions } from "./ask/chart.ts";
export { areas, type LineOptions, lines, type StackedOptions, steps } from "./ask/line-chart.ts";
export { type PointOptions, points } from "./ask/points.ts";
export { heatMap, type HeatMapOptions, histogram, type HistogramOptions } from "./ask/grids.ts";
export type { ChartOptions, NumberOptions } from "./ask/panels.ts";
export type { Spec } from "./ask/theme.ts";
export {
  type Count,
  countBars,
  countBy,
  eventsIn,
  eventsSince,
  numbersOf,
  type OffsetRange,
  type Selection,
  sumBy,
  totalOf,
} from "./ask/counted.ts";
export { countEvents, type Counts, countTables, difference } from "./ask/counts.ts";
export { readOffsets } from "./topic.ts";
export { rangesBetween } from "./audit/sightings.ts";
export { events } from "./events.ts";
