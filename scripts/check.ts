/** Check types, lint, formatting and the notebooks' cells; one line a finding, exit code 1 with any. */
import { runChecks, tidyNotebooks } from "../lib/check/run-checks.ts";
import { command } from "../lib/command.ts";

const usage = `npm run check [-- --write]
  --write    first formats the notebooks, and removes what a run left in them`;
const options = { write: { type: "boolean", default: false } } as const;

await command("check", { usage, options }, async ({ values }) => {
  if (values.write) await tidyNotebooks();
  return (await runChecks()) ? 0 : 1;
});
