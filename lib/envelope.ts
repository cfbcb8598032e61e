/**
 * A message's text → the values of its event's row, or why it is not an event of the catalogue.
 *
 * Every field is looked at before it is used, and only an object's own fields
 * count: a message can come from anybody, and "__proto__" is a key like others.
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

/** The record that a request becomes: one JSON object a Kafka message, keyed by the player. */
export interface Envelope {
  event_id: string; // UUID v7, or the client's own UUID
  event_type: string;
  received_at: string; // ISO 8601 in UTC, with milliseconds
  player: string;
  params: Record<string, string>; // as sent; nested, so that none can override a field
  headers: Record<string, string>; // names in Title-Case, without `secretHeaders`
  remote_addr: string;
}

/** Where a message stands in its topic. */
export interface Position {
  timestamp: number; // Kafka's, milliseconds
  partition: number;
  offset: number;
}

export interface EventRow {
  event: EventDefinition;
  values: Value[]; // in the order of columnsOf(event)
}

const byType = new Map(
  events.map((event) => [event.type, { event, parameters: Object.entries(event.parameters) }]),
);
const eventTypes = [...byType.keys()].join(", ");

/**
 * Reads one message.
 * @throws Misfit with a reason for people when it is not an event of the catalogue.
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

/** What a row of failed_events is made of, beside its place. */
export interface FailedRow {
  reason: string;
  raw: string | null; // null: the message had no value
}

/**
 * Reads one message of the failed topic, where the API keeps what it refused: `{"reason": …, "raw": …}`.
 * @throws Misfit with a reason for people when it is not of that form.
 */
export function readRefused(text: string): FailedRow {
  const refused = objectOf("the message", parseJson(text));
  return { reason: textOf(refused, "reason"), raw: textOf(refused, "raw") };
}

/** The columns of each event's table, which `readEvent` fills in this order. */
export const eventColumns = new Map(events.map((event) => [event.table, columnsOf(event)]));

/** Thrown when a message is not an event of the catalogue; the message is the reason, for people. */
export class Misfit extends Error {
  override name = "Misfit";

  constructor(subject: string, expectation: string, got: unknown) {
    super(`${subject}: expected ${expectation}, got ${shown(got)}`);
  }
}

const MAX_SHOWN_CHARS = 100;

function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value);
  return text.length <= MAX_SHOWN_CHARS
    ? text
    : `${text.slice(0, MAX_SHOWN_CHARS)}… (${text.length} characters)`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new Misfit("the message", "JSON", text);
  }
}

type JsonObject = Record<string, unknown>;

function objectOf(subject: string, value: unknown): JsonObject {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw new Misfit(subject, "a JSON object", value);
}

function own(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

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

function textOf(envelope: JsonObject, name: string): string {
  const value = own(envelope, name);
  if (typeof value === "string") return value;
  throw new Misfit(name, "text", value);
}

function timeOf(envelope: JsonObject, name: string): number {
  const value = own(envelope, name);
  const time = typeof value === "string" && value.length === 24 ? Date.parse(value) : NaN;
  // The way back finds what Date.parse lets pass: the 31st of February, an offset instead of Z.
  if (!Number.isNaN(time) && new Date(time).toISOString() === value) return time;
  throw new Misfit(name, "a time like 2026-01-31T12:00:00.000Z", value);
}
