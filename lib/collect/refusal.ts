/**
 * A refused event → counted, shown among the recent events, and kept in the failed topic.
 *
 * Only a text that was to be an event is kept. A path that does not exist, or a body that is too
 * large, is counted by the module that refuses it.
 */
import { Misfit } from "../misfit.ts";
import { refusedRecord, writeRefused } from "../refused.ts";
import type { Metrics } from "./api-metrics.ts";
import type { Recent } from "./recent.ts";
import type { Retention } from "./retention.ts";

/** The text of a refused event, before it is shortened. */
export interface RefusedText {
  raw: string; // the message that it would have been; the text as sent, if it could not be one
  key: string; // that message's key: the player
  eventId: string | null;
}

/** Thrown when an event does not fit. */
export class Refusal extends Misfit {
  override name = "Refusal";
  refused: RefusedText;

  constructor(refused: RefusedText, field: string, expected: string, got: unknown) {
    super(field, expected, got);
    this.refused = refused;
  }
}

/** Where refused events go. */
export interface RefusalSink {
  /** Publishes a record to the failed topic; resolves with whether that is done. */
  keepRefused?: (message: string, key: string) => Promise<boolean>;
  metrics?: Metrics;
  /** The events that GET /events shows; without it, there is no such path. */
  recent?: Recent;
  /** What is kept of an event; without it, all. */
  retention?: Retention;
}

const MAX_KEY_CHARS = 1000;

/** Counts a refused event, and keeps it; resolves with whether it is kept. */
export async function keepRefusal(
  { message, field, expected, refused: { raw, key } }: Refusal,
  { keepRefused, metrics, recent, retention }: RefusalSink,
): Promise<boolean> {
  metrics?.refused("misfit");
  // The value got may be personal: the reason names it only while all of an event is kept.
  const keepsAll = retention === undefined || retention.changes.length === 0;
  const record = refusedRecord(keepsAll ? message : `${field}: expected ${expected}`, raw);
  recent?.add(record.raw, record.reason);
  if (!keepRefused) return false;
  return keepRefused(writeRefused(record), key.slice(0, MAX_KEY_CHARS));
}
