/** Break something in the running stack on purpose, and print the cost. */
import { command, UsageError } from "../lib/command.ts";
import { drills } from "../lib/drill/drills.ts";
import { runDrills } from "../lib/drill/run-drills.ts";
import { askDatanode, askKafka, askMetastoreByTrino } from "../lib/services/ready.ts";

const usage = `npm run drill -- [NAME…] [--short] [--seed N]
  Breaks something in the running stack on purpose, and prints the cost.
  NAME        only these drills; a run of all writes history/drills.md
  --short     the short forms, which the tests run too
  --seed N    another seed for random choices
  Exit code 1: a goal was missed.
  Attacks on API, report and stack are tests: npm run test:attacks.`;
const options = {
  short: { type: "boolean", default: false },
  seed: { type: "string", default: "1" },
} as const;
const hint = "npm run up starts the stack, on which drills run";
const OWN_STACK = "cluster";
const frame = { usage, options, hint, positionals: true, interruptible: true };

await command("drill", frame, async ({ values, positionals, signal }) => {
  if (!/^\d{1,9}$/.test(values.seed))
    throw new UsageError(`--seed: expected an integer from 0 to 999999999, got "${values.seed}"`);
  const names = drills.map(({ name }) => name);
  const unknown = positionals.find((word) => !names.includes(word));
  if (unknown !== undefined)
    throw new UsageError(`expected names among ${names.join(", ")}, got "${unknown}"`);
  const chosen = drills.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  if (chosen.some(({ name }) => name !== OWN_STACK))
    await Promise.all([askKafka(), askDatanode(), askMetastoreByTrino()]);
  return runDrills(chosen, { short: values.short, seed: Number(values.seed), signal });
});
process.exit(); // an interrupted drill must not keep the process
