/**
 * Follow one event by its id: request, message, commit, row of a file, row of a table, and the bars and sentences
 * of the last report that count it, as the report's record proves.
 *
 *   npm run trace -- 0197a8c2-5b1e-7000-8000-3f9d2c4b6a10
 *   npm run -s trace -- EVENT_ID --json     the same as one JSON object
 *
 * Exit 1 if the event is nowhere; the message says where it was looked for.
 */
import { parseArgs } from "node:util";
import { validate as isUuid } from "uuid";
import { recordScript } from "../lib/history.ts";
import { describeTrace, traceEvent } from "../lib/audit/trace.ts";

const { eventId, json } = readArguments();
recordScript("trace");
try {
  const trace = await traceEvent(eventId);
  if (json) console.log(JSON.stringify(trace, null, 2));
  else if (trace.ways.length > 0) console.log(describeTrace(trace));
  else console.error(`trace: ${describeTrace(trace)}`);
  if (trace.ways.length === 0) process.exitCode = 1;
} catch (error) {
  console.error(`trace: ${(error as Error).message}; npm run status says what runs`);
  process.exitCode = 1;
}

function readArguments(): { eventId: string; json: boolean } {
  const usage = "npm run trace -- EVENT_ID [--json]";
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { json: { type: "boolean", default: false } },
    });
    const [eventId = "", ...others] = positionals;
    if (!isUuid(eventId) || others.length > 0)
      throw new Error(`expected one event_id, a UUID, got "${positionals.join(" ")}"`);
    return { eventId: eventId.toLowerCase(), json: values.json };
  } catch (error) {
    console.error(`trace: ${(error as Error).message}; try: ${usage}`);
    process.exit(2);
  }
}
