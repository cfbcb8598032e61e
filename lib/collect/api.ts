/**
 * HTTP requests → events: the game's API, one route for each event of the catalogue.
 *
 * The reply is sent when `publish` has resolved, so 200 means that Kafka has the event. Only GET
 * makes an event. Replies are text/plain, not Flask's text/html: they echo what the request said,
 * and a browser must not read that as a page. Middleware costs express microseconds each, so
 * there is one before the routes, and the log and the guard only when they are asked for.
 */
import express, {
  type ErrorRequestHandler,
  type Express,
  type Request,
  type RequestHandler,
  type Response,
} from "express";
import { type EventDefinition, events } from "../catalog.js";
import { answerJson } from "./answer.js";
import { ParameterError, receive, type RequestFacts } from "./envelope.js";
import { Unavailable } from "./gather.js";
import type { GuardLocals } from "./guard.js";
import { answerRecent, type Recent } from "./recent.js";
import type { Retain, Retention } from "./retain.js";

const MAX_URL_LENGTH = 8192;
const MAX_BODY_BYTES = 64 * 1024; // of a body that nobody reads
const RETRY_AFTER_S = 2; // the longest pause between two attempts to reach Kafka

/** One answered request, for the log; headers are not in it. */
export interface RequestLog {
  time: string; // ISO 8601, UTC: when it came
  method: string;
  url: string; // without its query if not all of an event is kept
  status: number;
  ms: number;
  event_id: string | null; // null: it made no event
  key_name?: string; // whose write key it bore
}

export interface ApiOptions {
  /** Resolves when the topic has the message; rejects with Unavailable when it has not. */
  publish: (message: string, key: string) => Promise<void>;
  /** What GET /ready answers. */
  isReady: () => boolean;
  log?: (line: RequestLog) => void;
  /** What is kept of an event; without it, all. */
  retention?: Retention;
  /** Who may send, and how much; without it, everybody. See guard.ts. */
  guard?: RequestHandler[];
  /** What GET /events looks at; without it, there is no such path. */
  recent?: Recent;
}

/** Makes the API. It does not listen: see serve.ts. */
export function createApi(options: ApiOptions): Express {
  const { isReady, log, retention, guard = [], recent } = options;
  const keepsAll = retention === undefined || retention.changes.length === 0;
  const api = express();
  api.disable("x-powered-by").disable("etag").set("query parser", false);
  api.enable("case sensitive routing").enable("strict routing");
  if (log) api.use((request, response, next) => (logWhenDone(request, response, { log, keepsAll }), next()));
  api.use((request, response, next) => {
    if (!refuseTooLarge(request, response)) next();
  });
  if (guard.length > 0) api.use(guard);
  for (const event of events) {
    api.all(event.route, (request, response) => collect(event, request, response, options));
  }
  if (recent) api.get("/events", (request, response) => answerRecent(recent, request, response));
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
  { publish, retention, recent }: ApiOptions,
): Promise<void> {
  if (refuseMethod(request, response)) return;
  const { url, headers } = request;
  const question = url.indexOf("?");
  const query = question < 0 ? "" : url.slice(question + 1);
  const facts = { query, headers, remoteAddr: remoteAddress(request) };
  const { eventId, player, message, reply } = receiveEvent(
    event,
    facts,
    retention?.retain,
    request.method === "GET" ? recent : undefined,
  );
  if (request.method === "GET") {
    const locals = response.locals as Locals;
    locals.eventId = eventId;
    await publish(message, player);
    recent?.add(message, null);
  }
  response.writeHead(200, {
    "Content-Type": "text/plain; charset=utf-8",
    "X-Content-Type-Options": "nosniff",
    "Content-Length": Buffer.byteLength(reply),
  });
  response.end(reply);
}

interface Locals extends GuardLocals {
  eventId?: string; // of the event that this request makes
}

/** As `receive`; a refused event goes to `recent`. */
function receiveEvent(event: EventDefinition, facts: RequestFacts, retain?: Retain, recent?: Recent) {
  try {
    return receive(event, facts, retain);
  } catch (error) {
    if (error instanceof ParameterError && error.refused !== null) recent?.add(error.refused, error.message);
    throw error;
  }
}

/** Answers what is neither GET nor HEAD; true if it did. */
function refuseMethod({ method }: Request, response: Response): boolean {
  if (method === "GET" || method === "HEAD") return false;
  const allow = { Allow: "GET, HEAD, OPTIONS" };
  if (method === "OPTIONS") response.writeHead(204, allow).end();
  else answerJson(response, 405, { error: `method: expected GET, HEAD or OPTIONS, got ${method}` }, allow);
  return true;
}

/** Answers a URL or body beyond the limits, or one that is packed; true if it did. node:http itself limits the headers (431). */
function refuseTooLarge({ url, headers }: Request, response: Response): boolean {
  const close = { Connection: "close" };
  if (url.length > MAX_URL_LENGTH) {
    const error = `URL: expected at most ${MAX_URL_LENGTH} characters, got ${url.length}`;
    answerJson(response, 414, { error }, close);
    return true;
  }
  const encoding = headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity") {
    const error = `Content-Encoding: expected none, got ${encoding}`;
    answerJson(response, 415, { error }, close);
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
  const { method, path } = request;
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
    console.error(`${method} ${path}:`, error);
    answerJson(response, 500, { error: "internal error; the API's log says more" });
  }
};

interface LogOptions {
  log: (line: RequestLog) => void;
  keepsAll: boolean;
}

function logWhenDone(request: Request, response: Response, { log, keepsAll }: LogOptions): void {
  const started = Date.now();
  const { method } = request;
  const url = keepsAll ? request.originalUrl : request.path; // a query may name what is not to be kept
  response.once("close", () => {
    const { eventId, writeKey } = response.locals as Locals;
    log({
      time: new Date(started).toISOString(),
      method,
      url,
      status: response.statusCode,
      ms: Date.now() - started,
      event_id: eventId ?? null,
      ...(writeKey && { key_name: writeKey.name }),
    });
  });
}

/** IPv4 addresses as such, also where the listener is an IPv6 one. */
function remoteAddress({ socket }: Request): string {
  return (socket.remoteAddress ?? "").replace(/^::ffff:/, "");
}
