/** Draw lib/ by its imports: each room after the rooms that it imports; exit code 1 if one import is not allowed. */
import { join } from "node:path";
import { importFindings, readImports, roomLines } from "../lib/check/imports.ts";
import { command } from "../lib/command.ts";
import { settings } from "../lib/settings.ts";

const usage = `npm run imports

Columns: a room of lib/, its number of modules, the rooms that it imports. Shared modules (lib/*.ts) come first.`;

await command("imports", { usage, isRecorded: false }, () => {
  const graph = readImports(join(settings.root, "lib"));
  const findings = importFindings(graph);
  console.log([...roomLines(graph), ...findings].join("\n"));
  return findings.length === 0 ? 0 : 1;
});
