/**
 * A failed event → the event that it is by the present catalogue, or the reason why it is not one.
 *
 * A message of the events' topic is read as the stream reads it. A text that the API refused is
 * read as the API reads it: an envelope, or an item of a POST. An item becomes an envelope with the
 * row's time and without headers. If it has no id, it gets an id that is made of its place: so a
 * second replay finds it in its table.
 */
import { v5 as idOfName } from "uuid";
import { columnsOf, type EventDefinition } from "../catalog.ts";
import { readItem, receiveItem } from "../collect/items.ts";
import { type Json, JsonError, readJson } from "../collect/json.ts";
import { checkedEnvelope } from "../collect/receive.ts";
import { type EnvelopeMaps, eventReader, type EventRow, readEvent, writeEnvelope } from "../envelope.ts";
import { events } from "../events.ts";
import { NOT_UTF8 } from "../land/batch.ts";
import { Misfit } from "../misfit.ts";
import { isShortened } from "../refused.ts";
import { settings } from "../settings.ts";
import { WAITING } from "../waiting.ts";
import type { FailedEvent } from "./failed.ts";

/** Whether a failed event fits the present catalogue; if not, why. */
export type Assessment =
  | { fits: true; raw: string; event_id: string; event_type: string; player: string | null }
  | { fits: false; why: string };

export interface AssessOptions {
  failedTopic?: string; // of texts that the API refused
  catalogue?: readonly EventDefinition[];
  blocked?: ReadonlyMap<string, string>; // reasons, by tables that no stream may write
}

const NAMESPACE = "5b0c3c1e-6a0e-5d0c-9a3c-2f6f0f6a7e11"; // of ids that are made of places
const NOT_UTF8_ITEM = /^(line|body): expected UTF-8/;
const ALWAYS = ["event_type", "received_at", "player", "params", "headers", "remote_addr"];
const SOMETIMES = ["event_id", "occurred_at", "session", "definition"];
const OTHER_FIELDS = /^event: expected only /; // an item's reason: its fields are no envelope's

/** Assesses a failed event as if it came now. `raw` is the message to send. */
export function assess(
  failed: FailedEvent,
  { failedTopic = settings.failedTopic, catalogue = events, blocked = new Map() }: AssessOptions = {},
): Assessment {
  const { topic, reason, raw_event: text, kafka_partition: partition, kafka_offset: offset } = failed;
  const unfit = (why: string): Assessment => ({ fits: false, why });
  const isRefused = topic === failedTopic;
  if (text === null) return unfit("the message had no value");
  if (text === "" && isRefused) return unfit("its text was empty, or not kept (QUESTLOG_RETENTION)");
  if (reason === NOT_UTF8) return unfit("raw_event differs from the message, which was not UTF-8");
  if (isRefused && NOT_UTF8_ITEM.test(reason)) return unfit(reason);
  try {
    const raw = isRefused ? messageOf(failed, text, catalogue) : text;
    const read = catalogue === events ? readEvent : eventReader(catalogue);
    const row = read(raw, { timestamp: failed.time.getTime(), partition, offset });
    const { table, type } = row.event;
    if (blocked.has(table)) return unfit(WAITING + blocked.get(table));
    const [event_id, player] = [valueOf(row, "event_id")!, valueOf(row, "player")];
    return { fits: true, raw, event_id, event_type: type, player };
  } catch (error) {
    if (!(error instanceof Misfit)) throw error;
    if (!isRefused || !isShortened(text)) return unfit(error.message);
    return unfit(`raw_event is incomplete: the API shortened it to ${Buffer.byteLength(text)} bytes`);
  }
}

/**
 * The message that the API makes now of a text that it refused.
 * @throws Misfit with the API's reason
 */
function messageOf(failed: FailedEvent, text: string, catalogue: readonly EventDefinition[]): string {
  const envelope = OTHER_FIELDS.test(failed.reason) ? null : readEnvelope(text);
  if (envelope === null) return messageOfItem(failed, text, catalogue);
  const event = catalogue.find(({ type }) => type === envelope.event_type);
  return writeEnvelope(event === undefined ? envelope : checkedEnvelope(event, envelope));
}

function messageOfItem(
  { place, time, reason }: FailedEvent,
  text: string,
  catalogue: readonly EventDefinition[],
): string {
  const item = readItem(Buffer.from(text));
  try {
    const { envelope, type } = receiveItem(item, { headers: {}, remoteAddr: "" }, catalogue);
    const received_at = time.toISOString();
    const hasId = "json" in item && fieldsOf(item.json).get("event_id")?.type === "text";
    const event_id = hasId ? envelope.event_id : idOfName(`${place} ${received_at}`, NAMESPACE);
    const event = catalogue.find((one) => one.type === type)!;
    return writeEnvelope(checkedEnvelope(event, { ...envelope, event_id, received_at }));
  } catch (error) {
    // A body that is not JSON is kept as a whole.
    if (error instanceof Misfit && reason.startsWith("body: "))
      error.message = error.message.replace(/^line: /, "body: ");
    throw error;
  }
}

/** Reads the envelope of a refused event; null: the text has another form. */
function readEnvelope(text: string): EnvelopeMaps | null {
  const fields = fieldsOf(readObject(text));
  const [params, headers] = [textsOf(fields.get("params")), textsOf(fields.get("headers"))];
  const textOf = (name: string) => textIn(fields.get(name));
  const [received_at, remote_addr] = [textOf("received_at"), textOf("remote_addr")];
  const [event_type, player] = [textOf("event_type"), fields.get("player")?.type];
  const isEnvelope =
    received_at !== undefined && remote_addr !== undefined && event_type !== undefined && params && headers;
  if (!isEnvelope || (player !== "text" && player !== "null")) return null;
  const others = [...fields].filter(([name]) => !ALWAYS.includes(name));
  if (others.some(([name, { type }]) => !SOMETIMES.includes(name) || type !== "text")) return null;
  return {
    event_id: textOf("event_id")!, // without an id, checkedEnvelope throws
    event_type,
    received_at,
    occurred_at: textOf("occurred_at"),
    player: textOf("player") ?? null,
    session: textOf("session"),
    definition: textOf("definition"),
    params,
    headers,
    remote_addr,
  };
}

function readObject(text: string): Json {
  try {
    return readJson(text);
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    return { type: "null", source: "" };
  }
}

/** An object's fields; empty for another value, or if a name comes twice. */
function fieldsOf(json: Json | undefined): Map<string, Json> {
  if (json?.type !== "object") return new Map();
  const fields = new Map(json.members);
  return fields.size === json.members.length ? fields : new Map<string, Json>();
}

/** The texts of an object; null for another value. */
function textsOf(json: Json | undefined): Map<string, string> | null {
  const fields = fieldsOf(json);
  if (json?.type !== "object" || fields.size !== json.members.length) return null;
  const texts = new Map<string, string>();
  for (const [name, value] of fields) {
    if (value.type !== "text") return null;
    texts.set(name, value.value);
  }
  return texts;
}

function textIn(json: Json | undefined): string | undefined {
  return json?.type === "text" ? json.value : undefined;
}

/** A text of an event's row. */
function valueOf({ event, values }: EventRow, column: string): string | null {
  const value = values[columnsOf(event).findIndex(({ name }) => name === column)];
  return typeof value === "string" ? value : null;
}
