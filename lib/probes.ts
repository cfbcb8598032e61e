/**
 * The state of a process → HTTP answers: /health (it runs), /ready (it can work) and /metrics
 * (Prometheus).
 *
 * The API has these routes beside its own, the stream has no others. Both listen on 127.0.0.1, or
 * on the address of QUESTLOG_LISTEN.
 */
import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { SettingError } from "./setting-values.ts";
import { portVariable, settings } from "./settings.ts";

export interface Probes {
  /** The answer of /ready: 200 if ready, else 503. */
  state: () => { ready: boolean; [detail: string]: unknown };
  metrics?: MetricsText; // without it there is no /metrics
}

export interface MetricsText {
  contentType: string;
  text: () => Promise<string>;
}

const RETRY_AFTER_S = 2;
const REQUEST_TIMEOUT_MS = 5_000;

/** The paths that `answerProbe` answers. */
export function probePaths({ metrics }: Probes): string[] {
  return ["/health", "/ready", ...(metrics ? ["/metrics"] : [])];
}

/** Answers a GET or HEAD request for one of the probes' paths. */
export async function answerProbe(
  path: string,
  response: ServerResponse,
  { state, metrics }: Probes,
): Promise<void> {
  if (path === "/health") return answerJson(response, 200, { ok: true, version: settings.version });
  if (path === "/ready") {
    const now = state();
    if (now.ready) return answerJson(response, 200, now);
    return answerJson(response, 503, now, { "Retry-After": RETRY_AFTER_S });
  }
  try {
    const text = await metrics!.text();
    response.writeHead(200, {
      "Content-Type": metrics!.contentType,
      "Content-Length": Buffer.byteLength(text),
    });
    response.end(text);
  } catch (error) {
    answerJson(response, 500, { error: (error as Error).message });
  }
}

/**
 * Serves only the probes, on any free port if `port` is 0.
 * @throws Error if the port is taken
 */
export async function serveProbes(
  probes: Probes,
  port: number,
  service: string,
): Promise<{ port: number; close: () => void }> {
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    const { method, url = "" } = request;
    const paths = probePaths(probes);
    if (method !== "GET" && method !== "HEAD") {
      const error = `method: expected GET or HEAD, got ${method}`;
      answerJson(response, 405, { error }, { Allow: "GET, HEAD" });
    } else if (paths.includes(url)) {
      void answerProbe(url, response, probes);
    } else {
      answerJson(response, 404, { error: `path: expected one of ${paths.join(", ")}, got "${url}"` });
    }
  });
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { port: await listen(server, port, service), close };
}

/**
 * Listens on the address of the settings and resolves with the port: any free one if `port` is 0.
 * @param service the name of the listening service, from which the name of its setting follows
 * @throws Error if the port is taken, or the machine does not have the address
 */
export async function listen(server: Server, port: number, service: string): Promise<number> {
  const address = settings.listen;
  server.listen(port, address);
  await once(server, "listening").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "EADDRNOTAVAIL")
      throw new SettingError(`QUESTLOG_LISTEN: expected an address of this machine, got "${address}"`);
    if (error.code !== "EADDRINUSE") throw error;
    throw new Error(
      `port ${port} on ${address} is taken; stop the process that listens there, or set ${portVariable(service)} to another port`,
    );
  });
  return (server.address() as AddressInfo).port;
}

/** Answers with one line of JSON, which no browser shows as a page. Adds `headers`. */
export function answerJson(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Record<string, string | number> = {},
): void {
  const text = JSON.stringify(body) + "\n";
  response.writeHead(status, {
    "Content-Type": "application/json; charset=utf-8",
    "X-Content-Type-Options": "nosniff",
    "Content-Length": Buffer.byteLength(text),
    ...headers,
  });
  response.end(text);
}
