/**
 * Accepted and refused messages → the answer of GET /events: the newest events first.
 *
 * The events are in this process's memory, with a limit of events and of characters. They are
 * stored after retention, so they show no more of a person than the topic does. With hashed
 * players, the query `player` takes the hash. Headers and addresses are not shown.
 */
import type { Request, Response } from "express";
import { MAX_RECENT_EVENTS } from "../settings.ts";
import { answerJson } from "../probes.ts";
import { peek } from "../envelope.ts";
import { Misfit } from "../misfit.ts";
import { parseParams } from "./params.ts";

/** An event that arrived; null: a refused event lacks the field. */
export interface RecentEvent {
  received_at: string; // ISO 8601 in UTC
  event_id: string | null;
  event_type: string | null;
  player: string | null;
  verdict: "accepted" | "refused";
  reason: string | null; // of the refusal; null: accepted
  params: Record<string, unknown> | null;
}

export interface Wanted {
  id?: string | undefined;
  player?: string | undefined;
  type?: string | undefined;
  limit?: number;
}

const MAX_CHARS = 16 * 1024 * 1024; // of all stored messages; one may have 1 MB
const DEFAULT_LIMIT = 100;
const NAMES = ["id", "player", "type", "limit"];

export class RecentEvents {
  readonly #size: number;
  readonly #ring: { event: RecentEvent; chars: number }[] = []; // oldest first
  #totalChars = 0;

  /** @param size the greatest number of events; fewer are stored while they are very long */
  constructor(size: number) {
    this.#size = size;
  }

  /** Adds the text of an accepted envelope, or a refused text with the reason. Null: accepted. */
  add(message: string, reason: string | null): void {
    this.#ring.push({ event: readMessage(message, reason), chars: message.length });
    this.#totalChars += message.length;
    while (this.#ring.length > this.#size || this.#totalChars > MAX_CHARS)
      this.#totalChars -= this.#ring.shift()?.chars ?? 0;
  }

  /** The events that have each of the given values, newest first. */
  find({ id, player, type, limit = DEFAULT_LIMIT }: Wanted): RecentEvent[] {
    const found: RecentEvent[] = [];
    for (let i = this.#ring.length - 1; i >= 0 && found.length < limit; i--) {
      const { event } = this.#ring[i]!;
      const matches =
        (id === undefined || event.event_id === id) &&
        (player === undefined || event.player === player) &&
        (type === undefined || event.event_type === type);
      if (matches) found.push(event);
    }
    return found;
  }
}

/**
 * Answers GET /events?id=…&player=…&type=…&limit=… with a JSON array.
 * @throws Misfit for an unknown name, or a limit that does not fit.
 */
export function answerRecent(recent: RecentEvents, { url }: Request, response: Response): void {
  const question = url.indexOf("?");
  const wanted = readQuery(question < 0 ? "" : url.slice(question + 1));
  answerJson(response, 200, recent.find(wanted), { "Cache-Control": "no-store" });
}

function readQuery(query: string): Wanted {
  const params = parseParams(query);
  for (const name of params.keys())
    if (!NAMES.includes(name)) throw new Misfit("query", `only ${NAMES.join(", ")}`, name);
  const limit = params.get("limit") ?? String(DEFAULT_LIMIT);
  if (!/^[1-9]\d{0,4}$/.test(limit) || Number(limit) > MAX_RECENT_EVENTS)
    throw new Misfit("limit", `an integer from 1 to ${MAX_RECENT_EVENTS}`, limit);
  return {
    id: params.get("id")?.toLowerCase(), // the form in the envelope
    player: params.get("player"),
    type: params.get("type"),
    limit: Number(limit),
  };
}

function readMessage(message: string, reason: string | null): RecentEvent {
  const { received_at, event_id, event_type, player, params } = peek(message);
  return {
    received_at: received_at ?? new Date().toISOString(),
    event_id,
    event_type,
    player,
    verdict: reason === null ? "accepted" : "refused",
    reason,
    params,
  };
}
