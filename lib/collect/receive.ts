/**
 * Request + event definition → envelope (the JSON text that becomes the Kafka message) and reply.
 *
 * Both texts are built field by field, not from objects, so the parameters keep the order of the
 * query. The reply has the form of Python's json.dumps, whose bytes differ from
 * JSON.stringify: ", " and ": " as separators, and DEL and everything beyond ASCII as \uXXXX.
 */
import type { IncomingHttpHeaders } from "node:http";
import { type EventDefinition, parseValue, secretHeaders } from "../catalog.ts";
import { type EnvelopeMaps, isEventId, writeEnvelope, writeMap } from "../envelope.ts";
import { timestamp } from "../exact.ts";
import { refuseMisfits } from "../misfit.ts";
import { headerText } from "./bytes.ts";
import { newEventId } from "./event-id.ts";
import { type Params, parseParams, withoutPort } from "./params.ts";
import { Refusal, type RefusedText } from "./refusal.ts";
import type { Retention } from "./retention.ts";
import { shortened } from "../untrusted.ts";

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
  player: string | null; // the message's key
  message: string; // the envelope, JSON
  reply: string;
  warning: string | null; // for a header, so in ASCII
}

/**
 * Makes the event of a request. Message and key have only values that the retention keeps. The
 * reply echoes the parameters as sent.
 * @throws Refusal if a typed parameter, or `event_id`, has a value that does not fit.
 */
export function receive(event: EventDefinition, { query, ...origin }: RequestParts): ReceivedEvent {
  const params = parseParams(query);
  const sent = {
    event_id: params.get("event_id"),
    event_type: event.type,
    player: params.get("player") || withoutPort(headerText(origin.headers.host ?? "")),
    session: params.get("session"),
    occurred_at: params.get("occurred_at"),
    params,
  };
  const envelope = checkedEnvelope(event, newEnvelope(sent, origin));
  const warning = params.size === 0 ? null : unknownParameters(event, params, QUERY_FIELDS);
  return {
    eventId: envelope.event_id,
    player: envelope.player,
    message: writeEnvelope(envelope),
    reply: replyTo(event, params),
    warning: warning && asciiOnly(warning),
  };
}

/** Makes the envelope, after retention. Its values may not fit the catalogue. */
export function newEnvelope(sent: SentEvent, { headers, remoteAddr, retention }: Origin): EnvelopeMaps {
  const envelope = {
    event_id: isEventId(sent.event_id) ? sent.event_id.toLowerCase() : (sent.event_id ?? newEventId()),
    event_type: sent.event_type,
    received_at: new Date().toISOString(),
    occurred_at: sent.occurred_at,
    player: sent.player || null,
    session: sent.session,
    definition: undefined,
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
  player: string | undefined; // undefined or "": no player
  session: string | undefined;
  occurred_at: string | undefined; // by the client's clock
  params: Params;
}

const QUERY_FIELDS = ["event_id", "player", "session", "occurred_at"]; // of the envelope, in a query
const MAX_NAMES = 1000; // characters of the names of known parameters
const MAX_AHEAD_MS = 10 * 60_000; // of the client's clock; it may be behind by any time

/**
 * The envelope with the client's time in our form, and the version of the event's definition.
 * @throws Refusal that names each field that does not fit
 */
export function checkedEnvelope(event: EventDefinition, envelope: EnvelopeMaps): EnvelopeMaps {
  const { event_id: eventId, occurred_at: occurredAt, params } = envelope;
  const misfits: Refusal[] = [];
  let refused: RefusedText | undefined; // most events need none
  const refuse = (field: string, expected: string, got: string | undefined): void => {
    refused ??= refusedAs(envelope);
    misfits.push(new Refusal(refused, field, expected, got));
  };
  for (const parameter of event.parameters) {
    const { name, was, required, expected } = parameter;
    const sentName = params.has(name) ? name : was.find((one) => params.has(one));
    const text = sentName === undefined ? undefined : params.get(sentName);
    const fits = text === undefined ? !required : parseValue(parameter, text) !== undefined;
    if (!fits) refuse(sentName ?? name, expected, text);
  }
  if (!isEventId(eventId)) refuse("event_id", EVENT_ID, eventId);
  let time: number | undefined;
  if (occurredAt !== undefined) {
    time = timestamp(occurredAt);
    const latest = Date.parse(envelope.received_at) + MAX_AHEAD_MS; // a replay comes later
    if (!(time! <= latest)) refuse("occurred_at", OCCURRED_AT, occurredAt);
  }
  if (misfits.length > 0) refuseMisfits(misfits);
  const occurred_at = time === undefined ? undefined : new Date(time).toISOString();
  return { ...envelope, occurred_at, definition: event.version };
}

const EVENT_ID = "a UUID, other than the nil UUID and the max UUID";
const OCCURRED_AT =
  "a time like 2026-01-31T12:00:00.000+01:00, or milliseconds since 1970, at most 10 minutes ahead of this server";

/**
 * A sentence that names the parameters without a column, and the known ones; null without any. Such
 * an event is accepted: its raw_event has all parameters, as the original's.
 * @param others names that are no parameters, but known
 */
export function unknownParameters(
  { parameters }: EventDefinition,
  sent: Params,
  others: readonly string[] = [],
): string | null {
  const isKnown = (name: string): boolean =>
    others.includes(name) || parameters.some((one) => one.name === name || one.was.includes(name));
  const unknown = [...sent.keys()].filter((name) => !isKnown(name));
  if (unknown.length === 0) return null;
  const names = parameters.map(({ name }) => name).join(", ");
  const got = shortened(unknown.map((name) => JSON.stringify(name)).join(", "));
  const expected = names === "" ? "no parameters" : `only ${shortened(names, MAX_NAMES)}`;
  return `params: expected ${expected}, got ${got}; only the column raw_event has it`;
}

/** The text of a refused envelope, with each value as sent: so the refusal can be explained. */
export function refusedAs(envelope: EnvelopeMaps): RefusedText {
  const eventId = isEventId(envelope.event_id) ? envelope.event_id : null;
  return { raw: writeEnvelope(envelope), key: envelope.player, eventId };
}

/** A refused text that cannot be an envelope. It has no key. */
export function refusedText(raw: string, origin: Origin): RefusedText {
  return { raw: origin.retention ? origin.retention.retainText(raw) : raw, key: null, eventId: null };
}

function replyTo({ reply }: EventDefinition, params: Params): string {
  if (reply.echo === null || params.size === 0) return `${reply.plain}\n`;
  return `${reply.echo}${asciiOnly(writeMap(params, ", ", ": "))}\n`;
}

function asciiOnly(json: string): string {
  return json.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** The headers of the latest request: all events of a body have the same. */
let latest: { headers: IncomingHttpHeaders; named: Params } | undefined;

/** Headers by name in Title-Case, without the secret ones. */
function titleCased(headers: IncomingHttpHeaders): Params {
  if (latest?.headers === headers) return latest.named;
  const named = new Map<string, string>();
  for (const name in headers) {
    const value = headers[name];
    const latin1 = Array.isArray(value) ? value.join(", ") : value;
    const text = latin1 && headerText(latin1);
    const title = titleOf(name);
    if (text !== undefined && title !== null) named.set(title, text);
  }
  latest = { headers, named };
  return named;
}

const MAX_TITLES = 200; // clients choose names of headers
const titles = new Map<string, string | null>();

/** The name in Title-Case; null: the header is secret. */
function titleOf(name: string): string | null {
  let title = titles.get(name);
  if (title !== undefined) return title;
  title = name.replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
  if (secretHeaders.includes(title)) title = null;
  if (titles.size < MAX_TITLES) titles.set(name, title);
  return title;
}
