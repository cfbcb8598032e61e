/**
 * The body of POST /events → items; each item → an envelope like that of a GET request.
 *
 * An item is `{ "event_type", "event_id"?, "occurred_at"?, "player"?, "session"?, "params"? }`.
 * Values of `params` that are not text become their JSON text. The catalogue checks that text as it
 * checks a query's. `null` is the same as no value.
 *
 * Valid JSON that must be a mistake is refused with a reason: unknown fields and repeated names.
 */
import { events } from "../events.ts";
import { type EnvelopeMaps, writeEnvelope } from "../envelope.ts";
import { isReadableJson, JSON_LIMITS } from "../json-limits.ts";
import { WHOLE_TEXT } from "../misfit.ts";
import { BodyError } from "./body.ts";
import { firstWrongByte, utf8Text } from "./bytes.ts";
import {
  checkedEnvelope,
  newEnvelope,
  type Origin,
  refusedAs,
  refusedText,
  type SentEvent,
  unknownParameters,
} from "./receive.ts";
import { Refusal } from "./refusal.ts";
import { type Json, JsonError, readJson } from "./json.ts";
import type { Params } from "./params.ts";

/** Longer messages are refused. Kafka takes 1 MiB for a batch, with its own fields. */
export const MAX_MESSAGE_BYTES = 512 * 1024;

const MAX_EVENTS = 1000; // in one body
const FIELDS = ["event_type", "event_id", "occurred_at", "player", "session", "params"];

/** One event of a body, or a text that is not JSON, with the expectation and the found text. */
export type Item = { json: Json } | { source: string; expected: string; got: string };

/** The events of a body. `single`: the body is one JSON object. */
export interface Items {
  items: Item[];
  single: boolean;
}

/**
 * The items of a body of one JSON object, or an array of them.
 * @throws Refusal if the body is not JSON, BodyError if it has too many events.
 */
export function readJsonItems(body: Buffer, origin: Origin): Items {
  const item = readItem(body);
  if ("expected" in item) throw unreadable("body", item, origin);
  if (item.json.type !== "array") return { items: [item], single: true };
  checkCount(item.json.items);
  return { items: item.json.items.map((json) => ({ json })), single: false };
}

/**
 * The items of a body with one JSON object a line, without empty lines.
 * @throws BodyError if the body has too many events.
 */
export function readLines(body: Buffer): Items {
  const lines = linesOf(body).filter((line) => line.toString("latin1").trim() !== "");
  checkCount(lines);
  return { items: lines.map(readItem), single: false };
}

function linesOf(body: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let start = 0, end = 0; end < body.length; start = end + 1) {
    end = body.indexOf("\n", start);
    if (end < 0) end = body.length;
    lines.push(body.subarray(start, end));
  }
  return lines;
}

function checkCount({ length }: unknown[]): void {
  if (length > MAX_EVENTS)
    throw new BodyError(413, `body: expected at most ${MAX_EVENTS} events, got ${length}`);
}

/** Reads the text of one item. */
export function readItem(bytes: Buffer): Item {
  const source = utf8Text(bytes);
  if (source === null)
    return { source: bytes.toString("utf8"), expected: "UTF-8", got: firstWrongByte(bytes) };
  try {
    return { json: readJson(source) };
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    return { source, expected: `JSON (${error.message})`, got: source };
  }
}

function unreadable(field: string, item: Exclude<Item, { json: Json }>, origin: Origin): Refusal {
  return new Refusal(refusedText(item.source, origin), field, item.expected, item.got);
}

/** A valid event, as a message to publish. */
export interface ItemEvent {
  type: string;
  eventId: string;
  player: string | null; // the message's key
  message: string;
  envelope: EnvelopeMaps;
  warning: string | null; // names parameters that the event type does not have
}

/** @throws Refusal if two events of one id are not copies of each other. */
export function refuseConflict(first: ItemEvent, second: ItemEvent): void {
  const contentOf = ({ envelope }: ItemEvent) => writeEnvelope({ ...envelope, received_at: "" });
  if (contentOf(first) === contentOf(second)) return;
  throw new Refusal(refusedAs(second.envelope), "event_id", "an id of this event alone", second.eventId);
}

/**
 * Makes the event of an item.
 * @throws Refusal, with a reason for people, if the item is not an event of the catalogue.
 */
export function receiveItem(item: Item, origin: Origin, catalogue = events): ItemEvent {
  if ("expected" in item) throw unreadable("line", item, origin);
  const sent = newEnvelope(readFields(item.json, origin), origin);
  const event = catalogue.find(({ type }) => type === sent.event_type);
  if (event === undefined) {
    const types = `one of ${catalogue.map(({ type }) => type).join(", ")}`;
    throw new Refusal(refusedAs(sent), "event_type", types, sent.event_type);
  }
  const envelope = checkedEnvelope(event, sent);
  const message = writeEnvelope(envelope);
  const bytes = Buffer.byteLength(message) + Buffer.byteLength(envelope.player ?? "");
  if (bytes > MAX_MESSAGE_BYTES) {
    const limit = `at most ${MAX_MESSAGE_BYTES} bytes as a message with its key`;
    throw new Refusal(refusedAs(envelope), "event", limit, bytes);
  }
  const { event_id: eventId, player, params } = envelope;
  const warning = unknownParameters(event, params);
  return { type: event.type, eventId, player, message, envelope, warning };
}

/** The item's fields. A refusal needs `origin`. */
function readFields(json: Json, origin: Origin): SentEvent {
  const refusal = (field: string, expected: string, got?: string) =>
    new Refusal(refusedText(json.source, origin), field, expected, got);
  if (!isReadableJson(json.source)) throw refusal("event", `JSON (${JSON_LIMITS})`, json.source);
  const half = halfText(json);
  if (half !== undefined) throw refusal("event", WHOLE_TEXT, half);
  const fields = readObject("event", json);
  const unknown = [...fields.keys()].find((name) => !FIELDS.includes(name));
  if (unknown !== undefined) throw refusal("event", `only ${FIELDS.join(", ")}`, unknown);
  const eventType = readText("event_type");
  if (eventType === undefined) throw refusal("event_type", "text");
  return {
    event_type: eventType,
    event_id: readText("event_id"),
    player: readText("player"),
    session: readText("session"),
    occurred_at: readTime("occurred_at"),
    params: readParams(fields.get("params")),
  };

  function readObject(field: string, value: Json): Map<string, Json> {
    if (value.type !== "object") throw refusal(field, "a JSON object", value.source);
    const members = new Map<string, Json>();
    for (const [name, member] of value.members) {
      if (members.has(name)) throw refusal(field, "each name once", name);
      members.set(name, member);
    }
    return members;
  }

  function readText(field: string): string | undefined {
    const value = fields.get(field);
    if (value === undefined || value.type === "null") return undefined;
    if (value.type === "text") return value.value;
    throw refusal(field, "text", value.source);
  }

  /** A time as text, or a number of milliseconds. */
  function readTime(field: string): string | undefined {
    const value = fields.get(field);
    return value?.type === "number" ? value.source : readText(field);
  }

  function readParams(value: Json | undefined): Params {
    const params = new Map<string, string>();
    if (value === undefined || value.type === "null") return params;
    for (const [name, param] of readObject("params", value)) {
      if (param.type === "text") params.set(name, param.value);
      else if (param.type !== "null") params.set(name, param.source);
    }
    return params;
  }
}

/** A text or name that has half a character. The body is UTF-8, so only an escape can make one. */
function halfText(json: Json): string | undefined {
  if (!/\\u[dD][89a-fA-F]/.test(json.source)) return undefined;
  return textsIn(json).find((text) => !text.isWellFormed());
}

function textsIn(json: Json): string[] {
  if (json.type === "text") return [json.value];
  if (json.type === "array") return json.items.flatMap(textsIn);
  return json.type === "object" ? json.members.flatMap(([name, value]) => [name, ...textsIn(value)]) : [];
}
