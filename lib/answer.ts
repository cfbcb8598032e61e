/** A value → the HTTP answer that says it: JSON, one line, which no browser takes for a page. */
import type { ServerResponse } from "node:http";

/** Answers `body` with `status`, and `headers` beside those of JSON and those that the response has already. */
export function answerJson(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Record<string, string | number> = {},
): void {
  const text = JSON.stringify(body) + "\n";
  response.writeHead(status, {
    "Content-Type": "application/json; charset=utf-8",
    "X-Content-Type-Options": "nosniff",
    "Content-Length": Buffer.byteLength(text),
    ...headers,
  });
  response.end(text);
}
