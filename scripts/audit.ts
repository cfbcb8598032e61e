/** Prove that topic, files and tables have the same messages: those of today, and those of old. */
import { audit, type Proof } from "../lib/audit/audit.ts";
import { type Again, auditAgain } from "../lib/audit/audit-again.ts";
import { proofLines } from "../lib/audit/proof-text.ts";
import { checkDay, command, UsageError } from "../lib/command.ts";
import { printLines } from "../lib/print-lines.ts";

const usage = `npm run audit -- [--all | --since DAY] [--json]
  Compares the messages that landed since the last audit in the topic, in the
  files and in the tables, and writes a record of the ledger. Compares the sums
  over the ledger with the tables' counts of all days.
  --all        also repeats the audits of all records; replaces none
  --since DAY  also repeats those with messages of DAY (2026-01-31) or later
  --json       one document: now, before, again, lost, days, problems
  Exit code 1: something differs, or is missing; each difference is named.`;
const options = {
  all: { type: "boolean", default: false },
  since: { type: "string" },
  json: { type: "boolean", default: false },
} as const;
const hint = "npm run status shows what runs";

const interrupted = "its finished records stay, and the next audit goes on behind them";
const frame = { usage, options, hint, interrupted, isLong: true };

await command("audit", frame, async ({ values: { all, since, json }, doing }) => {
  if (all && since !== undefined) throw new UsageError("expected --all or --since, got both");
  checkDay("--since", since);
  const again = all || since !== undefined ? await auditAgain({ since, log: doing }) : null;
  const proof = await audit({ days: "all", log: doing });
  const problems = [...new Set([...(again?.problems ?? []), ...proof.problems])];
  const { newest } = proof;
  if (since !== undefined && (newest ?? "") < since)
    problems.push(`--since ${since}: expected messages of that day or later, the newest are of ${newest}`);
  const whole: Proof & { again: Omit<Again, "problems"> | null } = { ...proof, again, problems };
  if (json) console.log(JSON.stringify(documentOf(whole), null, 2));
  else await printLines(proofLines(whole));
  for (const problem of problems) console.error(`audit: ${problem}`);
  return problems.length > 0 ? 1 : 0;
});

function documentOf({ now, before, again, lost, days, problems }: Proof & { again: object | null }) {
  return { now, before, again, lost, days, problems };
}
