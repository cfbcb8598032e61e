/** Convert a notebook between .ipynb, .md and .ts. */
import { command, UsageError } from "../lib/command.ts";
import { convertNotebook } from "../lib/report/convert-notebook.ts";
import { fromUser } from "../lib/user-folder.ts";

const usage = `npm run convert -- FROM TO [--force]
  Converts a notebook between .ipynb, .md (Markdown with blocks of TypeScript)
  and .ts (percent format: // %%), as the ends of the names tell.
  --force    replaces a file TO that is there already`;
const frame = { usage, positionals: true, options: { force: { type: "boolean" } } } as const;

await command("convert", frame, async ({ values, positionals: [from, to, ...others] }) => {
  if (from === undefined || to === undefined || others.length > 0)
    throw new UsageError("expected the names of two files");
  const lines = await convertNotebook(fromUser(from), fromUser(to), values.force);
  console.log(lines.join("\n"));
});
