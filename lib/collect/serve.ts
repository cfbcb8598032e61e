/**
 * Express application → listener that can be drained: what is in flight is answered, then it ends.
 *
 * `server.close()` alone cuts kept-alive connections between two requests, and one that is under way
 * from the client is lost. So for a moment before, answers say "Connection: close": the
 * clients leave by themselves.
 */
import { once } from "node:events";
import { createServer, type RequestListener, type ServerResponse, STATUS_CODES } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { HOST, settings } from "../settings.js";

const LEAVE_MS = 100;
const DRAIN_MS = 6000; // longer than a request waits for Kafka

export interface Listener {
  port: number;
  /** Resolves when every request in flight has its answer and nothing more is accepted, after 6.1 s at most. */
  close: () => Promise<void>;
}

/**
 * Listens on 127.0.0.1.
 * @throws Error if the port is taken.
 */
export async function serve(application: RequestListener, port = settings.ports.api): Promise<Listener> {
  const server = createServer({ maxHeaderSize: 16 * 1024, headersTimeout: 10_000, requestTimeout: 30_000 });
  let draining = false;
  const inFlight = new Set<ServerResponse>();
  server.on("request", (request, response) => {
    if (draining) response.setHeader("Connection", "close");
    inFlight.add(response);
    response.once("close", () => inFlight.delete(response));
    application(request, response);
  });
  server.on("clientError", answerUnreadable);
  server.listen(port, HOST);
  await once(server, "listening").catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EADDRINUSE") throw error;
    throw new Error(`port ${port} on ${HOST} is taken; stop its holder, or set QUESTLOG_API_PORT to another`);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      draining = true;
      for (const response of inFlight) if (!response.headersSent) response.setHeader("Connection", "close");
      await sleep(LEAVE_MS);
      const timer = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
      await new Promise((resolve) => server.close(resolve));
      clearTimeout(timer);
    },
  };
}

/** Answers what is no HTTP request, or one whose headers exceed 16 KiB, which no application gets to see. */
function answerUnreadable(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const statuses: Record<string, number> = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 };
  const status = statuses[error.code ?? ""] ?? 400;
  const body = JSON.stringify({ error: `${STATUS_CODES[status]}: ${error.message}` }) + "\n";
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/json; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
