import assert from "node:assert/strict";
import { drawSvg } from "../report/draw.ts";
import { outageChart } from "./timeline.ts";

// The real vega draws the chart; the tests look at the picture.
describe("outageChart({ samples, outages }, title)", () => {
  const meanwhile = { accepted: 0, landed: 0, visible: 0, caught_up_seconds: 1 };
  const outages = [
    { what: "Kafka", from_seconds: 10, until_seconds: 20, ...meanwhile },
    { what: "HDFS", from_seconds: 40, until_seconds: 70, ...meanwhile },
  ];
  const samples = [0, 50, 100].flatMap((seconds) =>
    (["accepted", "landed", "visible"] as const).map((stage) => ({ seconds, stage, events: seconds * 10 })),
  );

  it("draws a line for each stage, and a band with a name for each outage, as wide as it was long", async () => {
    const spec = outageChart({ samples, outages }, "Events while things broke");
    const svg = await drawSvg(spec);
    const widths = [...svg.matchAll(/roledescription="rect mark".*? d="M[-\d.]+,[-\d.]+h([\d.]+)v/g)].map(
      ([, width]) => Number(width),
    );
    assert.equal(widths.length, 2);
    assert.ok(Math.abs(widths[1]! / widths[0]! - 3) < 0.01, String(widths));
    assert.equal(svg.match(/class="mark-line role-mark/g)?.length, 3);
    const texts = [...svg.matchAll(/<text [^>]*>([^<]*)<\/text>/g)].map(([, text]) => text);
    for (const text of ["Kafka", "HDFS", "accepted", "landed", "visible", "seconds"])
      assert.ok(texts.includes(text), `${text} in ${texts.join(", ")}`);
  });

  it("names each outage and its times in the description", () => {
    const { description } = outageChart({ samples, outages }, "Events");
    assert.match(
      description,
      /visible from 0 to 1,000; Kafka away from 10 s to 20 s; HDFS away from 40 s to 70 s$/,
    );
  });
});
