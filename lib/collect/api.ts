/**
 * HTTP requests → events: the game's API, one route for each event of the catalogue.
 *
 * The reply is sent when `publish` has resolved, so 200 means that Kafka has the event, or, while that
 * is away, this machine's disk: then the reply has the header `Event-Spooled: true`. Only GET
 * makes an event. Replies are text/plain, not Flask's text/html: they echo what the request said,
 * and a browser must not read that as a page. Middleware costs express microseconds each, so
 * there is one before the routes, and the log only when it is asked for.
 */
import express, { type ErrorRequestHandler, type Express, type Request, type Response } from "express";
import { type EventDefinition, events } from "../catalog.js";
import { ParameterError, receive } from "./envelope.js";
import { Unavailable, type Way } from "./gather.js";

const MAX_URL_LENGTH = 8192;
const MAX_BODY_BYTES = 64 * 1024; // of a body that nobody reads
const RETRY_AFTER_S = 2; // the longest pause between two attempts to reach Kafka

/** One answered request, for the log; headers are not in it. */
export interface RequestLog {
  time: string; // ISO 8601, UTC: when it came
  method: string;
  url: string;
  status: number;
  ms: number;
  event_id: string | null; // null: it made no event
}

export interface ApiOptions {
  /** Resolves when the topic or the spool has the message, with which; rejects with Unavailable when none has. */
  publish: (message: string, key: string) => Promise<Way>;
  /** What GET /ready answers. */
  isReady: () => boolean;
  log?: (line: RequestLog) => void;
}

/** Makes the API. It does not listen: see serve.ts. */
export function createApi({ publish, isReady, log }: ApiOptions): Express {
  const api = express();
  api.disable("x-powered-by").disable("etag").set("query parser", false);
  api.enable("case sensitive routing").enable("strict routing");
  if (log) api.use((request, response, next) => (logWhenDone(request, response, log), next()));
  api.use((request, response, next) => {
    if (!refuseTooLarge(request, response)) next();
  });
  for (const event of events) {
    api.all(event.route, (request, response) => collect(event, request, response, publish));
  }
  api.all("/ready", (request, response) => {
    if (refuseMethod(request, response)) return;
    const ready = isReady();
    answerJson(response, ready ? 200 : 503, { ready }, ready ? {} : { "Retry-After": RETRY_AFTER_S });
  });
  api.use((request, response) => {
    const routes = events.map(({ route }) => route).join(", ");
    answerJson(response, 404, { error: `path: expected one of ${routes}, got "${request.path}"` });
  });
  api.use(answerError);
  return api;
}

async function collect(
  event: EventDefinition,
  request: Request,
  response: Response,
  publish: ApiOptions["publish"],
): Promise<void> {
  if (refuseMethod(request, response)) return;
  const { url, headers } = request;
  const question = url.indexOf("?");
  const { eventId, player, message, reply } = receive(event, {
    query: question < 0 ? "" : url.slice(question + 1),
    headers,
    remoteAddr: remoteAddress(request),
  });
  if (request.method === "GET") {
    const locals = response.locals as Locals;
    locals.eventId = eventId;
    const way = await publish(message, player);
    response.setHeader("Event-Id", eventId);
    if (way === "spool") response.setHeader("Event-Spooled", "true");
  }
  response.writeHead(200, {
    "Content-Type": "text/plain; charset=utf-8",
    "X-Content-Type-Options": "nosniff",
    "Content-Length": Buffer.byteLength(reply),
  });
  response.end(reply);
}

interface Locals {
  eventId?: string; // of the event that this request makes
}

/** Answers what is neither GET nor HEAD; true if it did. */
function refuseMethod({ method }: Request, response: Response): boolean {
  if (method === "GET" || method === "HEAD") return false;
  const allow = { Allow: "GET, HEAD, OPTIONS" };
  if (method === "OPTIONS") response.writeHead(204, allow).end();
  else answerJson(response, 405, { error: `method: expected GET, HEAD or OPTIONS, got ${method}` }, allow);
  return true;
}

/** Answers a URL or body beyond the limits; true if it did. node:http itself limits the headers (431). */
function refuseTooLarge({ url, headers }: Request, response: Response): boolean {
  const close = { Connection: "close" };
  if (url.length > MAX_URL_LENGTH) {
    const error = `URL: expected at most ${MAX_URL_LENGTH} characters, got ${url.length}`;
    answerJson(response, 414, { error }, close);
    return true;
  }
  const length = headers["transfer-encoding"] ? "an unknown number" : headers["content-length"];
  if (length === undefined || Number(length) <= MAX_BODY_BYTES) return false;
  answerJson(
    response,
    413,
    { error: `body: expected at most ${MAX_BODY_BYTES} bytes, got ${length}` },
    close,
  );
  return true;
}

const answerError: ErrorRequestHandler = (error: unknown, request, response, next) => {
  if (response.headersSent) return next(error);
  const { method, originalUrl } = request;
  if (error instanceof ParameterError) {
    const { message, field, expected, value } = error;
    answerJson(response, 400, { error: message, field, expected, value });
  } else if (error instanceof Unavailable) {
    const body = {
      error: error.message,
      event_id: (response.locals as Locals).eventId,
      written: error.written,
    };
    answerJson(response, 503, body, { "Retry-After": RETRY_AFTER_S });
  } else {
    console.error(`${method} ${originalUrl}:`, error);
    answerJson(response, 500, { error: "internal error; the API's log says more" });
  }
};

function answerJson(
  response: Response,
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

function logWhenDone(request: Request, response: Response, log: (line: RequestLog) => void): void {
  const started = Date.now();
  const { method, originalUrl: url } = request;
  response.once("close", () => {
    log({
      time: new Date(started).toISOString(),
      method,
      url,
      status: response.statusCode,
      ms: Date.now() - started,
      event_id: (response.locals as Locals).eventId ?? null,
    });
  });
}

/** IPv4 addresses as such, also where the listener is an IPv6 one. */
function remoteAddress({ socket }: Request): string {
  return (socket.remoteAddress ?? "").replace(/^::ffff:/, "");
}
