/**
 * URL → the request and its answer under the cell, in the words of HTTP.
 *
 * Node asks, because a machine with Docker, Node and git can lack curl.
 */
import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";

const LIMIT_MS = 60_000;
const HEADERS = { Accept: "*/*", "User-Agent": "questlog" };

/** Prints the request, then status, headers and body of the answer. Resolves with the answer. */
export async function showAnswer(url: string): Promise<string> {
  const request = get(url, { headers: HEADERS, signal: AbortSignal.timeout(LIMIT_MS) });
  const [answer] = (await once(request, "response")) as [IncomingMessage];
  const { httpVersion, statusCode, statusMessage, rawHeaders } = answer;
  const lines = [`HTTP/${httpVersion} ${statusCode} ${statusMessage}`];
  for (let i = 0; i < rawHeaders.length; i += 2) lines.push(`${rawHeaders[i]}: ${rawHeaders[i + 1]}`);
  const shown = [...lines, "", await text(answer)].join("\n").trimEnd();
  console.log(`GET ${url}\n${shown}`);
  return shown;
}
