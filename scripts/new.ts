/** Write a new notebook that runs. */
import { basename, join, relative } from "node:path";
import { command, UsageError } from "../lib/command.ts";
import { notebookName } from "../lib/report/notebook-file.ts";
import { writeNew } from "../lib/report/new-notebook.ts";
import { settings } from "../lib/settings.ts";
import { userFolder } from "../lib/user-folder.ts";

const usage = `npm run new -- NAME
  Writes notebooks/NAME.ipynb: a question about the game's events, its query,
  chart and claim.
  NAME    a name for notebooks/, or a path with a slash; shop.md and shop.ts
          are text; no file of this name may be there`;

await command("new", { usage, positionals: true }, async ({ positionals: [name = "", ...others] }) => {
  if (others.length > 0) throw new UsageError(`expected one name, got ${others.length + 1}`);
  const folder = join(settings.root, "notebooks");
  const path = await writeNew(name, folder);
  const shown = relative(userFolder(), path);
  const word = path === join(folder, basename(path)) ? notebookName(path) : JSON.stringify(shown);
  console.log(`${shown}\nnpm run report -- ${word}: runs it on a stack that is up (npm run up)`);
});
