/**
 * An event's text → its content: the part that every copy of the event has in common.
 *
 * A client that sends an event again has other headers, another address, and another time of
 * arrival. So two messages with one event_id and one content are copies. With another content they
 * are two events under one id: a conflict.
 */
import { createHash } from "node:crypto";
import { isObject, own } from "./misfit.ts";

const FIELDS = ["event_type", "player", "session", "occurred_at"];

/** A digest of an envelope's type, player, session, occurred_at and parameters in any order. */
export function contentOf(text: string | null): string {
  const envelope = parseObject(text);
  const fields = FIELDS.map((name) => own(envelope, name) ?? null);
  const params = own(envelope, "params");
  const sorted = isObject(params) ? Object.entries(params).sort(([a], [b]) => (a < b ? -1 : 1)) : null;
  return createHash("sha256")
    .update(JSON.stringify([...fields, sorted]))
    .digest("base64");
}

function parseObject(text: string | null): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text ?? "");
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}
