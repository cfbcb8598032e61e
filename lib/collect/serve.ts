/**
 * Express application → listener that answers all requests in flight before it closes.
 *
 * `server.close()` alone cuts kept-alive connections between two requests, and loses a request that
 * is on its way. So for a moment before the close, answers have the header "Connection: close", and
 * the clients disconnect.
 *
 * Closing a socket with unread input sends a RST, which can destroy a response still in flight,
 * such as a 413 to an oversized body. So after the last response the socket is still read for up to
 * a second, and its input is discarded. For this `socket.destroySoon`, which node:http calls after
 * the last response, is replaced.
 */
import { createServer, type RequestListener, type ServerResponse, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import { finished } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { listen } from "../probes.ts";
import { settings } from "../settings.ts";

const LEAVE_MS = 100;
const LINGER_MS = 1000;
const LINGER_BYTES = 1_100_000; // some clients send all of a body of 1 MiB before they read
const SLOW_HEADERS_MS = 10_000;
const SLOW_REQUEST_MS = 30_000; // headers and body
const SLOW_CHECK_MS = 1000; // between two checks; with node:http's 30 s the limits would triple
const DRAIN_MS = 6000; // longer than a request waits for Kafka
const STATUS_OF_ERROR: Record<string, number> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

export interface Listener {
  port: number;
  /**
   * Stops accepting, and resolves when each request in flight has its answer, after 6.1 s at most.
   */
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
    socket.destroySoon = () => linger(socket); // node:http calls it after the last response
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

/**
 * Answers bytes that are not HTTP, or too large headers: node:http keeps them from the application.
 */
function answerUnreadable(error: NodeJS.ErrnoException, socket: Socket): void {
  if (socket.writableEnded) return; // the last response is sent, and further input is discarded
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = STATUS_OF_ERROR[error.code ?? ""] ?? 400;
  const body = JSON.stringify({ error: `${STATUS_CODES[status]}: ${error.message}` }) + "\n";
  linger(
    socket,
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/json; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

/** Sends `lastWords` and ends our side; closes when the client ends its side, or after 1 s. */
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
