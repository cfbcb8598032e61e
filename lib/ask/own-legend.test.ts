import assert from "node:assert/strict";
import { drawSvg } from "../report/draw.ts";
import { texts } from "./drawn-texts.fixture.ts";
import { withOwnLegend } from "./own-legend.ts";
import { chartBundle, CHART_TYPE } from "./show.ts";

describe("show(spec), of an author's own spec with colours", () => {
  const LONG = "a name that is too long for the place beside a pie";
  const values = ["gold", "", null, LONG, "datum.value"].map((k, i) => ({ k, n: 5 - i }));
  const color = { field: "k", type: "nominal" };
  const theta = { field: "n", type: "quantitative" };
  const pie = { title: "Pie", data: { values }, mark: "arc", encoding: { theta, color } };
  const draw = (spec: object) => drawSvg(chartBundle(spec)[CHART_TYPE]);
  const radius = (svg: string) =>
    Math.max(...[...svg.matchAll(/A([\d.]+),\1,0,/g)].map(([, size]) => Number(size)));

  it("leaves a pie the width of the picture, and names each colour", async () => {
    const svg = await draw(pie);
    assert.ok(radius(svg) > 100, String(radius(svg)));
    for (const name of ["gold", '""', "(none)", LONG, "datum.value"])
      assert.ok(texts(svg).includes(name), `${name} in ${texts(svg).join()}`);
  });

  it("does the same for layers", async () => {
    const layer = [{ mark: "arc", encoding: { color } }];
    const svg = await draw({ ...pie, mark: undefined, encoding: { theta }, layer });
    assert.ok(radius(svg) > 100, String(radius(svg)));
    assert.ok(texts(svg).includes("(none)"));
  });

  for (const [what, spec] of [
    ["with a legend of its own", { ...pie, encoding: { theta, color: { ...color, legend: null } } }],
    ["with numbers as colours", { ...pie, encoding: { color: { field: "n", type: "quantitative" } } }],
    ["without colours", { ...pie, encoding: { theta } }],
    ["with a transformation", { ...pie, transform: [{ filter: "datum.n > 1" }] }],
    ["with data by name", { ...pie, data: { name: "rows" } }],
  ] as const)
    it(`leaves a spec ${what} alone`, () => assert.equal(withOwnLegend(spec), spec));
});
