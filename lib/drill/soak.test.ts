import assert from "node:assert/strict";
import { trendOf } from "./soak.ts";

describe("trendOf(samples)", () => {
  it("finds the growth of memory in a minute, between waves", () => {
    const samples = Array.from({ length: 240 }, (_, second) => ({
      at: second * 1000,
      rssMb: 100 + second / 30 + (second % 2), // 2 MB a minute
      descriptors: 20,
    }));
    const { slope, gained, last } = trendOf(samples);
    assert.ok(Math.abs(slope - 2) < 0.01, `${slope}`);
    assert.equal(gained, 0);
    assert.equal(last.at, 239_000);
  });

  it("finds descriptors that stay open, but not a short peak", () => {
    const withDescriptors = (counts: number[]) =>
      trendOf(counts.map((descriptors, second) => ({ at: second * 1000, rssMb: 100, descriptors }))).gained;
    assert.equal(withDescriptors([20, 20, 20, 21, 21, 21]), 1);
    assert.equal(withDescriptors([20, 20, 20, 20, 90, 20]), 0);
  });
});
