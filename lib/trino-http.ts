/**
 * One request of Trino's driver → the text of its answer, by node:http on kept connections.
 *
 * A small statement takes six to eight requests. The driver's own HTTP library needs more time for
 * them than Trino for the statement, and opens a new TLS connection for each statement.
 * Redirects are not followed: they would carry the login to another server.
 */
import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from "node:http";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";
import { buffer } from "node:stream/consumers";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { settings } from "./settings.ts";

/** A request as the driver describes it. */
export interface TrinoRequest {
  url: string; // absolute, or a path below the server's
  method?: string; // default: GET
  data?: string;
  headers?: Record<string, string>; // over those of all requests
}

/** The parts that all requests of a statement have. */
export interface TrinoConnection {
  server: string; // e.g. "http://localhost:8080"
  headers: Record<string, string>;
  signal: AbortSignal;
}

const KEPT = { keepAlive: true, timeout: 5_000 }; // milliseconds without use
const http = new HttpAgent(KEPT);
const https = new HttpsAgent({ ...KEPT, ...(settings.trinoAccess.ca && { ca: settings.trinoAccess.ca }) });

/** Resolves with the text of an answer 200 or 204. @throws HttpFailure for any other end */
export async function sendToTrino(
  { url, method = "GET", data, headers }: TrinoRequest,
  { server, headers: common, signal }: TrinoConnection,
): Promise<string> {
  const target = new URL(url.startsWith("/") ? server.replace(/\/$/, "") + url : url);
  const isTls = target.protocol === "https:";
  const options = {
    method,
    signal,
    agent: isTls ? https : http,
    headers: {
      ...common,
      ...headers,
      "Accept-Encoding": isNear(target) ? "identity" : "gzip", // on this machine packing only costs time
      ...(data !== undefined && { "Content-Length": Buffer.byteLength(data) }),
    },
  };
  try {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const sent = (isTls ? requestHttps : requestHttp)(target, options, resolve);
      sent.once("error", reject);
      sent.end(data);
    });
    const { statusCode: status = 0, headers: received } = answer;
    const bytes = await buffer(answer);
    const isPacked = received["content-encoding"] === "gzip";
    const text = (isPacked ? await promisify(gunzip)(bytes) : bytes).toString("utf8");
    if (status === 200 || status === 204) return text;
    throw new HttpFailure(`answer ${status}`, {
      response: { status, text, retryAfter: received["retry-after"], location: received.location },
    });
  } catch (error) {
    if (error instanceof HttpFailure || signal.aborted) throw error;
    const { message, code } = error as NodeJS.ErrnoException;
    throw new HttpFailure(message, { code: code ?? "" });
  }
}

interface FailureFacts {
  code?: string; // e.g. "ECONNREFUSED"
  response?: { status: number; text: string; retryAfter?: string | undefined; location?: string | undefined };
}

/** Thrown when a request has no answer, or another one than 200 or 204. It has no login. */
export class HttpFailure extends Error {
  override name = "HttpFailure";
  code: FailureFacts["code"];
  response: FailureFacts["response"];

  constructor(message: string, { code, response }: FailureFacts) {
    super(message);
    this.code = code;
    this.response = response;
  }
}

/** Whether a server is on this machine. */
function isNear({ hostname }: URL): boolean {
  return hostname === "localhost" || hostname === "[::1]" || hostname.startsWith("127.");
}
