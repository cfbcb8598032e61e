/** Create missing tables, check the others, register new days, and list all tables. */
import { textTable } from "../lib/ask/table.ts";
import { createTables, describeChanges, describeTables, registerDays } from "../lib/ask/tables.ts";
import { command } from "../lib/command.ts";
import { printDifferences } from "../lib/rebuild/print-rebuild.ts";

const usage = `npm run tables -- [--check]
  Creates missing tables, gives the others the columns of lib/game.ts, and lists all of them.
  Exit code 1: a table cannot follow lib/game.ts.
  --check    changes nothing: compares lib/game.ts, lists of columns, files, tables and views.
             Exit code 1: there is a difference`;
const options = { check: { type: "boolean", default: false } } as const;

await command("tables", { usage, options }, async ({ values }) => {
  if (values.check) return printDifferences();
  const made = await createTables();
  for (const line of describeChanges(made)) console.error(line);
  await registerDays();
  console.log(textTable(await describeTables()));
  return made.some(({ problem }) => problem !== null) ? 1 : 0;
});
