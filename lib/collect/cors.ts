/**
 * Pages that may send events → middleware that tells their browsers so.
 *
 * A browser asks before it sends JSON from a page of another origin (preflight). It does not ask
 * before it sends text/plain, as navigator.sendBeacon does. So that type is refused here if the
 * page may not send.
 *
 * The answer to a preflight allows all headers that it names: other programs of the page, such as
 * tracers, add headers to each request.
 */
import cors from "cors";
import type { Request, RequestHandler } from "express";
import { BodyError } from "./body.ts";

const ANY = "*";
const PREFLIGHT_S = 600; // how long a browser remembers the answer

/** @param origins such as "https://game.example"; "*" stands for all; empty: no page may send */
export function createCors(origins: readonly string[]): RequestHandler[] {
  if (origins.length === 0) return [refuseForeignText(origins)];
  const answer = cors({
    origin: origins.includes(ANY) ? ANY : [...origins],
    methods: ["GET", "HEAD", "POST"],
    exposedHeaders: ["Event-Id", "Event-Spooled", "Event-Warning", "Retry-After"],
    maxAge: PREFLIGHT_S,
  });
  return [answer, refuseForeignText(origins)];
}

function refuseForeignText(origins: readonly string[]): RequestHandler {
  return ({ headers }: Request, _response, next) => {
    const { origin, "content-type": type = "" } = headers;
    const mayNotSend = origin !== undefined && !origins.includes(ANY) && !origins.includes(origin);
    if (!mayNotSend || !/^\s*text\/plain/i.test(type)) return next();
    throw new BodyError(
      415,
      `Content-Type: expected application/json from a page of ${origin}, got text/plain; QUESTLOG_CORS names the pages that may send it`,
    );
  };
}
