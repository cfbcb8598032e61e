/**
 * GET /health, /ready and /metrics: what those ask who run the API.
 *
 * Healthy: the process lives. Ready: it can take events for longer than a moment. It is not while it shuts
 * down, and not while the spool is full or grows: then there are better places to send requests to.
 */
import type { Express, Request, Response } from "express";
import { answerJson } from "../answer.ts";
import { settings } from "../settings.ts";
import type { Metrics } from "./api-metrics.ts";
import type { SpoolState } from "./spool.ts";

const MAX_GROWING_MS = 2000;

export interface Probes {
  /** Why the API is not ready, in a few words; null: it is. */
  whyNotReady: () => string | null;
  metrics?: Metrics;
}

/** Adds the routes; `isRead` answers any method but GET and HEAD, and says whether it was one of these. */
export function addProbes(
  api: Express,
  { whyNotReady, metrics }: Probes,
  isRead: (request: Request, response: Response) => boolean,
): void {
  api.all("/health", (request, response) => {
    if (isRead(request, response)) answerJson(response, 200, { ok: true, version: settings.version });
  });
  api.all("/ready", (request, response) => {
    if (!isRead(request, response)) return;
    const reason = whyNotReady();
    if (reason === null) answerJson(response, 200, { ready: true });
    else answerJson(response, 503, { ready: false, reason }, { "Retry-After": 2 });
  });
  if (!metrics) return;
  api.all("/metrics", async (request, response) => {
    if (!isRead(request, response)) return;
    const text = await metrics.text();
    response.writeHead(200, {
      "Content-Type": metrics.contentType,
      "Content-Length": Buffer.byteLength(text),
    });
    response.end(text);
  });
}

/** Why an API with such a spool is not ready; null: it is. */
export function whySpoolIsNotReady({ messages, bytes, full, grownForMs }: SpoolState): string | null {
  if (full) return `the spool is full: ${messages} messages, ${bytes} bytes`;
  if (messages === 0 || grownForMs <= MAX_GROWING_MS) return null;
  return `the spool has grown for ${(grownForMs / 1000).toFixed(1)} s: ${messages} messages, ${bytes} bytes`;
}
