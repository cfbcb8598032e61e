import assert from "node:assert/strict";
import { ansiRules, renderAnsi } from "./ansi.ts";

const E = "\u001b[";

describe("renderAnsi(text)", () => {
  const cases: Record<string, [text: string, html: string]> = {
    "text without colours": ["a < b", "a &#60; b"],
    "one of 16 colours": [`${E}31mred${E}0m.`, '<span class="fg-bb0000">red</span>.'],
    "a bright colour": [`${E}92mok${E}39m`, '<span class="fg-00ff00">ok</span>'],
    "one of 256 colours": [`${E}38;5;208mo${E}0m`, '<span class="fg-ff8700">o</span>'],
    "true colour": [`${E}38;2;1;2;3mt${E}0m`, '<span class="fg-010203">t</span>'],
    "bold text with a background": [
      `${E}1;33;44mb${E}0m`,
      '<span class="fg-bbbb00 bg-0000bb ansi-bold">b</span>',
    ],
    "other marks": [
      `${E}2;3;4;9mm${E}0m`,
      '<span class="ansi-dim ansi-italic ansi-underline ansi-strikethrough">m</span>',
    ],
    "colours in turn": [
      `${E}31ma${E}32mb${E}0mc`,
      '<span class="fg-bb0000">a</span><span class="fg-00bb00">b</span>c',
    ],
    "markup in a colour": [`${E}31m<b>"${E}0m`, '<span class="fg-bb0000">&#60;b&#62;&#34;</span>'],
    "a hostile colour": [`${E}38;2;"><b>;2;3mt`, "38;2;&#34;&#62;&#60;b&#62;;2;3mt"],
  };
  for (const [kind, [text, html]] of Object.entries(cases)) {
    it(`renders ${kind}`, () => assert.equal(renderAnsi(text), html));
  }
});

describe("ansiRules(html)", () => {
  it("has a readable colour on the light and on the dark page for each colour", () => {
    for (let code = 0; code < 256; code++) {
      const rule = ansiRules(renderAnsi(`${E}38;5;${code}mx`));
      const [, light, dark] = /light-dark\(#(\w{6}),#(\w{6})\)/.exec(rule) ?? [];
      assert.ok(contrast(light!, "fcfbf9") >= 4.4, `${code}: ${rule}`);
      assert.ok(contrast(dark!, "15171a") >= 4.4, `${code}: ${rule}`);
    }
  });

  it("has a readable text on each background", () => {
    for (let code = 0; code < 256; code++) {
      for (const text of [`${E}48;5;${code}mx`, `${E}38;5;${255 - code};48;5;${code}mx`]) {
        const rule = ansiRules(renderAnsi(text));
        const [, ground, colour] = /background:#(\w{6});color:#(\w{6})/.exec(rule) ?? [];
        assert.ok(contrast(ground!, colour!) >= 4.4, `${code}: ${rule}`);
      }
    }
  });
});

/** The contrast of two colours by the formula of WCAG 2. */
function contrast(a: string, b: string): number {
  const luminance = (hex: string): number =>
    [0.2126, 0.7152, 0.0722].reduce((sum, weight, i) => {
      const share = parseInt(hex.slice(2 * i, 2 * i + 2), 16) / 255;
      return sum + weight * (share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4);
    }, 0);
  const [low = 0, high = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}
