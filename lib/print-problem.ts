/**
 * A sentence for the user → lines on stderr: of at most 80 columns on a terminal, else one line.
 *
 * A line that a script reads stays whole, also in a log. A word longer than a line, such as a path,
 * stays whole too, so it can be copied.
 */
import stringWidth from "string-width";

const MAX_COLUMNS = 80;
const INDENT = "  "; // of all lines but the first

export function printProblem(text: string, { isTTY, columns } = process.stderr): void {
  console.error(isTTY ? wrapped(text, Math.min(columns || MAX_COLUMNS, MAX_COLUMNS)) : text);
}

/** The text with line ends between words, so that lines have at most `columns` columns. */
export function wrapped(text: string, columns: number): string {
  return text
    .split("\n")
    .flatMap((line) => wrapLine(line, columns))
    .join("\n");
}

function wrapLine(line: string, columns: number): string[] {
  if (stringWidth(line) <= columns) return [line];
  const [first = "", ...words] = line.split(/(?<=\S) /); // the first keeps its indent
  const lines = [first];
  for (const word of words) {
    const longer = `${lines.at(-1)} ${word}`;
    if (stringWidth(longer) <= columns) lines[lines.length - 1] = longer;
    else lines.push(INDENT + word);
  }
  return lines;
}
