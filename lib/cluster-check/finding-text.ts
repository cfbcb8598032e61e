/** Findings → lines of a table, at most 80 columns wide, with the remedies below their needs. */
import { forTerminal } from "../untrusted.ts";
import type { Finding } from "./finding.ts";

const WIDTH = 80;
const SERVICE = 10; // characters of the first column
const STATE = 10;

export function findingLines(findings: readonly Finding[]): string[] {
  return findings.flatMap(({ service, need, state, detail, remedy }) => [
    ...entry(service.padEnd(SERVICE) + state.padEnd(STATE), need),
    ...(detail === "" ? [] : entry("", detail)),
    ...(remedy === "" ? [] : entry("", `→ ${remedy}`)),
  ]);
}

/** A text behind a label; its further lines begin below its first. */
function entry(label: string, text: string): string[] {
  const indent = SERVICE + STATE;
  return wrapped(forTerminal(text), WIDTH - indent).map((line, i) => {
    return (i === 0 ? label : "").padEnd(indent) + line;
  });
}

function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
    for (; line.length > width; line = line.slice(width)) lines.push(line.slice(0, width)); // a long path
  }
  return [...lines, line];
}
