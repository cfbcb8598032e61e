/**
 * The body of POST /events → items, and each item → its event, as an envelope like that of a GET request.
 *
 * An item is `{ "event_type", "event_id"?, "player"?, "params"? }`. Numbers and booleans of `params` become their JSON text,
 * and the catalogue then judges that text as it judges a query's. What JSON lets pass and nobody can mean is
 * refused with a reason: unknown fields, a name given twice, a parameter that is an object.
 */
import { events } from "../game.ts";
import { BodyError } from "./body.ts";
import {
  checkEnvelope,
  newEnvelope,
  type Origin,
  ParameterError,
  refusedAs,
  refusedText,
  type SentEvent,
  toMessage,
} from "./receive.ts";
import { type Json, JsonError, readJson } from "./json.ts";
import type { Params } from "./params.ts";

/** Messages beyond this are refused: Kafka takes 1 MiB, with all that is around them. */
export const MAX_MESSAGE_BYTES = 512 * 1024;

const MAX_EVENTS = 1000; // of one body
const FIELDS = ["event_type", "event_id", "player", "params"];
const MAX_SHOWN_CHARS = 200;
const byType = new Map(events.map((event) => [event.type, event]));

/** One event of a body; `error` where its line is no JSON. */
export type Item = { json: Json } | { source: string; error: JsonError };

/** What a body holds; `single`: one event that is no member of a list. */
export interface Items {
  items: Item[];
  single: boolean;
}

/**
 * The items of a body of one JSON object, or an array of them.
 * @throws ParameterError if it is no JSON, BodyError if there are too many.
 */
export function readJsonItems(body: string, origin: Origin): Items {
  const item = readItem(body);
  if ("error" in item) throw noJson("body", item, origin);
  if (item.json.type !== "array") return { items: [item], single: true };
  checkCount(item.json.items);
  return { items: item.json.items.map((json) => ({ json })), single: false };
}

/** The items of a body of one JSON object a line; empty lines are none. @throws BodyError if there are too many. */
export function readLines(body: string): Items {
  const lines = body.split("\n").filter((line) => line.trim() !== "");
  checkCount(lines);
  return { items: lines.map(readItem), single: false };
}

function checkCount({ length }: unknown[]): void {
  if (length > MAX_EVENTS)
    throw new BodyError(413, `body: expected at most ${MAX_EVENTS} events, got ${length}`);
}

function readItem(source: string): Item {
  try {
    return { json: readJson(source) };
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    return { source, error };
  }
}

function noJson(field: string, { source, error }: { source: string; error: JsonError }, origin: Origin) {
  return new ParameterError(field, `JSON (${error.message})`, shown(source), refusedText(source, origin));
}

/** An event that fits: what to publish. */
export interface ItemEvent {
  type: string;
  eventId: string;
  player: string; // the message's key
  message: string;
}

/**
 * Makes the event of an item.
 * @throws ParameterError with a reason for people if it is none of the catalogue.
 */
export function receiveItem(item: Item, origin: Origin): ItemEvent {
  if ("error" in item) throw noJson("line", item, origin);
  const envelope = newEnvelope(readFields(item.json, origin), origin);
  const event = byType.get(envelope.event_type);
  if (event === undefined) {
    const types = `one of ${[...byType.keys()].join(", ")}`;
    throw new ParameterError("event_type", types, shown(envelope.event_type), refusedAs(envelope));
  }
  checkEnvelope(event, envelope);
  const message = toMessage(envelope);
  const bytes = Buffer.byteLength(message) + Buffer.byteLength(envelope.player);
  if (bytes > MAX_MESSAGE_BYTES) {
    const limit = `at most ${MAX_MESSAGE_BYTES} bytes as a message with its key`;
    throw new ParameterError("event", limit, String(bytes), refusedAs(envelope));
  }
  return { type: event.type, eventId: envelope.event_id, player: envelope.player, message };
}

/** The item's fields; `origin` is for what is refused here. */
function readFields(json: Json, origin: Origin): SentEvent {
  const misfit = (field: string, expected: string, got: string) =>
    new ParameterError(field, expected, shown(got), refusedText(json.source, origin));
  const fields = readObject("event", json);
  const unknown = [...fields.keys()].find((name) => !FIELDS.includes(name));
  if (unknown !== undefined) throw misfit("event", `only ${FIELDS.join(", ")}`, unknown);
  const eventType = readText("event_type");
  if (eventType === undefined) throw misfit("event_type", "text", "nothing");
  return {
    event_type: eventType,
    event_id: readText("event_id"),
    player: readText("player"),
    params: readParams(fields.get("params")),
  };

  function readObject(field: string, value: Json): Map<string, Json> {
    if (value.type !== "object") throw misfit(field, "a JSON object", value.source);
    const members = new Map<string, Json>();
    for (const [name, member] of value.members) {
      if (members.has(name)) throw misfit(field, "each name once", name);
      members.set(name, member);
    }
    return members;
  }

  function readText(field: string): string | undefined {
    const value = fields.get(field);
    if (value === undefined || value.type === "text") return value?.value;
    throw misfit(field, "text", value.source);
  }

  function readParams(value: Json | undefined): Params {
    const params = new Map<string, string>();
    if (value === undefined) return params;
    for (const [name, param] of readObject("params", value)) {
      if (param.type === "text") params.set(name, param.value);
      else if (param.type === "number" || param.type === "boolean") params.set(name, param.source);
      else throw misfit(name, "text, a number, true or false", param.source);
    }
    return params;
  }
}

/** Its beginning, if it is long. */
export function shown(text: string): string {
  return text.length <= MAX_SHOWN_CHARS
    ? text
    : `${text.slice(0, MAX_SHOWN_CHARS)}… (${text.length} characters)`;
}
