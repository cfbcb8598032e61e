/**
 * Accepted and refused messages → the newest events first: GET /events.
 *
 * A ring in this process's memory, bounded in events and in characters. It takes messages as they
 * are kept, so it shows no more of a person than the topic does: with hashed players, `player`
 * asks for the hash. Headers and addresses are not shown at all.
 */
import type { Request, Response } from "express";
import { MAX_RECENT_EVENTS } from "../settings.ts";
import { answerJson } from "../probes.ts";
import { peek } from "../envelope.ts";
import { Misfit } from "../misfit.ts";
import { parseParams } from "./params.ts";

/** An event that arrived; null: a refused one has no such field. */
export interface RecentEvent {
  received_at: string; // ISO 8601 in UTC
  event_id: string | null;
  event_type: string | null;
  player: string | null;
  verdict: "accepted" | "refused";
  reason: string | null; // why it was refused
  params: Record<string, unknown> | null;
}

export interface Recent {
  /** Takes an accepted envelope's text, or a refused text with the reason; null: accepted. */
  add: (message: string, reason: string | null) => void;
  /** The events that have each of the values given, newest first. */
  find: (wanted: Wanted) => RecentEvent[];
}

export interface Wanted {
  id?: string | undefined;
  player?: string | undefined;
  type?: string | undefined;
  limit?: number;
}

const MAX_CHARS = 16 * 1024 * 1024; // of messages that the ring stands for: one may have 1 MB
const DEFAULT_LIMIT = 100;
const NAMES = ["id", "player", "type", "limit"];

/** Makes a ring of `size` events, fewer while they are very long. */
export function createRecent(size: number): Recent {
  const ring: { event: RecentEvent; chars: number }[] = []; // oldest first
  let total = 0; // characters

  function add(message: string, reason: string | null): void {
    ring.push({ event: readMessage(message, reason), chars: message.length });
    total += message.length;
    while (ring.length > size || total > MAX_CHARS) total -= ring.shift()?.chars ?? 0;
  }

  function find({ id, player, type, limit = DEFAULT_LIMIT }: Wanted): RecentEvent[] {
    const found: RecentEvent[] = [];
    for (let i = ring.length - 1; i >= 0 && found.length < limit; i--) {
      const { event } = ring[i]!;
      const matches =
        (id === undefined || event.event_id === id) &&
        (player === undefined || event.player === player) &&
        (type === undefined || event.event_type === type);
      if (matches) found.push(event);
    }
    return found;
  }

  return { add, find };
}

/**
 * Answers GET /events?id=…&player=…&type=…&limit=… with a JSON array.
 * @throws Misfit for a name that it does not know, or a limit that does not fit.
 */
export function answerRecent(recent: Recent, { url }: Request, response: Response): void {
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
    id: params.get("id")?.toLowerCase(), // as in the envelope
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
