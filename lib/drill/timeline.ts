/**
 * Samples and outages → a spec: a line for each stage of the events, and a band for each outage.
 */
import { steps } from "../ask/line-chart.ts";
import { LABEL_SIZE, type Spec } from "../ask/theme.ts";
import type { OutageRow, ProgressSample } from "./watch.ts";

const BAND_COLOR = "#8884"; // seen on light and dark pages
const SECONDS = { type: "quantitative", title: "seconds" };

/** Draws the numbers of events over time, and the outages behind them. */
export function outageChart(
  { samples, outages }: { samples: readonly ProgressSample[]; outages: readonly OutageRow[] },
  title: string,
): Spec {
  const options = { x: "seconds", y: "events", series: "stage", title };
  const { data, layer, encoding, ...frame } = steps(samples, options);
  const away = outages.map(({ what, from_seconds, until_seconds }) => ({
    what,
    from: from_seconds,
    until: until_seconds,
    middle: (from_seconds + until_seconds) / 2,
  }));
  const said = away.map(({ what, from, until }) => `${what} away from ${from} s to ${until} s`);
  return {
    ...frame,
    description: [frame.description, ...said].join("; "),
    layer: [
      {
        data: { values: away },
        mark: { type: "rect", color: BAND_COLOR },
        encoding: { x: { field: "from", ...SECONDS }, x2: { field: "until" } },
      },
      {
        data: { values: away },
        mark: { type: "text", baseline: "bottom", fontSize: LABEL_SIZE },
        encoding: { x: { field: "middle", ...SECONDS }, y: { value: -4 }, text: { field: "what" } },
      },
      { data, encoding, layer },
    ],
  };
}
