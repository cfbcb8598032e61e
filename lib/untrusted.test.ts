import assert from "node:assert/strict";
import {
  firstHidden,
  forHtml,
  forTerminal,
  forTerminalJson,
  forTerminalLines,
  shortened,
} from "./untrusted.ts";

const HOSTILE = "\x1b[2J\x9b31m\x7f\r\u202e\u2066gold";
const HIDDEN = /[\p{Cc}\u202e\u2066]/u;

describe("text that players sent", () => {
  it("shows control and direction characters as numbers in a terminal, in one line", () => {
    assert.equal(
      forTerminal(`${HOSTILE}\n`),
      "\\u{1b}[2J\\u{9b}31m\\u{7f}\\u{d}\\u{202e}\\u{2066}gold\\u{a}",
    );
  });

  it("keeps only the line ends of a message", () => {
    assert.equal(
      forTerminalLines("cannot cast \x1b[31m\n  in SELECT"),
      "cannot cast \\u{1b}[31m\n  in SELECT",
    );
  });

  it("keeps the meaning of JSON, in one line without a hidden character", () => {
    const json = forTerminalJson(`\t[\r\n${JSON.stringify({ [HOSTILE]: HOSTILE })}]`);
    assert.doesNotMatch(json, HIDDEN);
    assert.deepEqual(JSON.parse(json), [{ [HOSTILE]: HOSTILE }]);
  });

  it("has no meaning in HTML", () => {
    assert.equal(forHtml(`<a b="c" d='e'>&`), "&#60;a b=&#34;c&#34; d=&#39;e&#39;&#62;&#38;");
  });

  it("is shortened, with its length, if it is long", () => {
    assert.equal(shortened("gold"), "gold");
    assert.equal(shortened("g".repeat(100)), "g".repeat(100));
    assert.equal(shortened("golden", 4), "gold… (6 characters)");
  });

  it("has the index of its first hidden character, or -1", () => {
    assert.deepEqual([firstHidden("gold\u2066"), firstHidden("gold"), firstHidden("\n")], [4, -1, 0]);
  });
});
