/**
 * The contract between collect and land: envelope ↔ text of a Kafka message → values of a row.
 *
 * The text is written field by field, not from objects, so that parameters keep the order of the
 * request. Reading trusts no message, because any program can write to the topic. `readEvent` reads
 * an event of the catalogue or throws; `peek` takes any text and returns the fields that it has.
 */
import {
  columnsOf,
  type EventDefinition,
  expectations,
  type ParameterType,
  parseValue,
  type Value,
} from "./catalog.ts";
import { events } from "./game.ts";
import { isObject, type JsonObject, Misfit, objectOf, own, parseJson, textOf } from "./misfit.ts";

/** The record that a request becomes: one JSON object a Kafka message, keyed by the player. */
export interface Envelope {
  event_id: string; // UUID v7, or the client's own UUID
  event_type: string;
  received_at: string; // ISO 8601 in UTC, with milliseconds
  player: string;
  params: Record<string, string>; // as sent; nested, so no parameter can override a field
  headers: Record<string, string>; // names in Title-Case, without `secretHeaders`
  remote_addr: string;
}

/** An envelope before it is text. Maps keep the order of names, and allow the name "__proto__". */
export interface EnvelopeMaps extends Omit<Envelope, "params" | "headers"> {
  params: ReadonlyMap<string, string>;
  headers: ReadonlyMap<string, string>;
}

/** A refused envelope. Without an id, a replay cannot send it as it is. */
type RefusedEnvelope = Omit<EnvelopeMaps, "event_id"> & { event_id: string | undefined };

/** Fields of a text that may be an envelope; null: missing, or of another type. */
export interface Glimpse {
  event_id: string | null;
  event_type: string | null;
  received_at: string | null;
  player: string | null;
  params: JsonObject | null;
  remote_addr: string | null;
}

/** A message's position in its topic, and its time. */
export interface Position {
  timestamp: number; // Kafka's, milliseconds
  partition: number;
  offset: number;
}

export interface EventRow {
  event: EventDefinition;
  values: Value[]; // in the order of columnsOf(event)
}

/** Writes the text of an envelope. */
export function writeEnvelope(envelope: RefusedEnvelope): string {
  const { event_id, event_type, received_at, player, params, headers, remote_addr } = envelope;
  const opening = JSON.stringify({ event_id, event_type, received_at, player }).slice(0, -1);
  const maps = `"params":${writeMap(params)},"headers":${writeMap(headers)}`;
  return `${opening},${maps},"remote_addr":${JSON.stringify(remote_addr)}}`;
}

/** Writes a JSON object in the map's order, with the separators given. */
export function writeMap(entries: ReadonlyMap<string, string>, comma = ",", colon = ":"): string {
  const fields = Array.from(entries, ([name, value]) => JSON.stringify(name) + colon + JSON.stringify(value));
  return `{${fields.join(comma)}}`;
}

/** Reads the envelope's fields in `text`. Without a JSON object all fields are null. */
export function peek(text: string | null): Glimpse {
  const fields = parseLoosely(text);
  const textOrNull = (name: string) => {
    const value = own(fields, name);
    return typeof value === "string" ? value : null;
  };
  const params = own(fields, "params");
  return {
    event_id: textOrNull("event_id"),
    event_type: textOrNull("event_type"),
    received_at: textOrNull("received_at"),
    player: textOrNull("player"),
    params: isObject(params) ? params : null,
    remote_addr: textOrNull("remote_addr"),
  };
}

const byType = new Map(
  events.map((event) => [event.type, { event, parameters: Object.entries(event.parameters) }]),
);
const eventTypes = [...byType.keys()].join(", ");

/**
 * Reads one message.
 * @throws Misfit, with a reason for people, if the message is not an event of the catalogue.
 */
export function readEvent(text: string, { timestamp, partition, offset }: Position): EventRow {
  const envelope = objectOf("the message", parseJson(text));
  const type = own(envelope, "event_type");
  const known = byType.get(type as string);
  if (known === undefined) throw new Misfit("event_type", `one of ${eventTypes}`, type);
  const params = objectOf("params", own(envelope, "params"));
  const headers = objectOf("headers", own(envelope, "headers"));
  const values: Value[] = [
    text,
    timestamp,
    header(headers, "Accept"),
    header(headers, "Host"),
    header(headers, "User-Agent"),
    known.event.type,
  ];
  for (const [name, parameterType] of known.parameters) {
    values.push(parameter(params, name, parameterType));
  }
  values.push(
    textOf(envelope, "remote_addr"),
    textOf(envelope, "event_id"),
    textOf(envelope, "player"),
    timeOf(envelope, "received_at"),
    partition,
    offset,
  );
  return { event: known.event, values };
}

/** The columns of each event's table, which `readEvent` fills in this order. */
export const eventColumns = new Map(events.map((event) => [event.table, columnsOf(event)]));

function header(headers: JsonObject, name: string): string | null {
  const value = own(headers, name) ?? null;
  if (value === null || typeof value === "string") return value;
  throw new Misfit(`headers.${name}`, "text", value);
}

function parameter(params: JsonObject, name: string, type: ParameterType): Value {
  const sent = own(params, name);
  if (sent === undefined) return null;
  if (typeof sent !== "string") throw new Misfit(`params.${name}`, "text, as sent", sent);
  const value = parseValue(type, sent);
  if (value === undefined) throw new Misfit(`params.${name}`, expectations[type], sent);
  return value;
}

function timeOf(envelope: JsonObject, name: string): number {
  const value = own(envelope, name);
  const time = typeof value === "string" && value.length === 24 ? Date.parse(value) : NaN;
  // Date.parse accepts the 31st of February, and an offset instead of Z. Writing the time again
  // shows the difference.
  if (!Number.isNaN(time) && new Date(time).toISOString() === value) return time;
  throw new Misfit(name, "a time like 2026-01-31T12:00:00.000Z", value);
}

function parseLoosely(text: string | null): JsonObject {
  try {
    const value: unknown = JSON.parse(text ?? "");
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}
