import assert from "node:assert/strict";
import { compactSvg } from "./compact.ts";
import { type SceneMark, thinScene } from "./thin.ts";

function scene(mark: SceneMark): SceneMark {
  return { marktype: "group", items: [{ items: [mark] }] };
}

const many = (count: number, item: (i: number) => SceneMark) =>
  Array.from({ length: count }, (_, i) => item(i));

describe("thinScene(root)", () => {
  it("keeps one point of all in a few pixels, and tells it", () => {
    const mark = {
      marktype: "symbol",
      items: many(40_000, (i) => ({ x: i % 200, y: Math.floor(i / 200), fill: "#00f" })),
    };
    assert.deepEqual(thinScene(scene(mark)), [
      "10,000 of 40,000 points are drawn: one of all that lie within 2 pixels",
    ]);
    assert.equal(mark.items.length, 10_000);
  });

  it("leaves a picture with few marks as it is", () => {
    const mark = {
      marktype: "symbol",
      items: many(3_000, (i) => ({ x: i, y: i, fill: "#00f", stroke: "#f00" })),
    };
    assert.deepEqual(thinScene(scene(mark)), []);
    assert.equal(mark.items.length, 3_000);
  });

  it("keeps the extremes of a line", () => {
    const items = many(10_000, (i) => ({ x: i / 100, y: i === 5_555 ? -9 : i === 4_444 ? 9 : (i * 7) % 5 }));
    const mark: SceneMark = { marktype: "line", items };
    const [note] = thinScene(scene(mark));
    assert.match(note!, /^lines of 10,000 values show the first, last, lowest and highest/);
    const ys = mark.items!.map(({ y }) => y);
    assert.ok(ys.includes(-9) && ys.includes(9) && mark.items!.length <= 800);
    assert.deepEqual([mark.items![0], mark.items!.at(-1)], [items[0], items.at(-1)]);
  });

  it("keeps evenly spread marks of other kinds, and tells their number", () => {
    const mark = { marktype: "text", items: many(9_000, (i) => ({ x: i })) };
    assert.deepEqual(thinScene(scene(mark)), ["3,000 of 9,000 marks are drawn"]);
    assert.equal(mark.items.length, 3_000);
  });
});

describe("compactSvg(svg)", () => {
  const circle = (x: number, look: string) =>
    `<path transform="translate(${x},2.25)" d="M2,0A2,2,0,1,1,-2,0A2,2,0,1,1,2,0"${look}/>`;

  it("joins many points to a few paths, and loses none", () => {
    const looks = [' fill="#00f"', ' fill="#00f" fill-opacity="0.5"', ' stroke="#00f"'];
    for (const look of looks) {
      const svg = compactSvg(
        many(2_000, () => ({}))
          .map((_, i) => circle(i, look))
          .join(""),
      );
      assert.equal(svg.split("M").length - 1, 2_000);
      assert.ok(svg.match(/<path/g)!.length <= 4 && svg.length < 130_000, String(svg.length));
    }
  });

  it("joins many bars of one look", () => {
    const bars = many(2_000, () => ({})).map((_, i) => `<path d="M${i},0h1v5h-1Z" fill="#00f"/>`);
    const svg = compactSvg(`<g>${bars.join("")}</g>`);
    assert.match(svg, /^<g><path d="M0,0h1v5h-1ZM1,0h1v5h-1Z.*" fill="#00f"\/><\/g>$/);
  });

  it("leaves few marks as they are", () => {
    const svg = circle(1, ' fill="#00f"').repeat(50);
    assert.equal(compactSvg(svg), svg);
  });
});
