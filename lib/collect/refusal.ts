/**
 * A refused event → a count, a recent event, and a message of the failed topic.
 *
 * Only the text of an intended event is kept. A module that refuses an unknown path or a too large
 * body only counts it.
 */
import { Misfit } from "../misfit.ts";
import { refusedRecord, writeRefused } from "../refused.ts";
import type { Metrics } from "./api-metrics.ts";
import type { RecentEvents } from "./recent.ts";
import type { Retention } from "./retention.ts";

/** The text of a refused event, before it is shortened. */
export interface RefusedText {
  raw: string; // the envelope, or the text as sent if it cannot become an envelope
  key: string | null; // the player, as in the key of an accepted event
  eventId: string | null;
}

/** Thrown when an event does not fit; `others` are its other misfits. */
export class Refusal extends Misfit {
  override name = "Refusal";
  refused: RefusedText;

  constructor(refused: RefusedText, field: string, expected: string, got: unknown) {
    super(field, expected, got);
    this.refused = refused;
  }
}

/** A misfit in an answer. */
export interface MisfitFacts {
  field: string;
  expected: string;
  value: unknown; // the value got; a long text is shortened
}

/** The first misfit with the message of all, and the other ones, if any. */
export function factsOf({
  message,
  others,
  ...first
}: Misfit): MisfitFacts & { error: string; others?: MisfitFacts[] } {
  const facts = ({ field, expected, got }: Pick<Misfit, "field" | "expected" | "got">) => ({
    field,
    expected,
    value: got,
  });
  return { error: message, ...facts(first), ...(others.length > 0 && { others: others.map(facts) }) };
}

/** The targets of refused events. */
export interface RefusalSink {
  /** Publishes a record to the failed topic; resolves with true if that succeeded. */
  keepRefused?: (message: string, key: string | null) => Promise<boolean>;
  metrics?: Metrics;
  /** The events that GET /events shows; without it, that path does not exist. */
  recent?: RecentEvents;
  /** The policies for personal values; without it, all values are kept. */
  retention?: Retention;
}

const MAX_KEY_CHARS = 1000;

/** Counts a refused event and keeps it; resolves with true if the failed topic has it. */
export async function keepRefusal(
  refusal: Refusal,
  { keepRefused, metrics, recent, retention }: RefusalSink,
): Promise<boolean> {
  const { message, others, refused } = refusal;
  const { raw, key } = refused;
  metrics?.refused("misfit");
  // The refused values may be personal: the reason names them only if retention changes nothing.
  const keepsAll = retention === undefined || retention.changes.length === 0;
  const unnamed = [refusal, ...others].map(({ field, expected }) => `${field}: expected ${expected}`);
  const record = refusedRecord(keepsAll ? message : unnamed.join("; "), raw);
  recent?.add(record.raw, record.reason);
  if (!keepRefused) return false;
  return keepRefused(writeRefused(record), key && key.slice(0, MAX_KEY_CHARS));
}
