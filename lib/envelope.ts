/**
 * The contract between collect and land: envelope ↔ text of a Kafka message → values of a row.
 *
 * The text is written field by field, not from objects, so that parameters keep the order of the
 * request. Reading trusts no message, because any program can write to the topic. `readEvent` reads
 * an event of the catalogue or throws; `peek` takes any text and returns the fields that it has.
 */
import { validate } from "uuid";
import { type EventDefinition, parseValue, type Value } from "./catalog.ts";
import { events } from "./events.ts";
import { utcTime } from "./exact.ts";
import {
  checkedText,
  isObject,
  type JsonObject,
  Misfit,
  objectOf,
  own,
  parseJson,
  refuseMisfits,
  textOf,
  textOrNull,
  WHOLE_TEXT,
} from "./misfit.ts";
import type { Parameter } from "./parameters.ts";
import { waiting } from "./waiting.ts";

/** The record that a request becomes: one JSON object a Kafka message, keyed by the player. */
export interface Envelope {
  event_id: string; // UUID v7, or the client's own UUID
  event_type: string;
  received_at: string; // of the API; ISO 8601 in UTC, with milliseconds
  occurred_at?: string; // of the client's clock, in the same form
  player: string | null; // null: the request named no player
  session?: string; // the client's own name for a visit
  definition?: string; // version of the event's definition at the API
  params: Record<string, string>; // as sent; nested, so no parameter can override a field
  headers: Record<string, string>; // names in Title-Case, without `secretHeaders`
  remote_addr: string;
}

/** An envelope before it is text. Maps keep the order of names, and allow the name "__proto__". */
export interface EnvelopeMaps extends Omit<
  Envelope,
  "params" | "headers" | "occurred_at" | "session" | "definition"
> {
  occurred_at: string | undefined;
  session: string | undefined;
  definition: string | undefined;
  params: ReadonlyMap<string, string>;
  headers: ReadonlyMap<string, string>;
}

/** Fields of a text that may be an envelope; null: missing, or of another type. */
export interface Glimpse {
  event_id: string | null;
  event_type: string | null;
  received_at: string | null;
  player: string | null;
  session: string | null;
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

/** Whether a text identifies an event: a UUID other than the nil UUID and the max UUID. */
export function isEventId(text: unknown): text is string {
  return typeof text === "string" && validate(text) && !SHARED_ID.test(text);
}

/** Writes the text of an envelope. */
export function writeEnvelope(envelope: EnvelopeMaps): string {
  const { event_id, event_type, received_at, occurred_at, player, session, definition } = envelope;
  let text = `{"event_id":${JSON.stringify(event_id)},"event_type":${JSON.stringify(event_type)}`;
  text += `,"received_at":${JSON.stringify(received_at)}`;
  if (occurred_at !== undefined) text += `,"occurred_at":${JSON.stringify(occurred_at)}`;
  text += `,"player":${JSON.stringify(player)}`;
  if (session !== undefined) text += `,"session":${JSON.stringify(session)}`;
  if (definition !== undefined) text += `,"definition":${JSON.stringify(definition)}`;
  text += `,"params":${writeMap(envelope.params)},"headers":${writeHeaders(envelope.headers)}`;
  return `${text},"remote_addr":${JSON.stringify(envelope.remote_addr)}}`;
}

/** The headers that were written last: all events of one request have the same. */
let latest: { headers: EnvelopeMaps["headers"]; text: string } | undefined;

function writeHeaders(headers: EnvelopeMaps["headers"]): string {
  if (latest?.headers !== headers) latest = { headers, text: writeMap(headers) };
  return latest.text;
}

/** Writes a JSON object in the map's order, with the separators given. */
export function writeMap(entries: ReadonlyMap<string, string>, comma = ",", colon = ":"): string {
  let text = "";
  for (const [name, value] of entries) {
    if (text !== "") text += comma;
    text += JSON.stringify(name) + colon + JSON.stringify(value);
  }
  return `{${text}}`;
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
    session: textOrNull("session"),
    params: isObject(params) ? params : null,
    remote_addr: textOrNull("remote_addr"),
  };
}

/** Reads one message, or throws a Misfit with a reason for people. */
export type ReadEvent = (text: string, position: Position) => EventRow;

/** Reads messages that are events of the game. */
export const readEvent: ReadEvent = eventReader(events);

/** Makes the function that reads messages that are events of a catalogue. */
export function eventReader(catalogue: readonly EventDefinition[]): ReadEvent {
  const byType = new Map(catalogue.map((event) => [event.type, event]));
  return (text, position) => readRow(byType, text, position);
}

function readRow(
  byType: ReadonlyMap<string, EventDefinition>,
  text: string,
  { timestamp, partition, offset }: Position,
): EventRow {
  const envelope = objectOf("the message", parseJson(text));
  const type = own(envelope, "event_type");
  const event = byType.get(type as string);
  const definition = textOrNull(envelope, "definition");
  if (event === undefined) {
    const misfit = new Misfit("event_type", `one of ${[...byType.keys()].join(", ")}`, type);
    throw definition === null ? misfit : waiting(misfit); // the API that accepted it has another list
  }
  const params = objectOf("params", own(envelope, "params"));
  const headers = objectOf("headers", own(envelope, "headers"));
  const values: Value[] = [
    text,
    timestamp,
    header(headers, "Accept"),
    header(headers, "Host"),
    header(headers, "User-Agent"),
    event.type,
  ];
  const misfits: Misfit[] = [];
  for (const one of event.parameters) values.push(parameter(params, one, misfits));
  refuseMisfits(misfits, definition !== null && definition !== event.version ? waiting : undefined);
  values.push(
    textOf(envelope, "remote_addr"),
    idOf(envelope),
    textOrNull(envelope, "player"),
    textOrNull(envelope, "session"),
    timeOf("received_at", own(envelope, "received_at")),
    timeOrNull(envelope, "occurred_at"),
    definition,
    partition,
    offset,
  );
  return { event, values };
}

/** The event's id. Another producer's id can be any text, but not the id that many events share. */
function idOf(envelope: JsonObject): string {
  const id = textOf(envelope, "event_id");
  if (SHARED_ID.test(id)) throw new Misfit("event_id", "an id of this event alone", id);
  return id;
}

/** The nil UUID and the max UUID: they stand for no event, or for all. */
const SHARED_ID = /^(0{8}-0{4}-0{4}-0{4}-0{12}|f{8}-f{4}-f{4}-f{4}-f{12})$/i;

function header(headers: JsonObject, name: string): string | null {
  const value = own(headers, name) ?? null;
  return value === null ? null : checkedText(`headers.${name}`, value);
}

/** The parameter's value; a misfit is added to `misfits`. */
function parameter(params: JsonObject, definition: Parameter, misfits: Misfit[]): Value {
  const { name, was, required, expected } = definition;
  let sent = own(params, name) ?? null;
  for (let i = 0; sent === null && i < was.length; i++) sent = own(params, was[i]!) ?? null;
  if (sent === null) {
    if (required) misfits.push(new Misfit(`params.${name}`, expected, undefined));
    return null;
  }
  const isWhole = typeof sent === "string" && sent.isWellFormed();
  const value = isWhole ? parseValue(definition, sent as string) : undefined;
  if (value !== undefined) return value;
  const form = isWhole ? expected : typeof sent === "string" ? WHOLE_TEXT : "text, as sent";
  misfits.push(new Misfit(`params.${name}`, form, sent));
  return null;
}

function timeOrNull(envelope: JsonObject, name: string): number | null {
  const value = own(envelope, name);
  return value === undefined || value === null ? null : timeOf(name, value);
}

function timeOf(name: string, value: unknown): number {
  const time = typeof value === "string" ? utcTime(value) : undefined;
  if (time !== undefined) return time;
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
