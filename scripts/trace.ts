/** Follow one event by its id, from its request to the report. */
import { validate as isUuid } from "uuid";
import { describeTrace, traceEvent } from "../lib/audit/trace.ts";
import { command, UsageError } from "../lib/command.ts";

const usage = `npm run trace -- EVENT_ID [--json]
  Follows one event from its request to the report: message, commit, row of a
  file, row of a table, and the last report's bars and sentences that count it.
  --json    one JSON object
  Exit code 1: no place has the event; the message names the places.`;
const options = { json: { type: "boolean", default: false } } as const;

const hint = "npm run status shows what runs";
const frame = { usage, options, positionals: true, onlyPrints: true, isLong: true, hint };

await command("trace", frame, async ({ values, positionals }) => {
  const [eventId = "", ...others] = positionals;
  if (!isUuid(eventId) || others.length > 0)
    throw new UsageError(`expected one event_id, a UUID, got "${positionals.join(" ")}"`);
  const trace = await traceEvent(eventId.toLowerCase());
  if (values.json) console.log(JSON.stringify(trace, null, 2));
  else if (trace.ways.length > 0) console.log(describeTrace(trace));
  else console.error(`trace: ${describeTrace(trace)}`);
  return trace.ways.length > 0 ? 0 : 1;
});
