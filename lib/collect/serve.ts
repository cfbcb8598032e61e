/**
 * Express application → listener that can be drained: what is in flight is answered, then it ends.
 *
 * `server.close()` alone cuts kept-alive connections between two requests, and one that is under way
 * from the client is lost. So for a moment before, answers say "Connection: close": the
 * clients leave by themselves.
 *
 * A socket that is closed while bytes of the client are unread is reset, and an answer on its way is
 * lost, such as the 413 to a body that nobody will read. So after the last answer of a
 * connection it is read on for a second, for nobody.
 */
import { createServer, type RequestListener, type ServerResponse, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import { finished } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { listen } from "../probes.ts";
import { settings } from "../settings.ts";

const LEAVE_MS = 100;
const LINGER_MS = 1000;
const LINGER_BYTES = 1_100_000; // a body just beyond the limit, which some clients send whole before they read
const SLOW_HEADERS_MS = 10_000;
const SLOW_REQUEST_MS = 30_000; // headers and body
const SLOW_CHECK_MS = 1000; // how often that is looked at; node:http's own 30 s would let them live thrice as long
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
  const server = createServer({
    maxHeaderSize: 16 * 1024,
    headersTimeout: SLOW_HEADERS_MS,
    requestTimeout: SLOW_REQUEST_MS,
    connectionsCheckingInterval: SLOW_CHECK_MS,
  });
  let draining = false;
  const inFlight = new Set<ServerResponse>();
  server.on("connection", (socket) => {
    socket.destroySoon = () => linger(socket); // what node:http calls after the last answer
  });
  server.on("request", (request, response) => {
    if (draining) response.setHeader("Connection", "close");
    inFlight.add(response);
    response.once("close", () => inFlight.delete(response));
    application(request, response);
  });
  server.on("clientError", answerUnreadable);
  return {
    port: await listen(server, port, "api"),
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
  if (socket.writableEnded) return; // it has its last answer, and is read for nobody
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const statuses: Record<string, number> = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 };
  const status = statuses[error.code ?? ""] ?? 400;
  const body = JSON.stringify({ error: `${STATUS_CODES[status]}: ${error.message}` }) + "\n";
  linger(
    socket,
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/json; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

/** Ends our side with `lastWords`, and closes when the client has ended its own, after 1 s at most. */
function linger(socket: Socket, lastWords = ""): void {
  if (!socket.writableEnded) socket.end(lastWords);
  if (socket.readableEnded) {
    finished(socket, { readable: false }, () => socket.destroy());
    return;
  }
  const limit = socket.bytesRead + LINGER_BYTES;
  socket.on("data", () => {
    if (socket.bytesRead > limit) socket.pause();
  });
  socket.once("end", () => socket.destroy());
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once("close", () => clearTimeout(timer));
}
