/**
 * Request + event definition → envelope (the JSON text that becomes the Kafka message) and reply.
 *
 * Both texts are built field by field, not from objects, so the parameters keep the order of the
 * query. The reply has the form of Python's json.dumps, whose bytes differ from
 * JSON.stringify: ", " and ": " as separators, and DEL and everything beyond ASCII as \uXXXX.
 */
import type { IncomingHttpHeaders } from "node:http";
import { v7 as newUuid, validate } from "uuid";
import { type EventDefinition, expectations, parseValue, secretHeaders } from "../catalog.ts";
import { type EnvelopeMaps, writeEnvelope, writeMap } from "../envelope.ts";
import { type Params, parseParams, withoutPort } from "./params.ts";
import { Refusal, type RefusedText } from "./refusal.ts";
import type { Retention } from "./retention.ts";

/** The sender of an event, and the policy for personal values. */
export interface Origin {
  headers: IncomingHttpHeaders;
  remoteAddr: string;
  retention?: Retention; // without it, all values are kept
}

/** The parts of a request that make an event. */
export interface RequestParts extends Origin {
  query: string; // the raw text after the "?"
}

/** An event: the message to publish, and the reply to send afterwards. */
export interface ReceivedEvent {
  eventId: string;
  player: string; // the message's key
  message: string; // the envelope, JSON
  reply: string;
}

/**
 * Makes the event of a request. Message and key have only values that the retention keeps. The
 * reply echoes the parameters as sent.
 * @throws Refusal if a typed parameter, or `event_id`, has a value that does not fit.
 */
export function receive(event: EventDefinition, { query, ...origin }: RequestParts): ReceivedEvent {
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
    message: writeEnvelope(envelope),
    reply: replyTo(event, params),
  };
}

/** Makes the envelope, after retention. Its values may not fit the catalogue. */
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

/** An event as a client describes it. */
export interface SentEvent {
  event_id: string | undefined;
  event_type: string;
  player: string | undefined;
  params: Params;
}

/** @throws Refusal if a typed parameter does not fit, or the event's id is not a UUID. */
export function checkEnvelope(event: EventDefinition, envelope: EnvelopeMaps): void {
  for (const [name, type] of Object.entries(event.parameters)) {
    const text = envelope.params.get(name);
    if (text !== undefined && parseValue(type, text) === undefined)
      throw new Refusal(refusedAs(envelope), name, expectations[type], text);
  }
  const { event_id: eventId } = envelope;
  if (!isUuid(eventId)) throw new Refusal(refusedAs(envelope), "event_id", "a UUID", eventId);
}

/**
 * The text of a refused envelope. An id that is not a UUID is left out: with it, a replay could
 * send the message as an event.
 */
export function refusedAs(envelope: EnvelopeMaps): RefusedText {
  const eventId = isUuid(envelope.event_id) ? envelope.event_id : null;
  const raw = writeEnvelope({ ...envelope, event_id: eventId ?? undefined });
  return { raw, key: envelope.player, eventId };
}

/** A refused text that cannot be an envelope. Its key is the player in the Host header. */
export function refusedText(raw: string, origin: Origin): RefusedText {
  const empty = {
    event_id: undefined,
    event_type: "",
    player: undefined,
    params: new Map<string, string>(),
  };
  return {
    raw: origin.retention ? origin.retention.retainText(raw) : raw,
    key: newEnvelope(empty, origin).player,
    eventId: null,
  };
}

function isUuid(text: unknown): text is string {
  return validate(text);
}

function replyTo({ reply }: EventDefinition, params: Params): string {
  if (reply.echo === null || params.size === 0) return `${reply.plain}\n`;
  return `${reply.echo}${asciiOnly(writeMap(params, ", ", ": "))}\n`;
}

function asciiOnly(json: string): string {
  return json.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Headers by name in Title-Case, without the secret ones. */
function titleCased(headers: IncomingHttpHeaders): Params {
  const named = new Map<string, string>();
  for (const [name, value] of Object.entries(headers)) {
    const text = Array.isArray(value) ? value.join(", ") : value;
    const title = name.replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
    if (text !== undefined && !secretHeaders.includes(title)) named.set(title, text);
  }
  return named;
}
