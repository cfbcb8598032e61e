/**
 * HTTP requests → events: the game's API, one route for each event of the catalogue.
 *
 * The reply is sent when `publish` has resolved: 200 means that Kafka has the event. While Kafka is
 * away, this machine's disk has the event, and the reply has the header `Event-Spooled: true`. Only
 * GET, and POST /events (post.ts), make events.
 *
 * Replies are text/plain, not Flask's text/html: they echo parameters, and a browser must not read
 * them as a page. Each middleware costs some microseconds a request. So one runs before the routes;
 * the log and the guard are added only on demand.
 */
import express, {
  type ErrorRequestHandler,
  type Express,
  type Request,
  type RequestHandler,
  type Response,
} from "express";
import type { EventDefinition } from "../catalog.ts";
import { events, loadedCatalogue as catalogue } from "../events.ts";
import { answerJson, answerProbe, probePaths } from "../probes.ts";
import { Misfit } from "../misfit.ts";
import { BodyError } from "./body.ts";
import { receive } from "./receive.ts";
import { type AcceptedBy, Unavailable } from "./batcher.ts";
import { clientAddress, trustProxies } from "./client-address.ts";
import type { Metrics } from "./api-metrics.ts";
import { type EventSink, publishPosted } from "./post.ts";
import { answerRecent } from "./recent.ts";
import { factsOf, keepRefusal, Refusal } from "./refusal.ts";
import { type Locals, logWhenDone, type RequestLog } from "./request-log.ts";

const MAX_URL_LENGTH = 8192;
const MAX_BODY_BYTES = 64 * 1024; // of a body that the API does not read
const RETRY_AFTER_S = 2; // the longest pause between two attempts to reach Kafka

export interface ApiOptions extends EventSink {
  /** The reason why the API is not ready, in a few words; null: the API is ready. */
  whyNotReady: () => string | null;
  metrics?: Metrics;
  log?: (line: RequestLog) => void;
  /** Checks keys and limits (guard.ts); without it, everybody may send any number of events. */
  guard?: RequestHandler[];
  /** Proxies whose X-Forwarded-For counts: addresses and networks; default: none. */
  trustedProxies?: readonly string[];
  /** Lets browsers send from pages of other origins (cors.ts). */
  cors?: RequestHandler[];
}

/** Makes the API. serve.ts makes it listen. */
export function createApi(options: ApiOptions): Express {
  const { log, metrics, retention, guard = [], cors = [], trustedProxies = [], recent } = options;
  const keepsAll = retention === undefined || retention.changes.length === 0;
  const api = express();
  api.disable("x-powered-by").disable("etag").set("query parser", false);
  api.enable("case sensitive routing").enable("strict routing");
  trustProxies(api, trustedProxies);
  if (log)
    api.use((request, response, next) => {
      logWhenDone(request, response, { log, keepsAll });
      next();
    });
  // First: a preflight has no key, and a page can read an answer only with the headers of cors.
  if (cors.length > 0) api.use(cors);
  api.use((request, response, next) => {
    if (!refuseTooLarge(request, response, metrics)) next();
  });
  if (guard.length > 0) api.use(guard);
  for (const event of events) {
    api.all(event.route, (request, response) => collect(event, request, response, options));
  }
  if (recent) api.get("/events", (request, response) => answerRecent(recent, request, response));
  api.post("/events", (request, response) => collectPosted(request, response, options));
  api.all("/events", (request, response, next) => {
    if (request.method === "GET" || request.method === "HEAD") next();
    else refuseMethod(["POST", "OPTIONS"], request, response, metrics);
  });
  const probes = { state: () => readiness(options.whyNotReady()), metrics };
  api.all(probePaths(probes), async (request, response) => {
    if (isRead(request, response, metrics)) await answerProbe(request.path, response, probes);
  });
  api.use((request, response) => {
    const routes = events.map(({ route }) => route).join(", ");
    metrics?.refused("not_found");
    answerJson(response, 404, { error: `path: expected one of ${routes}, got "${request.path}"` });
  });
  api.use(errorAnswer(options));
  return api;
}

async function collect(
  event: EventDefinition,
  request: Request,
  response: Response,
  { publish, metrics, retention, recent }: ApiOptions,
): Promise<void> {
  const since = performance.now();
  if (!isRead(request, response, metrics)) return;
  const { url, headers } = request;
  const question = url.indexOf("?");
  const { eventId, player, message, reply, warning } = receive(event, {
    query: question < 0 ? "" : url.slice(question + 1),
    headers,
    remoteAddr: clientAddress(request),
    ...(retention && { retention }),
  });
  let accepted: Record<string, string> = {};
  if (request.method === "GET") {
    const locals = response.locals as Locals;
    locals.eventId = eventId;
    const acceptedBy = await publish(message, player);
    metrics?.accepted(event.type, acceptedBy, (performance.now() - since) / 1000);
    recent?.add(message, null);
    accepted = acceptedHeaders(eventId, acceptedBy);
  }
  response.writeHead(200, {
    "Content-Type": "text/plain; charset=utf-8",
    "X-Content-Type-Options": "nosniff",
    "Content-Length": Buffer.byteLength(reply),
    ...accepted,
    ...(warning !== null && { "Event-Warning": warning }),
  });
  response.end(reply);
}

async function collectPosted(request: Request, response: Response, options: ApiOptions): Promise<void> {
  const { headers } = request;
  const origin = { headers, remoteAddr: clientAddress(request), retention: options.retention };
  const { answer, single } = await publishPosted(request, origin, options);
  if (answer.accepted === 0 && answer.unavailable > 0) {
    answerJson(response, 503, answer, { "Retry-After": RETRY_AFTER_S });
    return;
  }
  const [first] = answer.verdicts;
  let accepted = {};
  if (single && first?.verdict === "accepted") {
    (response.locals as Locals).eventId = first.event_id!;
    accepted = acceptedHeaders(first.event_id!, first.spooled ? "spool" : "kafka");
  }
  answerJson(response, 200, answer, accepted);
}

/** Headers of a reply for one accepted event: its id, and whether only the disk has it. */
function acceptedHeaders(eventId: string, acceptedBy: AcceptedBy): Record<string, string> {
  return { "Event-Id": eventId, ...(acceptedBy === "spool" && { "Event-Spooled": "true" }) };
}

function readiness(reason: string | null): { ready: boolean; reason?: string; catalogue: string } {
  return reason === null ? { ready: true, catalogue } : { ready: false, reason, catalogue };
}

/** Whether the request is GET or HEAD; answers it if not. */
function isRead(request: Request, response: Response, metrics?: Metrics): boolean {
  if (request.method === "GET" || request.method === "HEAD") return true;
  refuseMethod(["GET", "HEAD", "OPTIONS"], request, response, metrics);
  return false;
}

function refuseMethod(allowed: string[], { method }: Request, response: Response, metrics?: Metrics): void {
  const allow = { Allow: allowed.join(", ") };
  if (method === "OPTIONS") {
    response.writeHead(204, allow).end();
    return;
  }
  metrics?.refused("method");
  const expected = [allowed.slice(0, -1).join(", "), allowed.at(-1)].join(" or ");
  answerJson(response, 405, { error: `method: expected ${expected}, got ${method}` }, allow);
}

/**
 * Refuses a URL or body beyond the limits, and returns whether it did. node:http limits headers
 * (431).
 */
function refuseTooLarge({ method, url, headers }: Request, response: Response, metrics?: Metrics): boolean {
  const refuse = (status: number, error: string) => {
    metrics?.refused("too_large");
    answerJson(response, status, { error }, { Connection: "close" });
    return true;
  };
  if (url.length > MAX_URL_LENGTH)
    return refuse(414, `URL: expected at most ${MAX_URL_LENGTH} characters, got ${url.length}`);
  if (method === "POST" && /^\/events(\?|$)/.test(url)) return false; // body.ts limits it
  const encoding = headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity")
    return refuse(415, `Content-Encoding: expected identity, got ${encoding}`);
  const length = headers["transfer-encoding"] ? "an unknown number" : headers["content-length"];
  if (length === undefined || Number(length) <= MAX_BODY_BYTES) return false;
  return refuse(413, `body: expected at most ${MAX_BODY_BYTES} bytes, got ${length}`);
}

function errorAnswer(options: ApiOptions): ErrorRequestHandler {
  const { metrics } = options;
  return async (error: unknown, request, response, next) => {
    if (response.destroyed) return; // the client has gone
    if (response.headersSent) return next(error);
    const { method, path } = request;
    if (error instanceof Misfit) {
      const answer = factsOf(error);
      if (!(error instanceof Refusal)) return answerJson(response, 400, answer);
      const kept = method !== "HEAD" && (await keepRefusal(error, options));
      answerJson(response, 400, { ...answer, kept });
    } else if (error instanceof BodyError) {
      metrics?.refused(error.status === 413 ? "too_large" : error.status === 415 ? "misfit" : "unavailable");
      const headers = { Connection: "close", ...(error.status === 503 && { "Retry-After": RETRY_AFTER_S }) };
      answerJson(response, error.status, { error: error.message }, headers);
    } else if (error instanceof Unavailable) {
      metrics?.refused("unavailable");
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
}
