/**
 * Print the topic's messages, one JSON line each, from its beginning to its current end.
 *
 *   npm run tail                             all of them, then end (as kafkacat -o beginning -e)
 *   npm run tail -- --type purchase_sword    only those of one event type
 *   npm run tail -- --count                  how many there are of each type, and in total
 *   npm run tail -- --follow                 go on with what arrives, until Ctrl-C
 *
 * A message that is not one line of JSON is printed as a JSON string. What a terminal could take for a command is escaped.
 */
import { once } from "node:events";
import { parseArgs } from "node:util";
import { forTerminalJson } from "../lib/untrusted.ts";
import { events } from "../lib/game.ts";
import { peek } from "../lib/envelope.ts";
import { countTopic, NOT_AN_EVENT, readTopic, type TopicMessage } from "../lib/topic.ts";
import { recordScript } from "../lib/history.ts";

const USAGE = "try: npm run tail -- [--type TYPE] [--count | --follow]";

const { type, count, follow } = readArguments();
recordScript("tail");
const stop = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => stop.abort());
// A reader that has seen enough, such as head, closes the pipe: that is the end, and no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));

try {
  if (count) await printCounts();
  else await readTopic({ follow, signal: stop.signal, onMessage: printMessage });
} catch (error) {
  console.error(`tail: ${(error as Error).message}; npm run status says what runs`);
  process.exitCode = 1;
}

async function printMessage({ value }: TopicMessage): Promise<void> {
  if (type !== undefined && peek(value).event_type !== type) return;
  const line = forTerminalJson(isJson(value) ? value : JSON.stringify(value));
  if (!process.stdout.write(`${line}\n`)) await once(process.stdout, "drain");
}

async function printCounts(): Promise<void> {
  const { total, per_type: perType } = await countTopic();
  const types = [...new Set([...events.map((event) => event.type), ...Object.keys(perType)])];
  const lines = types
    .filter((name) => type === undefined || name === type)
    .map((name) => [name, perType[name] ?? 0]);
  if (type === undefined) lines.push(["total", total]);
  for (const [name, number] of lines) console.log(`${String(name).padEnd(20)}${String(number).padStart(10)}`);
}

function isJson(value: string | null): value is string {
  try {
    JSON.parse(value ?? "");
    return !value?.includes("\n");
  } catch {
    return false;
  }
}

function readArguments() {
  try {
    const { values } = parseArgs({
      options: {
        type: { type: "string" },
        count: { type: "boolean", default: false },
        follow: { type: "boolean", default: false },
      },
    });
    const known = [...events.map((event) => event.type), NOT_AN_EVENT];
    if (values.type !== undefined && !known.includes(values.type))
      throw new Error(`--type: expected one of ${known.join(", ")}, got "${values.type}"`);
    if (values.count && values.follow) throw new Error("expected --count or --follow, got both");
    return values;
  } catch (error) {
    console.error(`tail: ${(error as Error).message}; ${USAGE}`);
    process.exit(2);
  }
}
