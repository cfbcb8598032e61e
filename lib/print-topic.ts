/**
 * The topic → lines on stdout: its messages, or their number by event type.
 *
 * A message that is not one line of JSON is printed as a JSON string.
 */
import { once } from "node:events";
import { peek } from "./envelope.ts";
import { events } from "./events.ts";
import { countTopic, readTopic, type TopicMessage } from "./topic.ts";
import { forTerminalJson } from "./untrusted.ts";

export interface PrintOptions {
  type?: string; // only messages of this event type
  follow: boolean; // go on with new messages
  signal: AbortSignal; // ends the reading
}

/** Prints the messages from the topic's beginning, one line each. */
export async function printMessages({ type, follow, signal }: PrintOptions): Promise<void> {
  const onMessage = async ({ value }: TopicMessage): Promise<void> => {
    if (type !== undefined && peek(value).event_type !== type) return;
    const line = forTerminalJson(isJsonLine(value) ? value : JSON.stringify(value));
    if (!process.stdout.write(`${line}\n`)) await once(process.stdout, "drain");
  };
  await readTopic({ follow, signal, onMessage });
}

/** Prints the number of messages of each event type, or of one, and in total. */
export async function printCounts(type?: string): Promise<void> {
  const { total, per_type: perType } = await countTopic();
  const types = [...new Set([...events.map((event) => event.type), ...Object.keys(perType)])];
  const lines = types
    .filter((name) => type === undefined || name === type)
    .map((name): [string, number] => [name, perType[name] ?? 0]);
  if (type === undefined) lines.push(["total", total]);
  for (const [name, number] of lines) console.log(`${name.padEnd(20)}${String(number).padStart(10)}`);
}

function isJsonLine(value: string | null): value is string {
  try {
    JSON.parse(value ?? "");
    return !value?.includes("\n");
  } catch {
    return false;
  }
}
