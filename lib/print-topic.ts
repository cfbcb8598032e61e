/**
 * The topic → lines on stdout: its messages, or their number by event type.
 *
 * A message that is not one line of JSON is printed as a JSON string.
 */
import { once } from "node:events";
import { peek } from "./envelope.ts";
import { events } from "./events.ts";
import { countTopic, type PartitionOffsets, readOffsets, readTopic, type TopicMessage } from "./topic.ts";
import { forTerminalJson } from "./untrusted.ts";

export interface PrintOptions {
  type?: string; // only messages of this event type
  last: number; // of the messages that exist; Infinity: all of them
  follow: boolean; // go on with new messages
  signal: AbortSignal; // ends the reading
}

const FIRST_LOOK = 1_000; // offsets of a partition that are read for its last messages
const MORE = 10; // times as many, if they hold too few

/** Prints the last messages of the topic, oldest first, one line each. */
export async function printMessages({ type, last, follow, signal }: PrintOptions): Promise<void> {
  const isWanted = ({ value }: TopicMessage) => type === undefined || peek(value).event_type === type;
  const print = async (message: TopicMessage): Promise<void> => {
    const { value } = message;
    if (!isWanted(message)) return;
    const line = forTerminalJson(isJsonLine(value) ? value : JSON.stringify(value));
    if (!process.stdout.write(`${line}\n`)) await once(process.stdout, "drain");
  };
  if (last === Infinity) {
    await readTopic({ follow, signal, onMessage: print });
    return;
  }
  const offsets = await readOffsets();
  for (const message of await lastMessages(offsets, last, isWanted, signal)) await print(message);
  if (!follow) return;
  const from = new Map(offsets.map(({ partition, high }) => [partition, high]));
  await readTopic({ from, follow, signal, onMessage: print });
}

/** The last wanted messages of all partitions together, by their time. */
async function lastMessages(
  offsets: readonly PartitionOffsets[],
  last: number,
  isWanted: (message: TopicMessage) => boolean,
  signal: AbortSignal,
): Promise<TopicMessage[]> {
  if (last === 0) return [];
  for (let look = Math.max(FIRST_LOOK, last); ; look *= MORE) {
    const from = new Map(offsets.map(({ partition, low, high }) => [partition, Math.max(low, high - look)]));
    const found = new Map(offsets.map(({ partition }) => [partition, [] as TopicMessage[]]));
    const onMessage = (message: TopicMessage): void => {
      const kept = found.get(message.partition);
      const end = offsets.find(({ partition }) => partition === message.partition)?.high ?? 0;
      if (kept === undefined || message.offset >= end || !isWanted(message)) return;
      if (kept.push(message) > 2 * last) kept.splice(0, last);
    };
    await readTopic({ from, signal, onMessage });
    const isWhole = offsets.every(
      ({ partition, low }) => from.get(partition) === low || found.get(partition)!.length >= last,
    );
    if (!isWhole && !signal.aborted) continue;
    return [...found.values()]
      .flat()
      .sort((a, b) => a.timestamp - b.timestamp || a.partition - b.partition || a.offset - b.offset)
      .slice(-last);
  }
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
