/** Print the topic's messages from its beginning to its present end, one JSON line each. */
import { command, UsageError } from "../lib/command.ts";
import { events } from "../lib/events.ts";
import { printCounts, printMessages } from "../lib/print-topic.ts";
import { NOT_AN_EVENT } from "../lib/topic.ts";

const usage = `npm run tail -- [--type TYPE] [--count | --follow]
  Prints the topic's messages, one JSON line each.
  --type TYPE    only events of this type
  --count        the number of messages of each type, and in total
  --follow       continues with new messages, until Ctrl-C
  A message that is not one line of JSON is printed as a JSON string.`;
const options = {
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
  if (count) await printCounts(type);
  else await printMessages({ type, follow, signal });
});
