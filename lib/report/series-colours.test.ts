import assert from "node:assert/strict";
import { areas, lines, steps } from "../ask/line-chart.ts";
import { points } from "../ask/points.ts";
import { chartBundle } from "../ask/show.ts";
import { GREY, PALETTE, themed } from "../ask/theme.ts";
import { runOf } from "../testbed/notebook.fixture.ts";
import { drawCharts } from "./draw-charts.ts";
import { withCommonColours } from "./series-colours.ts";

const options = { x: "x", y: "n", series: "s", title: "T" };
const rowsOf = (...names: string[]) =>
  names.flatMap((s, i) => [0, 1].map((x) => ({ x, n: (i + 1) * (x + 1), s, f: `f${x}` })));

/** Name → colour in each chart. */
function coloursIn(specs: unknown[]): Record<string, string>[] {
  return withCommonColours(specs).map((spec) => {
    const one = spec as { encoding?: Encoding; spec?: { encoding: Encoding } };
    const { domain, range } = (one.encoding ?? one.spec!.encoding).color.scale;
    return Object.fromEntries(domain.map((name, i) => [name, range[i]!]));
  });
}

interface Encoding {
  color: { scale: { domain: string[]; range: string[] } };
}

describe("the colours of the charts of a page", () => {
  const CHARTS = { lines, areas, steps, points, panels: inPanels };
  function inPanels(rows: object[], given: typeof options) {
    return lines(rows, { ...given, facet: "f" });
  }
  for (const [kind, chart] of Object.entries(CHARTS)) {
    it(`give a name one colour in ${kind} and in other charts`, () => {
      const [one, two, three] = coloursIn([
        chart(rowsOf("gold", "copper"), options),
        lines(rowsOf("iron", "copper"), options),
        points(rowsOf("iron", "tin", "gold"), options),
      ]);
      assert.equal(one!.gold, three!.gold);
      assert.equal(one!.copper, two!.copper);
      assert.equal(two!.iron, three!.iron);
      for (const colours of [one!, two!, three!]) {
        assert.equal(new Set(Object.values(colours)).size, Object.keys(colours).length);
      }
    });

    it(`do not depend on the order of the rows in ${kind}`, () => {
      const colours = (...names: string[]) => coloursIn([chart(rowsOf(...names), options)])[0];
      assert.deepEqual(colours("gold", "copper", "iron"), colours("iron", "gold", "copper"));
    });
  }

  it("leave a single chart as its function made it", () => {
    const spec = lines(rowsOf("gold", "copper", "iron"), options);
    assert.equal(withCommonColours([spec])[0], spec);
  });

  it("differ inside each chart, also if six colours do not suffice for the page", () => {
    const names = ["a", "b", "c", "d", "e", "f", "g", "h"];
    const pairs = names.flatMap((a, i) => names.slice(i + 1).map((b) => lines(rowsOf(a, b), options)));
    for (const colours of coloursIn(pairs)) {
      const [one, two] = Object.values(colours);
      assert.ok(PALETTE.includes(one!) && PALETTE.includes(two!) && one !== two, JSON.stringify(colours));
    }
  });

  it("keep grey for the other series, and the blue of a chart without a legend", () => {
    const many = lines(rowsOf("a", "b", "c", "d", "e", "f", "g", "h"), options);
    const plain = lines(rowsOf("a"), { x: "x", y: "n", title: "T" });
    const [colours, single] = coloursIn([many, plain]);
    assert.equal(colours!["3 others"], GREY);
    assert.deepEqual(Object.values(single!), [PALETTE[0]]);
  });

  it("leave colours of a spec's own as they are", () => {
    const scale = { domain: ["gold", "copper"], range: ["gold", "brown"] };
    const own = { mark: "point", encoding: { color: { field: "s", type: "nominal", scale } } };
    assert.equal(withCommonColours([own, lines(rowsOf("gold"), options)])[0], own);
  });

  it("are those of names in a spec of the user's too", () => {
    const own = themed({
      data: { values: [{ s: "copper" }, { s: "aluminium" }, { s: "copper" }] },
      mark: "bar",
      encoding: { x: { aggregate: "count" }, color: { field: "s", type: "nominal" } },
    });
    const [one, two] = coloursIn([lines(rowsOf("gold", "copper"), options), own]);
    assert.equal(one!.copper, two!.copper);
    assert.notEqual(two!.aluminium, two!.copper);
    assert.equal(withCommonColours([own])[0], own);
  });

  it("are the colours that the page draws", async () => {
    const spec = (...names: string[]) => chartBundle(lines(rowsOf(...names), options));
    const output = (data: object) => ({ output_type: "display_data", data, metadata: {} }) as never;
    const run = runOf([[output(spec("gold", "iron"))], [output(spec("iron", "tin"))]]);
    const drawn = [...(await drawCharts(run)).values()].map(([drawing]) => drawing!.svg!);
    const [first, second] = coloursIn([
      lines(rowsOf("gold", "iron"), options),
      lines(rowsOf("iron", "tin"), options),
    ]);
    for (const colour of Object.values(first!)) assert.ok(drawn[0]!.includes(`stroke="${colour}"`));
    for (const colour of Object.values(second!)) assert.ok(drawn[1]!.includes(`stroke="${colour}"`));
    assert.equal(first!.iron, second!.iron);
  });
});
