import assert from "node:assert/strict";
import fc from "fast-check";
import { MAX_RAW_BYTES, isShortened, readRefused, refusedRecord, writeRefused } from "./refused.ts";

describe("a refused event's record", () => {
  it("is read as it was written", () => {
    const texts = fc.string({ unit: "binary" });
    fc.assert(
      fc.property(texts, texts, (reason, raw) => {
        assert.deepEqual(readRefused(writeRefused(refusedRecord(reason, raw))), { reason, raw });
      }),
    );
  });

  for (const character of ["a", "é", "€", "😀"]) {
    it(`has the beginning of a too long text of ${character}, in whole characters`, () => {
      const bytes = Buffer.byteLength(character);
      for (const start of ["", "a", "aa", "aaa"]) {
        const { raw } = refusedRecord("too long", start + character.repeat(MAX_RAW_BYTES));
        assert.equal(raw, start + character.repeat(Math.floor((MAX_RAW_BYTES - start.length) / bytes)));
        assert.ok(isShortened(raw));
      }
    });
  }

  it("has all of a text that has just the allowed length", () => {
    const text = "é".repeat(MAX_RAW_BYTES / 2);
    assert.equal(refusedRecord("", text).raw, text);
    assert.ok(!isShortened(text.slice(2)));
    assert.ok(!isShortened(JSON.stringify("a".repeat(MAX_RAW_BYTES - 2))));
  });
});
