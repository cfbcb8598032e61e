/**
 * Envelope → the same envelope with each personal value kept, dropped, truncated or hashed.
 *
 * Retention runs when an envelope is made, so nothing downstream (spool, topic, files) ever holds
 * more. A refused text that cannot become an envelope may hold any value. It is dropped whenever
 * any policy is not `keep`.
 *
 * A hash is an HMAC of the value alone. Equal values stay equal in all fields, and the owner of the
 * secret can find a person again. The key of a message is the player after retention. So a player's
 * events stay in order; with `drop`, all events have the same key.
 *
 * A value may be in more than one field:
 * - The parameter `player` has the player's policy.
 * - The Host header, without its port, is the player of a request without the parameter `player`.
 *   It has the player's policy too.
 * - The headers of ECHOES repeat a player, an address or a browser in other forms. They are dropped
 *   if their field has another policy than `keep`, unless a policy names them.
 * - Other parameters, and a client's own headers, stay as they are.
 */
import { createHmac } from "node:crypto";
import { isIP } from "node:net";
import { Address4, Address6 } from "ip-address";
import { type RetentionPolicy, retentionPolicies } from "../catalog.ts";
import { readPolicies } from "../retention-policies.ts";
import { type Params, withoutPort } from "./params.ts";

/** The fields of an envelope that can have personal values. */
export interface PersonalFields {
  player: string | null;
  session?: string | undefined;
  params: Params;
  headers: Params; // by name in Title-Case
  remote_addr: string;
}

/** Returns the envelope with the policies applied. */
export type Retain = <T extends PersonalFields>(envelope: T) => T;

export interface Retention {
  retain: Retain;
  /** The kept part of a text that is not an envelope: all of the text, or "". */
  retainText: (text: string) => string;
  /** Policies other than `keep`, e.g. "player=hash"; empty: `retain` changes nothing. */
  changes: string[];
}

const ECHOES = {
  player: ["Origin", "Referer", "X-Forwarded-Host"],
  remote_addr: [
    "Forwarded",
    "X-Forwarded-For",
    "X-Original-Forwarded-For",
    "X-Real-Ip",
    "X-Client-Ip",
    "X-Cluster-Client-Ip",
    "True-Client-Ip",
    "Cf-Connecting-Ip",
    "Cf-Connecting-Ipv6",
    "Fastly-Client-Ip",
  ],
  "User-Agent": ["Sec-Ch-Ua", "Sec-Ch-Ua-Mobile", "Sec-Ch-Ua-Platform"],
};
const TRUNCATED_CHARS = 16;
const HASH_CHARS = 32; // 128 bits, in hex

/**
 * Makes the retention of `policies`, changed by `overrides` such as "player=hash,Referer=drop".
 * @throws Error if a policy is wrong; see `readPolicies`.
 */
export function createRetention({
  policies = retentionPolicies,
  overrides = "",
  secret = "",
}: {
  policies?: Readonly<Record<string, RetentionPolicy>>;
  overrides?: string;
  secret?: string;
} = {}): Retention {
  const named = readPolicies({ policies, overrides, secret });
  const all = new Map<string, RetentionPolicy>([...implied(named), ...named]);
  const changes = [...all].filter(([, policy]) => policy !== "keep").map((entry) => entry.join("="));
  if (changes.length === 0) return { retain: (envelope) => envelope, retainText: (text) => text, changes };
  return {
    retain: (envelope) => retainBy({ policies: all, secret }, envelope),
    retainText: () => "",
    changes,
  };
}

interface Rules {
  policies: ReadonlyMap<string, RetentionPolicy>; // by field, parameter `player`, or header
  secret: string;
}

function retainBy<T extends PersonalFields>({ policies, secret }: Rules, envelope: T): T {
  const keep = (name: string, text: string) => applied(policies.get(name) ?? "keep", text, secret);
  const keepHost = (host: string) =>
    policies.get("Host") === "keep" ? host : keep("Host", withoutPort(host));
  return {
    ...envelope,
    player: envelope.player === null ? null : (keep("player", envelope.player) ?? ""),
    ...(envelope.session !== undefined && { session: keep("session", envelope.session) }),
    params: mapped(envelope.params, (name, text) => (name === "player" ? keep(name, text) : text)),
    headers: mapped(envelope.headers, (name, text) => (name === "Host" ? keepHost(text) : keep(name, text))),
    remote_addr: keep("remote_addr", envelope.remote_addr) ?? "",
  };
}

/** The kept part of `text`; undefined: the value is dropped. */
function applied(policy: RetentionPolicy, text: string, secret: string): string | undefined {
  switch (policy) {
    case "keep":
      return text;
    case "drop":
      return undefined;
    case "truncate":
      return truncated(text);
    case "hash":
      // An empty value is not personal: it stays empty.
      return text && createHmac("sha256", secret).update(text).digest("hex").slice(0, HASH_CHARS);
  }
}

/** An address without its host (IPv4 /24, IPv6 /48); the first 16 characters of other text. */
function truncated(text: string): string {
  switch (isIP(text)) {
    case 4:
      return new Address4(`${text}/24`).startAddress().correctForm();
    case 6:
      return new Address6(`${text}/48`).startAddress().correctForm();
    default:
      return Array.from(text.slice(0, 2 * TRUNCATED_CHARS))
        .slice(0, TRUNCATED_CHARS)
        .join("");
  }
}

/** The entries with changed values, in the same order; an undefined value removes its entry. */
function mapped(entries: Params, change: (name: string, text: string) => string | undefined): Params {
  const kept = new Map<string, string>();
  for (const [name, text] of entries) {
    const value = change(name, text);
    if (value !== undefined) kept.set(name, value);
  }
  return kept;
}

/** The policies of headers that follow from the policies of fields. */
function implied(named: ReadonlyMap<string, RetentionPolicy>): [string, RetentionPolicy][] {
  const policyOf = (field: string) => ((named.get(field) ?? "keep") === "keep" ? "keep" : "drop");
  return [
    ["Host", named.get("player") ?? "keep"],
    ...Object.entries(ECHOES).flatMap(([field, headers]) =>
      headers.map((header): [string, RetentionPolicy] => [header, policyOf(field)]),
    ),
  ];
}
