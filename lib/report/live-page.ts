/**
 * A report's page → an address on 127.0.0.1 that shows it, and loads it again when it changes.
 *
 * Only the served page has a script; the file on the disk has none. The page's policy permits this
 * script by its hash, and requests to this server alone. A request for another host's name gets
 * nothing, so a page of another origin cannot read the report through DNS.
 */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { HOST } from "../settings.ts";
import { forHtml, forTerminalLines } from "../untrusted.ts";
import { renderFrame } from "./page-frame.ts";
import { STYLE } from "./style.ts";

const EVENTS = "/events";
const PING_MS = 15_000;
const SCRIPT = `let seen;
const events = new EventSource(${JSON.stringify(EVENTS)});
events.onmessage = ({ data }) => {
  if (seen !== undefined && data !== seen) location.reload();
  seen = data;
};`;

export class LivePage {
  readonly #server: Server;
  readonly #readers = new Set<ServerResponse>();
  readonly #timer: NodeJS.Timeout;
  #html = renderFrame({ lang: "en", title: "No page yet", style: STYLE, body: "" });
  #warning = ""; // above the page, until the next page
  #version = 0;

  private constructor() {
    this.#server = createServer((request, response) => {
      const { port } = this.#server.address() as AddressInfo;
      const hosts = [`${HOST}:${port}`, `localhost:${port}`];
      if (!hosts.includes(request.headers.host ?? "")) response.writeHead(403).end();
      else if (request.method !== "GET") response.writeHead(405).end();
      else if (request.url === EVENTS) this.#listen(response);
      else if (request.url === "/") this.#send(response);
      else response.writeHead(404).end();
    });
    this.#timer = setInterval(() => this.#readers.forEach((one) => one.write(": ping\n\n")), PING_MS).unref();
  }

  /** Opens the server on a free port. */
  static async open(): Promise<LivePage> {
    const page = new LivePage();
    page.#server.listen(0, HOST);
    await once(page.#server, "listening");
    return page;
  }

  get url(): string {
    return `http://${HOST}:${(this.#server.address() as AddressInfo).port}/`;
  }

  /** Shows `html` to the readers. */
  show(html: string): void {
    this.#html = html;
    this.#update("");
  }

  /** Shows `text` above the page until the next page; "" takes it away. */
  warn(text: string): void {
    if (text !== this.#warning) this.#update(text);
  }

  #update(warning: string): void {
    this.#warning = warning;
    this.#version++;
    for (const reader of this.#readers) reader.write(`data: ${this.#version}\n\n`);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  #send(response: ServerResponse): void {
    response.writeHead(200, { "content-type": "text/html; charset=utf-8", "cache-control": "no-store" });
    response.end(withScript(withWarning(this.#html, this.#warning)));
  }

  #listen(response: ServerResponse): void {
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    response.write(`retry: 500\ndata: ${this.#version}\n\n`);
    this.#readers.add(response);
    response.once("close", () => this.#readers.delete(response));
  }
}

/** The page with the warning at its top. */
function withWarning(html: string, warning: string): string {
  if (warning === "") return html;
  const box = `<div class="error" role="alert"><p>${forHtml(forTerminalLines(warning)).replaceAll("\n", "<br>")}</p></div>`;
  return html.replace("<body>", () => `<body>\n${box}`);
}

/** The page with the script, and with a policy that permits it. */
export function withScript(html: string): string {
  const hash = `'sha256-${createHash("sha256").update(SCRIPT).digest("base64")}'`;
  const permitted = html.replace(
    /(http-equiv="Content-Security-Policy" content=")([^"]*)"/,
    (_, head, policy) => {
      const rules = String(policy)
        .split("; ")
        .map((rule) => (rule.startsWith("script-src ") ? `${rule} ${hash}` : rule));
      if (!rules.some((rule) => rule.startsWith("script-src "))) rules.push(`script-src ${hash}`);
      return `${String(head)}${[...rules, "connect-src 'self'"].join("; ")}"`;
    },
  );
  return permitted.replace("</body>", () => `<script>${SCRIPT}</script>\n</body>`);
}
