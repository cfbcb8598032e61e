/**
 * Query string → parameters, in the order of the query, as a Python form decoder reads it.
 *
 * A Map, because a JavaScript object puts integer-like names first (`?b=1&10=2`) and gives
 * `__proto__` a meaning. "+" is a space; an invalid %XX stays as it is; bytes that are not
 * UTF-8 become U+FFFD. The first value of a repeated name counts; a name without "=" has the
 * value "". This module refuses nothing.
 */

/** Parameters by name, in the order of the query. */
export type Params = ReadonlyMap<string, string>;

/** Decodes the text after the "?" of a URL; node:http refuses URLs that are not ASCII. */
export function parseParams(query: string): Params {
  const params = new Map<string, string>();
  for (const pair of query.split("&")) {
    if (pair === "") continue;
    const equals = pair.indexOf("=");
    const name = decode(equals < 0 ? pair : pair.slice(0, equals));
    if (!params.has(name)) params.set(name, equals < 0 ? "" : decode(pair.slice(equals + 1)));
  }
  return params;
}

/** `user1.att.com:5000` → `user1.att.com`, `[::1]:5000` → `[::1]`. */
export function withoutPort(host: string): string {
  return host.replace(/:\d*$/, "");
}

function decode(text: string): string {
  if (!/[%+]/.test(text)) return text;
  const bytes = text
    .replaceAll("+", " ")
    .replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1").toString("utf8");
}
