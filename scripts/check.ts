/** Check the checkout, or a cluster: a line for each finding; exit code 1 after a finding. */
import { runChecks, tidy } from "../lib/check/run-checks.ts";
import { checkCluster } from "../lib/cluster-check/cluster-check.ts";
import { findingLines } from "../lib/cluster-check/finding-text.ts";
import { command, UsageError } from "../lib/command.ts";

const usage = `npm run check -- [--write] | --cluster [--json]
  Checks lint, types, formatting, notebooks, words, reference and imports.
  --write    first makes docs/reference.md and the columns in
             docs/tables.md, formats the notebooks, and removes a
             run's outputs
  --cluster  instead asks Kafka, HDFS, Trino and the metastore for all
             that the product needs, and leaves nothing behind
  --json     one document: ready, findings (service, need, state,
             detail, remedy)`;
const options = {
  write: { type: "boolean", default: false },
  cluster: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
} as const;

await command("check", { usage, options, isLong: true }, async ({ values }) => {
  if (values.json && !values.cluster) throw new UsageError("--json: expected --cluster too");
  if (values.write && values.cluster) throw new UsageError("--write: expected it without --cluster");
  if (values.cluster) return printCluster(values.json);
  if (values.write) await tidy();
  return (await runChecks()) ? 0 : 1;
});

async function printCluster(asJson: boolean): Promise<number> {
  const findings = await checkCluster();
  const ready = findings.every(({ state }) => state === "works" || state === "optional");
  if (asJson) console.log(JSON.stringify({ ready, findings }, null, 2));
  else for (const line of findingLines(findings)) console.log(line);
  return ready ? 0 : 1;
}
