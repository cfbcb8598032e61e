/**
 * A number of rows → a topic with events of the last days, as if players had sent them all along.
 *
 * Each message has the time of its event as Kafka's timestamp, and an id of that time, as the API
 * makes it. Times rise in each partition. One message in 1,000 is a copy of the one before it, and
 * one in 10,000 does not fit its event type.
 */
import { v7 as newUuid } from "uuid";
import { exampleParameters } from "../catalog.ts";
import type { Envelope } from "../envelope.ts";
import { events } from "../events.ts";
import { kafkaClient, type Message, Partitioners, PATIENT } from "../kafka.ts";
import { settings } from "../settings.ts";
import { readOffsets } from "../topic.ts";

const BATCH = 1_500; // messages of one request: Kafka takes 1 MB
const COPY_EVERY = 1_000;
const MISFIT_EVERY = 10_000;
const PLAYERS = 5_000;
const EXAMPLES = 500; // of the parameters of each type
const DAY_MS = 86_400_000;

/** Sends `rows` messages of the last `days` days. */
export async function fillTopic(rows: number, days: number): Promise<void> {
  const { topic } = settings;
  const partitions = (await readOffsets()).map(({ partition }) => partition);
  const client = kafkaClient(settings.kafkaBrokers, { retries: PATIENT, requestTimeoutMs: 30_000 });
  const producer = client.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  const end = Date.now();
  const parameters = events.map((event) =>
    Array.from({ length: EXAMPLES }, (_, n) => exampleParameters(event, n)),
  );
  try {
    for (let sent = 0; sent < rows; sent += BATCH) {
      const partition = partitions[(sent / BATCH) % partitions.length]!;
      const messages: Message[] = [];
      for (let n = sent; n < Math.min(rows, sent + BATCH); n++) {
        const time = Math.floor(end - days * DAY_MS * (1 - n / rows));
        const isCopy = n % COPY_EVERY === COPY_EVERY - 1;
        messages.push(isCopy ? messages.at(-1)! : { ...messageOf(n, time, parameters), partition });
      }
      await producer.send({ topic, messages });
    }
  } finally {
    await producer.disconnect();
  }
}

/** A message like the API's. @param time of the event, in milliseconds */
function messageOf(n: number, time: number, parameters: readonly Record<string, string>[][]): Message {
  const type = n % events.length;
  const player = `user${(n * 7_919) % PLAYERS}`;
  const envelope: Envelope = {
    event_id: newUuid({ msecs: time }),
    event_type: n % MISFIT_EVERY === 1 ? "sell_a_bow" : events[type]!.type,
    received_at: new Date(time).toISOString(),
    player,
    params: parameters[type]![n % EXAMPLES]!,
    headers: { Accept: "*/*", Host: `${player}.example.com`, "User-Agent": "game/2.3" },
    remote_addr: "127.0.0.1",
  };
  return { key: player, timestamp: String(time), value: JSON.stringify(envelope) };
}
