/**
 * An answer of an HTTP server → one short line for an error.
 *
 * Another server than the expected one can answer: a proxy, a page of a login, a gateway without
 * its server. Such a page is long, and its title is enough.
 */
const MAX_CHARS = 200;

/** A page's title, else the message of a JSON document, else the first characters. */
export function answerText(text: string, location?: string): string {
  const title = /<title>([^<]*)<\/title>/i.exec(text)?.[1];
  const message = /"message"\s*:\s*"((?:[^"\\]|\\.)*)"/.exec(text)?.[1];
  const line = (title ?? message ?? text).replace(/\s+/g, " ").trim();
  if (line === "") return location === undefined ? "no text" : `a redirect to ${originOf(location)}`;
  return line.length > MAX_CHARS ? `${line.slice(0, MAX_CHARS)}…` : line;
}

/** The rest of an address can have a ticket of the login. */
function originOf(location: string): string {
  return URL.canParse(location) ? new URL(location).origin : "another path";
}
