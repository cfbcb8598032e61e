/**
 * Events of one device → one POST /events, and the API's verdict on each event.
 *
 * A caller that sends an event again keeps its `event_id`. Then the messages are copies of one
 * event.
 */
import type { Envelope } from "../envelope.ts";
import { settings } from "../settings.ts";

const TIMEOUT_MS = 10_000;

/** An event as a client sends it. */
export interface SentEvent {
  event_type: string;
  event_id?: string; // default: the API makes an id
  occurred_at?: string; // of the client's clock
  player?: string | null;
  session?: string;
  params?: Readonly<Record<string, string | number | boolean | undefined>>; // undefined: not sent
}

/** The API's verdict on one event. */
export interface SentVerdict {
  event_id: string | null;
  verdict: "accepted" | "double" | "refused" | "unavailable";
  error?: string; // the reason when not accepted
}

/**
 * Sends events in one request, and resolves with the verdicts in their order.
 * @throws Error if the API does not answer, or answers without verdicts
 */
export async function sendEvents(
  events: readonly SentEvent[],
  { url = settings.apiUrl, headers = {} }: { url?: string; headers?: Record<string, string> } = {},
): Promise<SentVerdict[]> {
  const response = await fetch(`${url}/events`, {
    method: "POST",
    headers: { ...headers, "Content-Type": "application/json" },
    body: JSON.stringify(events),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const text = await response.text();
  const { verdicts } = parseAnswer(text);
  if (verdicts?.length === events.length) return verdicts;
  throw new Error(`POST /events: expected ${events.length} verdicts, got ${response.status} ${text}`);
}

/** The event of a message, as its client sends it again. */
export function sentEventOf(message: string): SentEvent {
  const { event_type, event_id, occurred_at, player, session, params } = JSON.parse(message) as Envelope;
  return { event_type, event_id, occurred_at, player, session, params };
}

function parseAnswer(text: string): { verdicts?: SentVerdict[] } {
  try {
    return JSON.parse(text) as { verdicts?: SentVerdict[] };
  } catch {
    return {}; // not JSON: for example the answer of a proxy
  }
}
