/**
 * Text with a terminal's colours → HTML, and the style rules for its colours.
 *
 * The page's policy allows no style attributes, so each colour is a class with a rule. A rule has
 * two colours: the text must be readable on the light and on the dark page.
 */
import Anser from "anser";
import { forHtml } from "../untrusted.ts";
import { contrast, mixed } from "./colour.ts";

const ESCAPE = "\u001b";
const PAGES = ["#fcfbf9", "#15171a"]; // light, dark
const MIN_CONTRAST = 4.5; // WCAG AA
const STEPS = 20; // from a colour to black or white
const DECORATIONS = ["bold", "dim", "italic", "underline", "strikethrough"];

/** Renders `text`: colours and bold text as classes, all else escaped. */
export function renderAnsi(text: string): string {
  if (!text.includes(ESCAPE)) return forHtml(text);
  const parts = Anser.ansiToJson(text, { json: true, remove_empty: true });
  return parts
    .map(({ content, fg, bg, decorations }) => {
      const shown = forHtml(content.replaceAll(ESCAPE, ""));
      const classes = [
        ...(fg ? [`fg-${hexOf(fg)}`] : []),
        ...(bg ? [`bg-${hexOf(bg)}`] : []),
        ...decorations.filter((name) => DECORATIONS.includes(name)).map((name) => `ansi-${name}`),
      ];
      return classes.length === 0 ? shown : `<span class="${classes.join(" ")}">${shown}</span>`;
    })
    .join("");
}

/** The rules for the colours of `renderAnsi` in `html`. */
export function ansiRules(html: string): string {
  const spans = html.matchAll(/<span class="(?:fg-([\da-f]{6}))? ?(?:bg-([\da-f]{6}))?[ "]/g);
  const rules = new Set<string>();
  for (const [, fg, bg] of spans) {
    if (bg) {
      const text = readable(fg ? `#${fg}` : "#000000", `#${bg}`);
      rules.add(`.bg-${bg}${fg ? `.fg-${fg}` : ""}{background:#${bg};color:${text}}`);
    } else if (fg) {
      const [light, dark] = PAGES.map((page) => readable(`#${fg}`, page));
      rules.add(`.fg-${fg}{color:light-dark(${light},${dark})}`);
    }
  }
  return [...rules].join("\n");
}

/** The colour, moved towards black or white until it is readable on `ground`. */
function readable(colour: string, ground: string): string {
  const end = contrast("#000000", ground) > contrast("#ffffff", ground) ? "#000000" : "#ffffff";
  for (let step = 0; step < STEPS; step++) {
    const moved = mixed(colour, end, step / STEPS);
    if (contrast(moved, ground) >= MIN_CONTRAST) return moved;
  }
  return end;
}

/** "187, 0, 0" → "bb0000" */
function hexOf(rgb: string): string {
  const parts = rgb.split(",").map((part) => Math.min(255, Number(part) || 0));
  return parts.map((part) => part.toString(16).padStart(2, "0")).join("");
}
