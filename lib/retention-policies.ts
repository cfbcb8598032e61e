/**
 * "player=hash,Referer=drop" → a policy for each field and header that the catalogue or the text
 * names.
 *
 * The settings QUESTLOG_RETENTION and QUESTLOG_RETENTION_SECRET are checked here, without applying
 * a policy; collect/retention.ts applies them.
 */
import { type RetentionPolicy, retentionPolicies, secretHeaders } from "./catalog.ts";

const POLICIES: readonly RetentionPolicy[] = ["keep", "drop", "truncate", "hash"];
const FIELDS = ["player", "remote_addr"];
const HEADER = /^[A-Z\d][a-z\d]*(-[A-Z\d][a-z\d]*)*$/; // a misspelt field does not match
const MIN_SECRET_CHARS = 16;

/**
 * Reads the policies, by field or header of an envelope: `User-Agent`, not `user_agent`.
 * @throws Error if a name or policy is unknown, or if `hash` is used without a secret.
 */
export function readPolicies({
  policies = retentionPolicies,
  overrides,
  secret,
}: {
  policies?: Readonly<Record<string, RetentionPolicy>>;
  overrides: string;
  secret: string;
}): Map<string, RetentionPolicy> {
  const defaults = Object.entries(policies).map(([name, policy]) => checked(name, policy, policy));
  const named = new Map([...defaults, ...readOverrides(overrides)]);
  if ([...named.values()].includes("hash") && secret.length < MIN_SECRET_CHARS)
    throw new Error(
      `QUESTLOG_RETENTION_SECRET: expected at least ${MIN_SECRET_CHARS} characters, because a policy is hash, ` +
        `got ${secret.length}; openssl rand -hex 32 makes one`,
    );
  return named;
}

function readOverrides(text: string): [string, RetentionPolicy][] {
  const pairs = text.split(",").filter((pair) => pair.trim() !== "");
  return pairs.map((pair) => {
    const [name = "", policy, ...rest] = pair.split("=").map((word) => word.trim());
    const isPair = policy !== undefined && rest.length === 0;
    return checked(name, isPair ? policy : "", isPair ? policy : pair.trim());
  });
}

/** The name as in an envelope, and its policy; an error shows `text`. */
function checked(name: string, policy: string, text: string): [string, RetentionPolicy] {
  const known = name === "user_agent" ? "User-Agent" : name;
  if (!FIELDS.includes(known) && (!HEADER.test(known) || secretHeaders.includes(known)))
    throw new Error(
      `QUESTLOG_RETENTION: expected remote_addr, user_agent, player or a header as in Accept-Language, got "${name}"` +
        (secretHeaders.includes(known) ? ", which is never kept" : ""),
    );
  if (!isPolicy(policy))
    throw new Error(
      `QUESTLOG_RETENTION: expected ${name}=${POLICIES.join("|")}, got "${text}"; try: player=hash,remote_addr=truncate`,
    );
  return [known, policy];
}

function isPolicy(text: string): text is RetentionPolicy {
  return (POLICIES as readonly string[]).includes(text);
}
