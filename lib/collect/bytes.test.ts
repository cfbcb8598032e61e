import assert from "node:assert/strict";
import fc from "fast-check";
import { firstWrongByte, headerText, utf8Text } from "./bytes.ts";

describe("utf8Text(bytes)", () => {
  it("leaves out a byte order mark at the beginning, and only there", () => {
    assert.equal(utf8Text(Buffer.from("\ufeff{}\ufeff")), "{}\ufeff");
  });

  it("keeps every text, and returns null for other bytes", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        assert.equal(utf8Text(Buffer.from(`a${text}`)), `a${text}`);
        assert.equal(utf8Text(Buffer.concat([Buffer.from(text), Buffer.of(0xff)])), null);
      }),
    );
  });
});

describe("firstWrongByte(bytes)", () => {
  for (const [bytes, expected] of [
    [[0xff], "the byte 0xff at position 1"],
    [[0x22, 0xff, 0x22], "the byte 0xff at position 2"],
    [[0x61, 0xc3], "the byte 0xc3 at position 2"], // an incomplete character
    [[0x61, 0xc3, 0x28, 0xff], "the byte 0x28 at position 3"],
    [[0xf0, 0x9f, 0x98, 0x80, 0xc0, 0x80], "the byte 0xc0 at position 5"],
  ] as const)
    it(`of ${Buffer.from(bytes).toString("hex")} is ${expected}`, () =>
      assert.equal(firstWrongByte(Buffer.from(bytes)), expected));
});

describe("headerText(latin1)", () => {
  for (const [sent, text] of [
    [Buffer.from("Safari (Ergänzendes Update)"), "Safari (Ergänzendes Update)"],
    [Buffer.from("müller.example", "latin1"), "müller.example"],
    [Buffer.from("plain"), "plain"],
    [Buffer.from("😀"), "😀"],
    [Buffer.of(0xe4, 0xc3, 0xa4), "äÃ¤"],
  ] as const)
    it(`reads ${sent.toString("hex")} as ${text}`, () =>
      assert.equal(headerText(sent.toString("latin1")), text));
});
