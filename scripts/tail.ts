/** Print the topic's last messages, one JSON line each. */
import { command, UsageError } from "../lib/command.ts";
import { events } from "../lib/events.ts";
import { printCounts, printMessages } from "../lib/print-topic.ts";
import { NOT_AN_EVENT } from "../lib/topic.ts";

const usage = `npm run tail -- [-n N | --all] [--type TYPE] [--follow | --count]
  Prints the topic's last messages, the newest last, one JSON line each.
  -n N           the last N messages (default: 20; 0 to 1,000,000)
  --all          all messages, each partition in its order
  --type TYPE    only events of this type
  --follow       continues with new messages, until Ctrl-C
  --count        the number of messages of each type, and in total
  A message that is not one line of JSON is printed as a JSON string.`;
const DEFAULT_LAST = 20;
const MAX_LAST = 1_000_000;
const options = {
  last: { type: "string", short: "n", default: String(DEFAULT_LAST) },
  all: { type: "boolean", default: false },
  type: { type: "string" },
  count: { type: "boolean", default: false },
  follow: { type: "boolean", default: false },
} as const;

const frame = {
  usage,
  options,
  interruptible: true,
  onlyPrints: true,
  hint: "npm run status shows what runs",
};

await command("tail", frame, async ({ values, signal }) => {
  const { type, count, follow } = values;
  const known = [...events.map((event) => event.type), NOT_AN_EVENT];
  if (type !== undefined && !known.includes(type))
    throw new UsageError(`--type: expected one of ${known.join(", ")}, got "${type}"`);
  if (count && follow) throw new UsageError("expected --count or --follow, got both");
  if (!/^\d{1,7}$/.test(values.last) || Number(values.last) > MAX_LAST)
    throw new UsageError(`-n: expected a number from 0 to ${MAX_LAST}, got "${values.last}"`);
  const last = values.all ? Infinity : Number(values.last);
  if (count) await printCounts(type);
  else await printMessages({ type, last, follow, signal });
});
