/** Compare the numbers of two runs by name, or write the index page of all runs. */
import { command, UsageError } from "../lib/command.ts";
import { compareResults, describeComparison } from "../lib/report/compare.ts";
import { readResults } from "../lib/report/results.ts";
import { writeIndex } from "../lib/report/runs.ts";
import { forTerminalJson } from "../lib/untrusted.ts";
import { fromUser } from "../lib/user-folder.ts";

const usage = `npm run compare -- BEFORE AFTER [--json]
  Compares the numbers of two runs by name.
  BEFORE, AFTER     a folder with a results.json, or such a file
  --json            one JSON object
  --index FOLDER    writes FOLDER/index.html, a page with all runs in FOLDER`;
const options = {
  json: { type: "boolean", default: false },
  index: { type: "string" },
} as const;

await command("compare", { usage, options, positionals: true }, async ({ values, positionals }) => {
  if (values.index !== undefined) {
    if (positionals.length > 0 || values.json) throw new UsageError("--index: expected no words beside it");
    console.log(await writeIndex(fromUser(values.index)));
    return;
  }
  const [before, after, ...others] = positionals;
  if (before === undefined || after === undefined || others.length > 0)
    throw new UsageError(`expected two runs, got "${positionals.join(" ")}"`);
  const comparison = compareResults(await readResults(fromUser(before)), await readResults(fromUser(after)));
  if (values.json) console.log(forTerminalJson(JSON.stringify(comparison, null, 1)));
  else console.log(describeComparison(comparison));
});
