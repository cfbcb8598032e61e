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
  if (error.name !== "CatalogueError") throw error; // thrown while lib/game.ts is loaded
  console.error(`questlog: ${error.message}`);
  process.exit(2);
});
