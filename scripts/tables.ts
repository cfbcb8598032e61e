/** Create missing tables, check the others, rebuild one, register new days, and list all tables. */
import { tableLines } from "../lib/ask/text-table.ts";
import { createTables, describeChanges, describeTables, registerDays } from "../lib/ask/tables.ts";
import { command, UsageError } from "../lib/command.ts";
import {
  printConcerned,
  printDifferences,
  printPreview,
  printRebuild,
} from "../lib/rebuild/print-rebuild.ts";
import { describeRebuild } from "../lib/stored-columns.ts";
import { printLines, terminalWidth } from "../lib/print-lines.ts";

const usage = `npm run tables -- [--check | --rebuild TABLE [--dry-run]]
  Creates missing tables, gives the others the columns of lib/game.ts, and lists
  all of them.
  Exit code 1: a table cannot follow lib/game.ts.
  --check          changes nothing: compares lib/game.ts, lists of columns,
                   files, tables and views. Exit code 1: there is a difference
  --rebuild TABLE  reads all events of the table again, by today's lib/game.ts;
                   the stream stops meanwhile. Events that no longer fit go to
                   failed_events
  --dry-run        changes nothing: prints the changes that --rebuild would make`;
const options = {
  check: { type: "boolean", default: false },
  rebuild: { type: "string" },
  "dry-run": { type: "boolean", default: false },
} as const;

const interruptible = process.argv.some((word) => word.startsWith("--rebuild"));

const hint = "npm run status shows what runs";

await command("tables", { usage, options, interruptible, isLong: true, hint }, async ({ values, signal }) => {
  const { check, rebuild, "dry-run": isDry } = values;
  if (check && rebuild !== undefined) throw new UsageError("expected --check or --rebuild, got both");
  if (isDry && rebuild === undefined) throw new UsageError("--dry-run: expected --rebuild TABLE beside it");
  if (check) return printDifferences();
  if (rebuild !== undefined) return isDry ? printPreview(rebuild) : printRebuild(rebuild, signal);
  const made = await createTables();
  for (const line of describeChanges(made)) console.error(line);
  await printConcerned(made);
  if (made.some(({ table, problem }) => problem === describeRebuild(table))) return 1; // may be missing
  await registerDays();
  await printLines(tableLines(await describeTables(), { width: terminalWidth() }));
  return made.some(({ problem }) => problem !== null) ? 1 : 0;
});
