/**
 * Drill `poison`: messages that are not events come to the topic among events, without the API.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type EventDefinition, exampleParameters, failedEvents } from "../catalog.ts";
import { events } from "../events.ts";
import { JSON_LIMITS } from "../json-limits.ts";
import { kafkaClient, type Message, Partitioners } from "../kafka.ts";
import { runStatement } from "../services/plain-trino.ts";
import { settings } from "../settings.ts";
import { underLoad } from "./drill.ts";
import { countRows } from "../testbed/witness.ts";
import type { Pipeline } from "../testbed/pipeline.ts";
import { until } from "../until.ts";

const PAUSE_MS = 50; // between two bad messages, on average
const BIG_CHARS = 1_000_000; // Kafka takes 1,048,588 bytes
const DEEP = "[".repeat(100_000) + "]".repeat(100_000);
const VISIBLE_LIMIT_MS = 15_000; // from the last message to the last row

/** A kind of bad message: the beginning of its reason, and its value with a given event_id. */
interface Poison {
  reason: string;
  value: (id: string) => Message["value"];
}

const parameters = events.flatMap((event) => event.parameters.map((parameter) => ({ event, parameter })));
const typed = parameters.filter(({ parameter }) => parameter.type !== "text");
const envelope = {
  event_type: events[0]!.type,
  received_at: "2026-01-31T12:00:00.000Z",
  player: "poison",
  params: exampleParameters(events[0]!, 1),
  headers: {},
  remote_addr: "127.0.0.1",
};
const KINDS: readonly Poison[] = [
  { reason: "the message: expected JSON, got no value", value: () => null },
  { reason: 'the message: expected JSON, got "not', value: () => "not JSON\n\t\0'\"; DROP TABLE events; --" },
  { reason: 'the message: expected JSON, got ""', value: () => "" },
  { reason: 'the message: expected JSON, got "xxx', value: () => "x".repeat(BIG_CHARS) },
  {
    reason: "the message: expected UTF-8",
    value: () => Buffer.from([0x22, 0xff, 0xfe, 0xed, 0xa0, 0x80, 0x22]),
  },
  { reason: "the message: expected a JSON object, got null", value: () => "null" },
  { reason: "the message: expected a JSON object, got []", value: () => "[]" },
  { reason: `the message: expected JSON (${JSON_LIMITS}), got "[`, value: () => DEEP },
  {
    reason: `the message: expected JSON (${JSON_LIMITS}), got "{`,
    value: (id) => eventOf(id, { params: [] }).replace("[]", DEEP),
  },
  { reason: "event_type: expected one of", value: (id) => `{"__proto__":${eventOf(id, {})}}` },
  // The next two kinds exist only if the game has a parameter, and a parameter that is not a text.
  ...parameters.slice(0, 1).map(({ event, parameter: { name } }): Poison => ({
    reason: `params.${name}: expected text`,
    value: (id) => eventOf(id, withValue(event, name, 50)),
  })),
  ...typed.slice(0, 1).map(({ event, parameter: { name, expected } }): Poison => ({
    reason: `params.${name}: expected ${expected}`,
    value: (id) => eventOf(id, withValue(event, name, "?")),
  })),
  { reason: "player: expected text", value: (id) => eventOf(id, { player: ["a"] }) },
  {
    reason: "received_at: expected a time",
    value: (id) => eventOf(id, { received_at: "2026-02-31T00:00:00.000Z" }),
  },
];

export const poison = underLoad(
  {
    name: "poison",
    what: "messages that are not events come among events: each one becomes a row of failed_events with the reason, and no event waits",
    perSecond: 200,
  },
  async ({ pipeline, players, random, short, log }) => {
    const bad = short ? 100 : 1_000;
    const sent = new Map<string, number>(); // reason → messages
    const producer = kafkaClient(settings.kafkaBrokers).producer({
      createPartitioner: Partitioners.DefaultPartitioner,
    });
    await producer.connect();
    try {
      for (let i = 0; i < bad; i++) {
        const { reason, value } = KINDS[i % KINDS.length]!;
        const key = random() < 0.5 ? null : `player ${i}`;
        await producer.send({ topic: pipeline.topic, messages: [{ key, value: value(randomUUID()) }] });
        sent.set(reason, (sent.get(reason) ?? 0) + 1);
        if (i % 100 === 99) log(`${i + 1} of ${bad} bad messages`);
        await sleep(random() * 2 * PAUSE_MS);
      }
    } finally {
      await producer.disconnect();
    }
    players.stop();
    const { accepted } = await players.done;
    const visibleMs = await untilVisible(pipeline, accepted.size + bad);
    await expectReasons(pipeline, sent);
    return { bad, kinds: sent.size, last_visible_ms: visibleMs };
  },
);

/** The fields of an event whose parameters fit, except for one. */
function withValue(event: EventDefinition, name: string, value: unknown): object {
  return { event_type: event.type, params: { ...exampleParameters(event, 1), [name]: value } };
}

function eventOf(event_id: string, fields: object): string {
  return JSON.stringify({ ...envelope, event_id, ...fields });
}

function untilVisible(pipeline: Pipeline, rows: number): Promise<number> {
  const since = Date.now();
  const ask = async () => {
    const visible = (await countRows(pipeline)).rows;
    if (visible >= rows) return Date.now() - since;
    throw new Error(`${visible} rows`);
  };
  return until(`Trino shows ${rows} rows`, ask, { limitMs: VISIBLE_LIMIT_MS, everyMs: PAUSE_MS });
}

/**
 * @throws Error if `failed_events` has another number of rows with a reason than messages were sent
 */
async function expectReasons({ schema }: Pipeline, sent: Map<string, number>): Promise<void> {
  const rows = await runStatement(
    `SELECT reason, count(*) FROM ${schema}.${failedEvents.table} GROUP BY reason`,
  );
  const found = new Map<string, number>();
  for (const [reason, count] of rows as [string, number][]) {
    const known = [...sent.keys()].find((beginning) => reason.startsWith(beginning)) ?? reason;
    found.set(known, (found.get(known) ?? 0) + count);
  }
  const shown = (counts: Map<string, number>) => JSON.stringify([...counts].sort());
  if (shown(found) !== shown(sent))
    throw new Error(`failed_events: expected ${shown(sent)}, got ${shown(found)}`);
}
