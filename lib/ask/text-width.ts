/**
 * Text → its width on the page in pixels, and lines that fit a width.
 *
 * A chart is laid out without a browser, so its text is measured by a table. The widths are those
 * of Arial, and a little more, because the reader's font can be wider. The same text has the same
 * width on each machine, so a chart is drawn with the same bytes everywhere.
 */

const NARROW = "ijl'|.,:;! ftI[]/\\`·";
const MIDDLE = 'r()-"{}*°';
const LARGE = "ABEKPSVXYCDHNRUGOQ&w~+=<>";
const LARGEST = "mMW@%—…";
const WIDER_FONTS = 1.06;
const BOLD = 1.06;
const WIDE_SCRIPTS =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}|[\u{20000}-\u{3fffd}]/u;
const NO_WIDTH = /\p{M}|\p{Cf}/u;

/** The width of one line in pixels, for a font of `size` pixels. */
export function textWidth(text: string, size: number, { bold = false } = {}): number {
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width * size * WIDER_FONTS * (bold ? BOLD : 1);
}

/**
 * Breaks a text into lines of at most `width` pixels, at spaces where there are some. The last of
 * `maxLines` lines ends with "…" if the text is longer.
 */
export function wrapText(
  text: string,
  { width, size, bold = false, maxLines }: { width: number; size: number; bold?: boolean; maxLines: number },
): string[] {
  const fits = (line: string) => textWidth(line, size, { bold }) <= width;
  const lines: string[] = [];
  let rest = text.trim();
  while (rest !== "" && lines.length < maxLines) {
    const line = firstLine(rest, fits);
    lines.push(line.trimEnd());
    rest = rest.slice(line.length).trimStart();
  }
  if (rest === "") return lines.length === 0 ? [""] : lines;
  const last = [...lines.at(-1)!];
  while (last.length > 1 && !fits(`${last.join("")}…`)) last.pop();
  return [...lines.slice(0, -1), `${last.join("").trimEnd()}…`];
}

/** The longest beginning that fits; it ends after a space or a hyphen if there is one. */
function firstLine(text: string, fits: (line: string) => boolean): string {
  if (fits(text)) return text;
  const characters = [...text];
  let count = 1;
  while (
    count < characters.length &&
    fits(
      characters
        .slice(0, count + 1)
        .join("")
        .trimEnd(),
    )
  )
    count++;
  const line = characters.slice(0, count).join("");
  const broken = /^.*[\s\-–—/_.,](?=\S*$)/su.exec(line)?.[0] ?? "";
  const isAtEnd = /\s/.test(characters[count] ?? " ");
  return isAtEnd || broken.length < line.length / 3 ? line : broken;
}

/** The width of a character, as a part of the font's size. */
function characterWidth(character: string): number {
  if (NARROW.includes(character)) return 0.28;
  if (character < "\x7f") {
    if (MIDDLE.includes(character)) return 0.36;
    if (LARGE.includes(character)) return 0.73;
    return LARGEST.includes(character) ? 0.92 : 0.56;
  }
  if (NO_WIDTH.test(character)) return 0;
  if (WIDE_SCRIPTS.test(character)) return 1.05;
  return LARGEST.includes(character) ? 1 : 0.68;
}
