/**
 * POST /events → a verdict for each event of its body: an object, an array, or lines.
 *
 * Each event is checked and published by itself, in the order sent. So the events of one player
 * stay in order, and the answer has a verdict for each event. A client may repeat the unavailable
 * events, or all events after a lost answer: with the same event_id they count once.
 */
import type { IncomingMessage } from "node:http";
import { MIMEType } from "node:util";
import { BodyError, readBody } from "./body.ts";
import type { Origin } from "./receive.ts";
import { Unavailable, type AcceptedBy } from "./batcher.ts";
import { type Item, type ItemEvent, readJsonItems, readLines, receiveItem, refuseConflict } from "./items.ts";
import { factsOf, keepRefusal, type MisfitFacts, Refusal, type RefusalSink } from "./refusal.ts";

/** The targets of accepted and of refused events. */
export interface EventSink extends RefusalSink {
  /** Resolves with the place of the message; rejects with Unavailable if Kafka and spool fail. */
  publish: (message: string, key: string | null) => Promise<AcceptedBy>;
}

/** The result for one event. */
export interface Verdict {
  event_id: string | null; // null: the event has no valid id
  verdict: "accepted" | "double" | "refused" | "unavailable"; // double: sent before in this body
  spooled?: true; // accepted: only this machine's disk has it for now
  warning?: string; // accepted: names parameters that the event type does not have
  kept?: boolean; // refused: whether the failed topic has it
  written?: "no" | "unknown"; // unavailable: whether Kafka or the disk may have it
  error?: string;
  field?: string;
  expected?: string;
  value?: unknown; // the value got; a long text is shortened
  others?: MisfitFacts[]; // the event's other misfits
}

/** The answer: the verdicts in the order sent, and the number of each. */
export interface PostAnswer {
  accepted: number;
  doubles: number;
  refused: number;
  unavailable: number;
  verdicts: Verdict[];
}

/**
 * Reads the events of a POST request, and publishes the valid ones.
 * `single`: the body was one JSON object.
 * @throws BodyError or Refusal if the body as a whole is refused.
 */
export async function publishPosted(
  request: IncomingMessage,
  origin: Origin,
  sink: EventSink,
): Promise<{ answer: PostAnswer; single: boolean }> {
  const since = performance.now();
  const readItems = itemReader(origin.headers["content-type"]);
  const { items, single } = readItems(await readBody(request), origin);
  const sent: Post["sent"] = new Map();
  const verdicts = await Promise.all(items.map((item) => verdictOn(item, { origin, since, sent, sink })));
  const count = (wanted: Verdict["verdict"]) => verdicts.filter(({ verdict }) => verdict === wanted).length;
  const answer = {
    accepted: count("accepted"),
    doubles: count("double"),
    refused: count("refused"),
    unavailable: count("unavailable"),
    verdicts,
  };
  return { answer, single };
}

interface Post {
  origin: Origin;
  since: number; // performance.now()
  sent: Map<string, { event: ItemEvent; published: Promise<AcceptedBy> }>; // the first of each id
  sink: EventSink;
}

async function verdictOn(item: Item, { origin, since, sent, sink }: Post): Promise<Verdict> {
  const { publish, metrics, recent } = sink;
  let eventId: string | null = null;
  try {
    const event = receiveItem(item, origin);
    eventId = event.eventId;
    const first = sent.get(eventId);
    if (first !== undefined) {
      refuseConflict(first.event, event);
      await first.published;
      return { event_id: eventId, verdict: "double" };
    }
    const published = publish(event.message, event.player);
    sent.set(eventId, { event, published });
    const acceptedBy = await published;
    metrics?.accepted(event.type, acceptedBy, (performance.now() - since) / 1000);
    recent?.add(event.message, null);
    return {
      event_id: eventId,
      verdict: "accepted",
      ...(acceptedBy === "spool" && { spooled: true as const }),
      ...(event.warning !== null && { warning: event.warning }),
    };
  } catch (error) {
    if (error instanceof Refusal) return refusal(error, await keepRefusal(error, sink));
    if (!(error instanceof Unavailable)) throw error;
    metrics?.refused("unavailable");
    const { message, written } = error;
    return { event_id: eventId, verdict: "unavailable", written, error: message };
  }
}

function refusal(error: Refusal, kept: boolean): Verdict {
  return { event_id: error.refused.eventId, verdict: "refused", kept, ...factsOf(error) };
}

const READERS: Readonly<Record<string, typeof readJsonItems>> = {
  "application/json": readJsonItems,
  "application/x-ndjson": readLines,
  "application/jsonl": readLines,
  "text/plain": readLines, // the type of a text that a page sends by navigator.sendBeacon
};

/** @throws BodyError for a type without a reader, or another charset than UTF-8. */
function itemReader(contentType = "nothing"): typeof readJsonItems {
  const type = mimeType(contentType);
  const reader = READERS[type?.essence ?? ""];
  const charset = type?.params.get("charset") ?? "utf-8";
  if (reader && /^utf-?8$/i.test(charset)) return reader;
  const expected = `${Object.keys(READERS).join(", ")}, in UTF-8`;
  throw new BodyError(415, `Content-Type: expected one of ${expected}, got ${contentType}`);
}

function mimeType(text: string): MIMEType | null {
  try {
    return new MIMEType(text);
  } catch {
    return null;
  }
}
