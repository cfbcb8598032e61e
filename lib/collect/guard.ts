/**
 * Write keys and rate limits → middleware that passes a request on, or answers 401 or 429.
 *
 * The first limit counts by the client's address (client-address.ts), so it limits the guessing of
 * keys too. Then the key is checked, then the key's own limit. An IPv6 client can have any address
 * of its network, so its first 56 bits count. This process counts in memory, in windows of a
 * minute.
 *
 * /health, /ready and /metrics need no key and have no limit.
 */
import type { Request, RequestHandler, Response } from "express";
import { ipKeyGenerator, type Options, rateLimit } from "express-rate-limit";
import { answerJson } from "../probes.ts";
import { clientAddress } from "./client-address.ts";
import { findWriteKey, keyOf, type WriteKey } from "../write-keys.ts";
import type { Metrics } from "./api-metrics.ts";

export interface GuardOptions {
  keys?: readonly WriteKey[]; // undefined: everybody may send
  rateLimit?: number; // requests a minute and client address; 0: any number
  metrics?: Metrics; // counts refused requests
}

const OPEN_PATHS = new Set(["/health", "/ready", "/metrics"]);
const WINDOW_MS = 60_000;

/** The value that the guard leaves in `response.locals` for the log. */
export interface GuardLocals {
  writeKey?: WriteKey;
}

/** The middleware that the options need, in order; an empty array without keys and limits. */
export function createGuard({ keys, rateLimit: perAddress = 0, metrics }: GuardOptions): RequestHandler[] {
  const guards: RequestHandler[] = [];
  if (perAddress > 0) guards.push(limiter("address", { ...byAddress, limit: perAddress }, metrics));
  if (keys) guards.push(askForKey(keys, metrics));
  if (keys?.some(({ limit }) => limit !== null)) guards.push(limiter("key", perKey, metrics));
  return guards.map(exceptProbes);
}

const byAddress: Partial<Options> = {
  keyGenerator: (request) => ipKeyGenerator(clientAddress(request)),
};

const perKey: Partial<Options> = {
  skip: (_, { locals }) => (locals as GuardLocals).writeKey?.limit === null,
  limit: (_, { locals }) => (locals as GuardLocals).writeKey?.limit ?? 0,
  keyGenerator: (_, { locals }) => (locals as GuardLocals).writeKey?.name ?? "",
};

function askForKey(keys: readonly WriteKey[], metrics?: Metrics): RequestHandler {
  return (request, response, next) => {
    const text = keyOf(request.headers);
    const key = text === null ? null : findWriteKey(keys, text);
    if (key) {
      (response.locals as GuardLocals).writeKey = key;
      return next();
    }
    metrics?.refused("key");
    const got = text === null ? "none" : "another";
    const error = `write key: expected one that this API knows, as "Authorization: Bearer KEY" or "Write-Key: KEY", got ${got}; ask its operator for one`;
    refuse(request, response, 401, error, {
      "WWW-Authenticate": `Bearer realm="questlog"${text === null ? "" : ', error="invalid_token"'}`,
    });
  };
}

function limiter(
  identifier: "address" | "key",
  options: Partial<Options>,
  metrics?: Metrics,
): RequestHandler {
  return rateLimit({
    windowMs: WINDOW_MS,
    standardHeaders: "draft-8",
    legacyHeaders: false,
    identifier,
    validate: false, // it would warn of X-Forwarded-For without trusted proxies
    handler: (request, response) => {
      metrics?.refused("rate");
      const { limit, used } = (request as Request & { rateLimit: { limit: number; used: number } }).rateLimit;
      const error = `requests of this ${identifier}: expected at most ${limit} a minute, got ${used}; wait for Retry-After`;
      refuse(request, response, 429, error);
    },
    ...options,
  });
}

/** Answers without reading the body: a refused sender must not cost this process more. */
function refuse(
  request: Request,
  response: Response,
  status: number,
  error: string,
  headers: Record<string, string> = {},
): void {
  const { "content-length": length = "0", "transfer-encoding": coding } = request.headers;
  const hasBody = coding !== undefined || length !== "0";
  answerJson(response, status, { error }, hasBody ? { ...headers, Connection: "close" } : headers);
}

function exceptProbes(guard: RequestHandler): RequestHandler {
  return (request, response, next) =>
    OPEN_PATHS.has(request.path) ? next() : guard(request, response, next);
}
