/**
 * HTTP requests → how the stream is: /health (it lives), /ready (it reads, and no service is away), /metrics.
 */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { answerJson } from "../answer.ts";
import { HOST, settings } from "../settings.ts";
import type { Meters, Watched } from "./stream-metrics.ts";

export interface Monitor {
  port: number;
  close: () => void;
}

const REQUEST_TIMEOUT_MS = 5_000;

/**
 * Listens on 127.0.0.1, on any free port if `port` is 0. `streams` are those of the moment of a request.
 * @throws Error if the port is taken.
 */
export async function openMonitor(
  streams: readonly Watched[],
  meters: Meters,
  port: number,
): Promise<Monitor> {
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    const { method, url } = request;
    if (method !== "GET" && method !== "HEAD") {
      const error = `method: expected GET or HEAD, got ${method}`;
      return answerJson(response, 405, { error }, { Allow: "GET, HEAD" });
    }
    if (url === "/health") return answerJson(response, 200, { ok: true, version: settings.version });
    if (url === "/ready") {
      const state = stateOf(streams);
      return answerJson(response, state.ready ? 200 : 503, state);
    }
    if (url !== "/metrics") {
      return answerJson(response, 404, {
        error: `path: expected one of /health, /ready, /metrics, got "${url}"`,
      });
    }
    meters.text(streams).then(
      (text) => response.setHeader("Content-Type", meters.contentType).end(text),
      (error: Error) => answerJson(response, 500, { error: error.message }),
    );
  });
  server.listen(port, HOST);
  await once(server, "listening").catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EADDRINUSE") throw error;
    throw new Error(
      `port ${port} on ${HOST} is taken, perhaps by another stream; stop its holder, ` +
        "or set QUESTLOG_STREAM_PORT to another (0: any free one)",
    );
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function stateOf(streams: readonly Watched[]): { ready: boolean; topics: object[] } {
  const topics = streams.map((stream) => ({ topic: stream.topic, ...stream.metrics() }));
  const ready =
    topics.length > 0 && topics.every((one) => one.is_reading && !one.away.kafka && !one.away.hdfs);
  return { ready, topics };
}
