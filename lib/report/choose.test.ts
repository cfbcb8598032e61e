import assert from "node:assert/strict";
import { chooseNotebooks } from "./choose.ts";

describe("chooseNotebooks(words, extras, all)", () => {
  const all = ["1-services", "2-requests", "6-drill"];

  it("takes all but the extra notebooks if no name is given", () => {
    assert.deepEqual(chooseNotebooks([], [], all), ["1-services", "2-requests"]);
  });

  it("adds an extra notebook to all, or to the named ones, if --with asks for it", () => {
    assert.deepEqual(chooseNotebooks([], ["drill"], all), all);
    assert.deepEqual(chooseNotebooks(["2-requests"], ["drill"], all), ["2-requests", "6-drill"]);
  });

  it("takes the named notebooks, in reading order", () => {
    assert.deepEqual(chooseNotebooks(["6-drill", "1-services"], [], all), ["1-services", "6-drill"]);
  });

  it("refuses any other word, and lists the words that it accepts", () => {
    const there = /expected names of notebooks \(1-services, 2-requests, 6-drill\) or --with drill, got /;
    assert.throws(() => chooseNotebooks(["3-stream"], [], all), there);
    assert.throws(() => chooseNotebooks([], ["lab"], all), there);
    assert.throws(() => chooseNotebooks([], ["__proto__"], all), there);
  });
});
