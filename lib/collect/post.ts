/**
 * POST /events → a verdict for each event of its body: one JSON object, an array of them, or one a line.
 *
 * Each event is judged and published by itself, in the order sent, so those of one player stay in
 * order; the answer tells what became of each. A client that repeats the unavailable ones, or after
 * a lost answer all of them, under the same event_id makes no second event.
 */
import type { IncomingMessage } from "node:http";
import type { ApiOptions } from "./api.ts";
import { BodyError, readBody } from "./body.ts";
import { type Origin, ParameterError } from "./receive.ts";
import { Unavailable } from "./batcher.ts";
import { type Item, readJsonItems, readLines, receiveItem, shown } from "./items.ts";
import { keepMisfit } from "./refusal.ts";

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
  value?: string;
}

/** The answer: the verdicts in the order sent, and how many there are of each. */
export interface Judgement {
  accepted: number;
  refused: number;
  unavailable: number;
  verdicts: Verdict[];
}

/**
 * Reads the events of a POST request, and publishes those that fit. `single`: the body was one JSON object.
 * @throws BodyError or ParameterError if there are no events to judge.
 */
export async function judgePosted(
  request: IncomingMessage,
  origin: Origin,
  options: ApiOptions,
): Promise<{ judgement: Judgement; single: boolean }> {
  const since = performance.now();
  const readItems = itemReader(origin.headers["content-type"]);
  const text = (await readBody(request)).toString("utf8");
  const { items, single } = readItems(text, origin);
  const verdicts = await Promise.all(items.map((item) => judge(item, origin, since, options)));
  const count = (wanted: Verdict["verdict"]) => verdicts.filter(({ verdict }) => verdict === wanted).length;
  const judgement = {
    accepted: count("accepted"),
    refused: count("refused"),
    unavailable: count("unavailable"),
    verdicts,
  };
  return { judgement, single };
}

async function judge(item: Item, origin: Origin, since: number, options: ApiOptions): Promise<Verdict> {
  const { publish, metrics, recent } = options;
  let eventId: string | null = null;
  try {
    const event = receiveItem(item, origin);
    eventId = event.eventId;
    const way = await publish(event.message, event.player);
    metrics?.accepted(event.type, way, (performance.now() - since) / 1000);
    recent?.add(event.message, null);
    return { event_id: eventId, verdict: "accepted", ...(way === "spool" && { spooled: true as const }) };
  } catch (error) {
    if (error instanceof ParameterError) return refusal(error, await keepMisfit(error, options));
    if (!(error instanceof Unavailable)) throw error;
    metrics?.refused("unavailable");
    const { message, written } = error;
    return { event_id: eventId, verdict: "unavailable", written, error: message };
  }
}

function refusal({ message, field, expected, value, refused }: ParameterError, kept: boolean): Verdict {
  return {
    event_id: refused?.eventId ?? null,
    verdict: "refused",
    kept,
    error: shown(message),
    field: shown(field),
    expected,
    value: shown(value),
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
