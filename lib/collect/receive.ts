/**
 * Request + event definition → envelope (the JSON text that becomes the Kafka message) and reply.
 *
 * Both texts are built field by field, not from objects, so that the parameters keep the order
 * of the query. The reply has the form of Python's json.dumps, whose bytes differ from
 * JSON.stringify: ", " and ": " as separators, and DEL and everything beyond ASCII as \uXXXX.
 */
import type { IncomingHttpHeaders } from "node:http";
import { v7 as newUuid, validate } from "uuid";
import { type EventDefinition, expectations, parseValue, secretHeaders } from "../catalog.ts";
import type { Envelope } from "../envelope.ts";
import { type Params, parseParams } from "./params.ts";
import type { Retention } from "./retention.ts";

/** Where an event came from, and what is kept of that. */
export interface Origin {
  headers: IncomingHttpHeaders;
  remoteAddr: string;
  retention?: Retention; // without it, all is kept
}

/** What an event is made of; `query` is the raw text after the "?". */
export interface RequestFacts extends Origin {
  query: string;
}

/** An event as it was received: what to publish and what to answer once that is done. */
export interface ReceivedEvent {
  eventId: string;
  player: string; // the message's key
  message: string; // the envelope, JSON
  reply: string;
}

/**
 * Makes the event that a request stands for; its message and player are what the retention leaves of them, the
 * reply echoes what was sent.
 * @throws ParameterError if a typed parameter, or `event_id`, has a value that does not fit.
 */
export function receive(event: EventDefinition, { query, ...origin }: RequestFacts): ReceivedEvent {
  const params = parseParams(query);
  const envelope = newEnvelope(
    {
      event_id: params.get("event_id"),
      event_type: event.type,
      player: params.get("player"),
      params,
    },
    origin,
  );
  checkEnvelope(event, envelope);
  return {
    eventId: envelope.event_id,
    player: envelope.player,
    message: toMessage(envelope),
    reply: replyTo(event, params),
  };
}

/** Makes the envelope of what was sent, whether that fits or not, with what is kept of a person. */
export function newEnvelope(sent: SentEvent, { headers, remoteAddr, retention }: Origin): EnvelopeMaps {
  const envelope = {
    event_id: isUuid(sent.event_id) ? sent.event_id.toLowerCase() : (sent.event_id ?? newUuid()),
    event_type: sent.event_type,
    received_at: new Date().toISOString(),
    player: sent.player || withoutPort(headers.host ?? ""),
    params: sent.params,
    headers: titleCased(headers),
    remote_addr: remoteAddr,
  };
  return retention ? retention.retain(envelope) : envelope;
}

/** What a client says of an event. */
export interface SentEvent {
  event_id: string | undefined;
  event_type: string;
  player: string | undefined;
  params: Params;
}

/** Thrown when a value does not fit; the API answers 400 with its field, expectation and value. */
export class ParameterError extends Error {
  override name = "ParameterError";
  field: string;
  expected: string;
  value: string;
  refused: Refused | null; // null: it is of no event

  constructor(field: string, expected: string, value: string, refused: Refused | null = null) {
    super(`${field}: expected ${expected}, got ${JSON.stringify(value)}`);
    [this.field, this.expected, this.value, this.refused] = [field, expected, value, refused];
  }
}

/** An event that was refused. */
export interface Refused {
  raw: string; // the message it would have been; what was sent, if it could not be one
  key: string; // that message's key
  eventId: string | null;
}

/** @throws ParameterError if a typed parameter does not fit, or the event's id is no UUID. */
export function checkEnvelope(event: EventDefinition, envelope: EnvelopeMaps): void {
  for (const [name, type] of Object.entries(event.parameters)) {
    const text = envelope.params.get(name);
    if (text !== undefined && parseValue(type, text) === undefined)
      throw new ParameterError(name, expectations[type], text, refusedAs(envelope));
  }
  const { event_id: eventId } = envelope;
  if (!isUuid(eventId)) throw new ParameterError("event_id", "a UUID", eventId, refusedAs(envelope));
}

/** Without an id that is no UUID: as a message it would be taken, once what was wrong beside it is mended. */
export function refusedAs(envelope: EnvelopeMaps): Refused {
  const eventId = isUuid(envelope.event_id) ? envelope.event_id : null;
  const raw = toMessage({ ...envelope, event_id: eventId ?? undefined });
  return { raw, key: envelope.player, eventId };
}

/** What was sent and can be no envelope; its key is the player that the Host header names. */
export function refusedText(raw: string, origin: Origin): Refused {
  const nobody = {
    event_id: undefined,
    event_type: "",
    player: undefined,
    params: new Map<string, string>(),
  };
  return {
    raw: origin.retention ? origin.retention.retainText(raw) : raw,
    key: newEnvelope(nobody, origin).player,
    eventId: null,
  };
}

/** The envelope as the JSON text that becomes the Kafka message. */
export function toMessage({ params, headers, ...fields }: Unidentified): string {
  const { remote_addr, ...first } = fields;
  const opening = JSON.stringify(first).slice(0, -1);
  return `${opening},"params":${jsonObject(params)},"headers":${jsonObject(headers)},"remote_addr":${JSON.stringify(remote_addr)}}`;
}

/** The envelope before it is JSON, with maps where order and names like `__proto__` matter. */
export type EnvelopeMaps = Omit<Envelope, "params" | "headers"> & { params: Params; headers: Params };
type Unidentified = Omit<EnvelopeMaps, "event_id"> & { event_id: string | undefined };

function isUuid(text: unknown): text is string {
  return validate(text);
}

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
