/**
 * Text from players → text that is safe to show in a terminal or in HTML, or a shortened text.
 *
 * A terminal executes control characters, and direction characters reorder the text on the screen.
 * Both are shown as numbers. All code that prints data uses only these functions.
 */

const HIDDEN = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;
const MAX_SHOWN_CHARS = 100;

/** One line for a terminal: control and direction characters, and line ends, become \u{…}. */
export function forTerminal(text: string): string {
  return text.replace(HIDDEN, (character) => `\\u{${hexOf(character)}}`);
}

/** Several lines for a terminal: like `forTerminal`, but line ends stay. */
export function forTerminalLines(text: string): string {
  return text.split("\n").map(forTerminal).join("\n");
}

/** JSON for a terminal, in one line. JSON's own escapes keep its meaning. */
export function forTerminalJson(json: string): string {
  // JSON allows characters below U+0020 only as blanks between two tokens.
  return json.replace(HIDDEN, (character) =>
    character < " " ? " " : `\\u${hexOf(character).padStart(4, "0")}`,
  );
}

/** Text for HTML and SVG, between tags and in quoted attributes. */
export function forHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** The text, or the beginning of a long one with its length. */
export function shortened(text: string, maxChars = MAX_SHOWN_CHARS): string {
  return text.length <= maxChars ? text : `${text.slice(0, maxChars)}… (${text.length} characters)`;
}

/** The index of the first character that `forTerminal` replaces; -1 without one. */
export function firstHidden(text: string): number {
  return text.search(HIDDEN);
}

function hexOf(character: string): string {
  return character.charCodeAt(0).toString(16);
}
