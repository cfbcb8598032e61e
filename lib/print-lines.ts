/**
 * Lines → stdout, in pieces, at the reader's speed. A terminal has a width, a pipe has no width.
 */
import { once } from "node:events";

const PIECE_CHARS = 64 * 1024;

/** The terminal's width in characters; undefined: stdout is no terminal, so nothing is wrapped. */
export function terminalWidth(): number | undefined {
  return process.stdout.isTTY ? process.stdout.columns : undefined;
}

/** Writes each line, and waits while the reader is slow. */
export async function printLines(lines: Iterable<string>): Promise<void> {
  let piece = "";
  for (const line of lines) {
    piece += `${line}\n`;
    if (piece.length < PIECE_CHARS) continue;
    if (!process.stdout.write(piece)) await once(process.stdout, "drain");
    piece = "";
  }
  if (piece !== "") process.stdout.write(piece);
}
