/**
 * NAME and arguments → the command scripts/NAME.ts; npm scripts start each command by this file.
 *
 * An old Node cannot read TypeScript, so this file is JavaScript, and checks the Node first.
 */
import { fileURLToPath } from "node:url";
import { refuseOldNode } from "./node-version.js";

refuseOldNode();
const command = new URL(`${process.argv[2]}.ts`, import.meta.url);
process.argv.splice(1, 2, fileURLToPath(command)); // the command reads its arguments from here
await import(command.href).catch((error) => {
  const problem = gameProblem(error);
  if (problem === null) throw error;
  console.error(`questlog: ${problem}`);
  process.exit(2);
});

/** The sentence for a lib/game.ts that cannot be loaded; null: the error has another cause. */
function gameProblem(error) {
  if (error.name === "CatalogueError") return error.message;
  const [place = "", line] = /file:\S+?\.[jt]s:(\d+)/.exec(error.stack) ?? []; // the first of the stack
  return /\/lib\/game\.ts:\d+$/.test(place) ? `lib/game.ts, line ${line}: ${error.message}` : null;
}
