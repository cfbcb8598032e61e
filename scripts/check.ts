/** Check the checkout: a line for each finding; exit code 1 after a finding. */
import { runChecks, tidy } from "../lib/check/run-checks.ts";
import { command } from "../lib/command.ts";

const usage = `npm run check -- [--write]
  Checks lint, types, formatting, notebooks, words, reference and imports.
  --write    first makes docs/reference.md and the columns in
             docs/tables.md, formats the notebooks, and removes a
             run's outputs`;
const options = { write: { type: "boolean", default: false } } as const;

await command("check", { usage, options }, async ({ values }) => {
  if (values.write) await tidy();
  return (await runChecks()) ? 0 : 1;
});
