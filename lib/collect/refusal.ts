/**
 * What was refused → kept for later, counted, or both.
 *
 * Kept is what could have been an event; a path that does not exist or a body that is too large is only counted.
 */
import type { ApiOptions } from "./api.ts";
import type { ParameterError } from "./receive.ts";

const MAX_RAW_BYTES = 64 * 1024;
const MAX_REASON_CHARS = 1000;
const MAX_KEY_CHARS = 1000;

/** A refused event, as it is kept. */
export interface RefusedEvent {
  raw: string; // the message it would have been; what was sent, if it could not be one; 64 KiB of it at most
  reason: string;
  key: string; // the message's key: the player
}

/** Counts a misfit, and keeps it if it was to be an event; resolves with whether it is kept. */
export async function keepMisfit(
  { message, field, expected, refused }: ParameterError,
  { keepRefused, metrics, recent, retention }: ApiOptions,
): Promise<boolean> {
  if (!refused) return false;
  metrics?.refused("misfit");
  const raw = firstBytes(refused.raw, MAX_RAW_BYTES);
  // What was got instead may be what is not to be kept.
  const keepsAll = retention === undefined || retention.changes.length === 0;
  const reason = (keepsAll ? message : `${field}: expected ${expected}`).slice(0, MAX_REASON_CHARS);
  recent?.add(raw, reason);
  if (!keepRefused) return false;
  return keepRefused({ raw, reason, key: refused.key.slice(0, MAX_KEY_CHARS) });
}

/** The text's beginning, in whole characters. */
function firstBytes(text: string, bytes: number): string {
  if (text.length * 3 <= bytes) return text; // no character takes more
  const start = Buffer.from(text).subarray(0, bytes);
  return new TextDecoder().decode(start, { stream: true });
}
