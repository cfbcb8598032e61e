/**
 * Request + event definition → envelope (the JSON text that becomes the Kafka message) and reply.
 *
 * Both texts are built field by field, not from objects, so that the parameters keep the order
 * of the query. The reply has the form of Python's json.dumps, whose bytes differ from
 * JSON.stringify: ", " and ": " as separators, and DEL and everything beyond ASCII as \uXXXX.
 */
import type { IncomingHttpHeaders } from "node:http";
import { v7 as newUuid, validate as isUuid } from "uuid";
import { type Envelope, type EventDefinition, expectations, parseValue, secretHeaders } from "../catalog.js";
import { type Params, parseParams } from "./params.js";
import type { Retain } from "./retain.js";

/** What an event is made of; `query` is the raw text after the "?". */
export interface RequestFacts {
  query: string;
  headers: IncomingHttpHeaders;
  remoteAddr: string;
}

/** An event as it was received: what to publish and what to answer once that is done. */
export interface ReceivedEvent {
  eventId: string;
  player: string; // the message's key
  message: string; // the envelope, JSON
  reply: string;
}

/**
 * Makes the event that a request stands for; its message and player are what `retain` leaves of them, the
 * reply echoes what was sent.
 * @throws ParameterError if a typed parameter, or `event_id`, has a value that does not fit.
 */
export function receive(
  event: EventDefinition,
  { query, headers, remoteAddr }: RequestFacts,
  retain: Retain = (envelope) => envelope,
): ReceivedEvent {
  const params = parseParams(query);
  const envelope = retain({
    event_id: params.get("event_id")?.toLowerCase() ?? newUuid(),
    event_type: event.type,
    received_at: new Date().toISOString(),
    player: params.get("player") || withoutPort(headers.host ?? ""),
    params,
    headers: titleCased(headers),
    remote_addr: remoteAddr,
  });
  checkParams(event, params, envelope);
  return {
    eventId: envelope.event_id,
    player: envelope.player,
    message: toMessage(envelope),
    reply: replyTo(event, params),
  };
}

/** Thrown when a parameter's value does not fit; the API answers 400 with its field, expectation and value. */
export class ParameterError extends Error {
  override name = "ParameterError";
  field: string;
  expected: string;
  value: string;
  refused: string | null; // the message that the event would have been; null: it is of no event

  constructor(field: string, expected: string, value: string, refused: string | null = null) {
    super(`${field}: expected ${expected}, got ${JSON.stringify(value)}`);
    this.refused = refused;
    this.field = field;
    this.expected = expected;
    this.value = value;
  }
}

function checkParams(event: EventDefinition, params: Params, envelope: EnvelopeMaps): void {
  for (const [name, type] of Object.entries(event.parameters)) {
    const text = params.get(name);
    if (text !== undefined && parseValue(type, text) === undefined)
      throw new ParameterError(name, expectations[type], text, toMessage(envelope));
  }
  const eventId = params.get("event_id");
  if (eventId !== undefined && !isUuid(eventId))
    throw new ParameterError("event_id", "a UUID", eventId, toMessage(envelope));
}

function toMessage({ params, headers, ...fields }: EnvelopeMaps): string {
  const { remote_addr, ...first } = fields;
  const opening = JSON.stringify(first).slice(0, -1);
  return `${opening},"params":${jsonObject(params)},"headers":${jsonObject(headers)},"remote_addr":${JSON.stringify(remote_addr)}}`;
}

/** The envelope before it is JSON, with maps where order and names like `__proto__` matter. */
type EnvelopeMaps = Omit<Envelope, "params" | "headers"> & { params: Params; headers: Params };

function replyTo({ reply }: EventDefinition, params: Params): string {
  if (reply.echo === null || params.size === 0) return `${reply.plain}\n`;
  return `${reply.echo}${asciiOnly(jsonObject(params, ", ", ": "))}\n`;
}

function jsonObject(entries: Params, comma = ",", colon = ":"): string {
  const fields = Array.from(entries, ([name, value]) => JSON.stringify(name) + colon + JSON.stringify(value));
  return `{${fields.join(comma)}}`;
}

function asciiOnly(json: string): string {
  return json.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** `user1.att.com:5000` → `user1.att.com`, `[::1]:5000` → `[::1]`. */
export function withoutPort(host: string): string {
  return host.replace(/:\d*$/, "");
}

/** Headers by name in Title-Case, without those that are secret. */
function titleCased(headers: IncomingHttpHeaders): Params {
  const named = new Map<string, string>();
  for (const [name, value] of Object.entries(headers)) {
    const text = Array.isArray(value) ? value.join(", ") : value;
    const title = name.replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
    if (text !== undefined && !secretHeaders.includes(title)) named.set(title, text);
  }
  return named;
}
