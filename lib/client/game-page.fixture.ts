// A game's page with a client, on a server of its own, in a new context of Chromium.
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { stripTypeScriptTypes } from "node:module";
import type { AddressInfo } from "node:net";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { exampleParameters, widestEvent } from "../catalog.ts";
import { events } from "../events.ts";
import { HOST } from "../settings.ts";

const CLIENT = new URL("./client.ts", import.meta.url);

/** The event that the pages track. */
export const tracked = widestEvent(events);

/** The numbers in [first, first + length). */
export function many(length: number, first = 0): number[] {
  return Array.from({ length }, (_, i) => first + i);
}

export class GamePages {
  readonly context: BrowserContext;
  readonly #script: string;
  readonly #server = createServer((request, response) => {
    const file = this.#fileOf(request.url ?? "");
    response.writeHead(200, { "Content-Type": file.contentType }).end(file.body);
  }).listen(0, HOST);
  apiUrl = "";

  private constructor(context: BrowserContext, script: string) {
    this.context = context;
    this.#script = script;
  }

  static async serve(browser: Browser): Promise<GamePages> {
    const script = stripTypeScriptTypes(await readFile(CLIENT, "utf8"));
    const pages = new GamePages(await browser.newContext(), script);
    await once(pages.#server, "listening");
    return pages;
  }

  get origin(): string {
    return `http://${HOST}:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Opens a page, and resolves when it has its client. */
  async open(prepare?: (page: Page) => Promise<void>): Promise<Page> {
    const page = await this.context.newPage();
    await prepare?.(page);
    await page.goto(this.origin);
    await page.waitForFunction("window.client");
    return page;
  }

  /** From now on the page's files come without a network, as from a service worker. */
  async keep(): Promise<void> {
    // Chromium takes such a page for one of the Internet, and asks before it sends to this machine.
    await this.context.grantPermissions(["local-network-access"], { origin: this.origin });
    await this.context.route(`${this.origin}/**`, (route) =>
      route.fulfill(this.#fileOf(route.request().url())),
    );
  }

  async close(): Promise<void> {
    await this.context.close();
    this.#server.close();
  }

  #fileOf(path: string): { contentType: string; body: string } {
    if (path.endsWith("/client.js")) return { contentType: "text/javascript", body: this.#script };
    return { contentType: "text/html", body: htmlOf(this.apiUrl) };
  }
}

function htmlOf(url: string): string {
  return `<!doctype html><script type="module">
    import { createClient } from "/client.js";
    window.troubles = [];
    window.refused = [];
    window.client = createClient({
      url: "${url}",
      player: "p1",
      onTrouble: (reason) => window.troubles.push(reason),
      onRefused: (event, reason) => window.refused.push(reason),
    });
  </script>`;
}

/** The page tracks an event for each number; the parameter n is in the envelope only. */
export async function track(page: Page, numbers: number[]): Promise<void> {
  const parameters = JSON.stringify(exampleParameters(tracked, 0));
  await page.evaluate(
    `for (const n of ${JSON.stringify(numbers)}) client.track("${tracked.type}", { ...${parameters}, n })`,
  );
}

export async function flush(page: Page): Promise<void> {
  await page.evaluate("client.flush()");
}

/** Resolves when the storage has no event. */
export async function untilSent(page: Page): Promise<void> {
  await page.waitForFunction("localStorage.length === 0");
}

/** Resolves when the page's client has told that sending fails. */
export async function untilTrouble(page: Page): Promise<void> {
  await page.waitForFunction("window.troubles.length > 0");
}
