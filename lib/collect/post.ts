/**
 * POST /events → a verdict for each event of its body: an object, an array, or lines.
 *
 * Each event is judged and published by itself, in the order sent, so those of one player stay in
 * order; the answer tells what became of each. A client that repeats the unavailable ones, or after
 * a lost answer all of them, under the same event_id makes no second event.
 */
import type { IncomingMessage } from "node:http";
import { BodyError, readBody } from "./body.ts";
import type { Origin } from "./receive.ts";
import { Unavailable, type AcceptedBy } from "./batcher.ts";
import { type Item, readJsonItems, readLines, receiveItem } from "./items.ts";
import { keepRefusal, Refusal, type RefusalSink } from "./refusal.ts";

/** Where events go, accepted or refused. */
export interface EventSink extends RefusalSink {
  /** Resolves with the place of the message; rejects with Unavailable if neither could take it. */
  publish: (message: string, key: string) => Promise<AcceptedBy>;
}

/** What became of one event. */
export interface Verdict {
  event_id: string | null; // null: it has none that could be one
  verdict: "accepted" | "refused" | "unavailable";
  spooled?: true; // accepted, and only on this machine's disk for now
  kept?: boolean; // refused: whether it is among the failed events
  written?: "no" | "unknown"; // unavailable: whether it may have been accepted nevertheless
  error?: string;
  field?: string;
  expected?: string;
  value?: unknown; // the value got; a long text is shortened
}

/** The answer: the verdicts in the order sent, and how many there are of each. */
export interface PostAnswer {
  accepted: number;
  refused: number;
  unavailable: number;
  verdicts: Verdict[];
}

/**
 * Reads the events of a POST request, and publishes those that fit.
 * `single`: the body was one JSON object.
 * @throws BodyError or Refusal if there are no events to judge.
 */
export async function publishPosted(
  request: IncomingMessage,
  origin: Origin,
  sink: EventSink,
): Promise<{ answer: PostAnswer; single: boolean }> {
  const since = performance.now();
  const readItems = itemReader(origin.headers["content-type"]);
  const text = (await readBody(request)).toString("utf8");
  const { items, single } = readItems(text, origin);
  const verdicts = await Promise.all(items.map((item) => verdictOn(item, origin, since, sink)));
  const count = (wanted: Verdict["verdict"]) => verdicts.filter(({ verdict }) => verdict === wanted).length;
  const answer = {
    accepted: count("accepted"),
    refused: count("refused"),
    unavailable: count("unavailable"),
    verdicts,
  };
  return { answer, single };
}

async function verdictOn(item: Item, origin: Origin, since: number, sink: EventSink): Promise<Verdict> {
  const { publish, metrics, recent } = sink;
  let eventId: string | null = null;
  try {
    const event = receiveItem(item, origin);
    eventId = event.eventId;
    const acceptedBy = await publish(event.message, event.player);
    metrics?.accepted(event.type, acceptedBy, (performance.now() - since) / 1000);
    recent?.add(event.message, null);
    return {
      event_id: eventId,
      verdict: "accepted",
      ...(acceptedBy === "spool" && { spooled: true as const }),
    };
  } catch (error) {
    if (error instanceof Refusal) return refusal(error, await keepRefusal(error, sink));
    if (!(error instanceof Unavailable)) throw error;
    metrics?.refused("unavailable");
    const { message, written } = error;
    return { event_id: eventId, verdict: "unavailable", written, error: message };
  }
}

function refusal({ message, field, expected, got, refused }: Refusal, kept: boolean): Verdict {
  return {
    event_id: refused.eventId,
    verdict: "refused",
    kept,
    error: message,
    field,
    expected,
    value: got,
  };
}

/** @throws BodyError for a type that is neither of the two, or not UTF-8. */
function itemReader(contentType = "nothing"): typeof readJsonItems {
  const [, type = "", charset = "utf-8"] =
    /^application\/(json|x-ndjson)\s*(?:;\s*charset="?([\w-]+)"?\s*)?$/i.exec(contentType) ?? [];
  if (type === "" || charset.toLowerCase() !== "utf-8") {
    const expected = "application/json or application/x-ndjson, in UTF-8";
    throw new BodyError(415, `Content-Type: expected ${expected}, got ${contentType}`);
  }
  return type.toLowerCase() === "json" ? readJsonItems : readLines;
}
