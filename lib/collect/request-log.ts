/**
 * An answered request → one record for the log, without headers.
 */
import type { Request, Response } from "express";
import type { GuardLocals } from "./guard.ts";

/** One answered request. */
export interface RequestLog {
  time: string; // ISO 8601, UTC: when the request came
  method: string;
  url: string; // without its query if retention changes any value
  status: number;
  ms: number;
  event_id: string | null; // null: the request made no event
  key_name?: string; // the name of its write key
}

/** Values that the middleware and the routes leave in `response.locals`. */
export interface Locals extends GuardLocals {
  eventId?: string; // of the event that this request makes
}

export interface LogOptions {
  log: (line: RequestLog) => void;
  keepsAll: boolean; // whether retention changes nothing
}

/** Logs the request when its connection has closed or its answer is sent. */
export function logWhenDone(request: Request, response: Response, { log, keepsAll }: LogOptions): void {
  const started = Date.now();
  const { method } = request;
  const url = keepsAll ? request.originalUrl : request.path; // a query may hold personal values
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
