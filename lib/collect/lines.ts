/**
 * Messages ↔ lines of JSON in a file: `{"key":…,"value":…}`.
 *
 * An incomplete line is not JSON, and is left out.
 */
import { open } from "node:fs/promises";
import type { Pending } from "./batcher.ts";

/** The message's line. */
export function toLine({ key, value }: Pending): string {
  return JSON.stringify({ key, value }) + "\n";
}

/** The messages in a part of a file. */
export interface Lines {
  messages: Pending[]; // of the complete lines
  wholeBytes: number; // of the complete lines
  bytes: number; // of all lines that were read
}

/** Reads lines up to the last line break, or until there are `maxMessages`. */
export function parseLines(content: Buffer, maxMessages = Infinity): Lines {
  const lines: Lines = { messages: [], wholeBytes: 0, bytes: 0 };
  const end = content.lastIndexOf("\n") + 1;
  while (lines.bytes < end && lines.messages.length < maxMessages) {
    const start = lines.bytes;
    lines.bytes = content.indexOf("\n", start) + 1;
    const message = parseMessage(content.toString("utf8", start, lines.bytes));
    if (message === undefined) continue;
    lines.messages.push(message);
    lines.wholeBytes += lines.bytes - start;
  }
  return lines;
}

function parseMessage(line: string): Pending | undefined {
  try {
    const { key, value } = JSON.parse(line) as Partial<Pending>;
    return (key === null || typeof key === "string") && typeof value === "string"
      ? { key, value }
      : undefined;
  } catch {
    return undefined; // an incomplete line
  }
}

/** The file's bytes in [start, end). */
export async function readRange(file: string, start: number, end: number): Promise<Buffer> {
  const handle = await open(file);
  try {
    const content = Buffer.alloc(end - start);
    const { bytesRead } = await handle.read(content, 0, content.length, start);
    return content.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
