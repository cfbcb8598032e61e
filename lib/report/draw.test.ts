import assert from "node:assert/strict";
import { bars } from "../ask/chart.ts";
import { drawChart } from "./draw.ts";

const spec = bars([{ metal: "gold", swords: 60 }], { category: "metal", value: "swords", title: "Swords" });
const point = { data: { values: [{ x: 1 }] }, encoding: { x: { field: "x", type: "quantitative" } } };

/** The picture alone. */
async function picture(chart: unknown, id: string): Promise<string> {
  return (await drawChart(chart, id)).svg;
}

describe("drawChart(spec, id)", () => {
  it("draws a chart with a name, a description and ids of its own", async () => {
    const svg = await picture(spec, "a");
    assert.match(svg, /^<svg role="img" aria-label="Swords: gold 60" width="440"/);
    const clipped = { ...point, mark: { type: "point", clip: true } };
    assert.match(await picture(clipped, "a"), /clip-path="url\(#(a-[\w-]+)\)"[^]*<clipPath id="\1">/);
  });

  it("has the page's font, and no attribute that the page's policy forbids", async () => {
    const svg = await picture({ ...point, mark: { type: "point", cursor: "pointer" } }, "a");
    assert.doesNotMatch(svg, /style=|class=|font-family=/);
  });

  it("draws neither links nor pictures, and nothing that refers to an address", async () => {
    const url = "http://127.0.0.1:9/x.svg";
    const link = { ...point.encoding, href: { value: `javascript:alert(1)` } };
    const image = { ...point.encoding, url: { value: url } };
    const charts = [
      { ...point, encoding: link, mark: "point" },
      { ...point, encoding: image, mark: { type: "image", width: 9, height: 9 } },
      { ...point, mark: { type: "point", fill: `url(${url}#a)`, stroke: `u\\72l(${url})` } },
    ];
    for (const chart of charts) {
      const svg = await picture(chart, "a");
      assert.match(svg, /<\/svg>$/);
      assert.doesNotMatch(svg, /<(a|image)\b|href|127\.0\.0\.1|javascript/);
    }
  });

  it("refuses data at an address, and a spec that is not a chart", async () => {
    const remote = { ...point, data: { url: "file:///etc/passwd" }, mark: "point" };
    await assert.rejects(drawChart(remote, "a"), /expected data in the spec, got an address: file:\/\/\/etc/);
    await assert.rejects(drawChart({ mark: 3 }, "a"));
    await assert.rejects(drawChart(null, "a"));
  });

  it("escapes texts, in marks, axes and names", async () => {
    const text = `</text></svg><script>alert(1)</script>" onload="x`;
    const hostile = bars([{ a: text, n: 1 }], { category: "a", value: "n", title: text });
    const withoutLabel = (await picture(hostile, "a")).replace(/ aria-label="[^"<>]*"/, "");
    assert.doesNotMatch(withoutLabel, /<script|<[^>]* onload|<\/svg>.|aria-label/);
  });
});
