import assert from "node:assert/strict";
import { chooseNotebooks } from "./choose.ts";

describe("chooseNotebooks(words, extras, all)", () => {
  const all = ["1-services", "2-requests", "6-drill"];

  it("takes all but the extra ones when none is named", () => {
    assert.deepEqual(chooseNotebooks([], [], all), ["1-services", "2-requests"]);
  });

  it("adds an extra one on request, to all or to those that are named", () => {
    assert.deepEqual(chooseNotebooks([], ["drill"], all), all);
    assert.deepEqual(chooseNotebooks(["2-requests"], ["drill"], all), ["2-requests", "6-drill"]);
  });

  it("takes those that are named, in reading order", () => {
    assert.deepEqual(chooseNotebooks(["6-drill", "1-services"], [], all), ["1-services", "6-drill"]);
  });

  it("refuses what is neither, and says what there is", () => {
    const there = /expected names of notebooks \(1-services, 2-requests, 6-drill\) or --with drill, got /;
    assert.throws(() => chooseNotebooks(["3-stream"], [], all), there);
    assert.throws(() => chooseNotebooks([], ["lab"], all), there);
    assert.throws(() => chooseNotebooks([], ["__proto__"], all), there);
  });
});
