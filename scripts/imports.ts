/** Print the rooms of lib/, each after the rooms that it imports; exit code 1 after a finding. */
import { join } from "node:path";
import { importFindings, readImports, roomLines } from "../lib/check/imports.ts";
import { command } from "../lib/command.ts";
import { settings } from "../lib/settings.ts";

const usage = `npm run imports
  Prints the rooms of lib/, each after the rooms that it imports.
  Columns: a room of lib/, its number of modules, the rooms that it imports.
  The first row has the shared modules (lib/*.ts).`;

await command("imports", { usage, isRecorded: false }, () => {
  const graph = readImports(join(settings.root, "lib"));
  const findings = importFindings(graph);
  console.log([...roomLines(graph), ...findings].join("\n"));
  return findings.length === 0 ? 0 : 1;
});
