// The client in Chromium, with a real API and a page of another origin.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { stripTypeScriptTypes } from "node:module";
import type { AddressInfo } from "node:net";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { exampleParameters, widestEvent } from "../catalog.ts";
import { events } from "../events.ts";
import { HOST } from "../settings.ts";
import { openBrowser } from "../testbed/browser.ts";
import { until } from "../until.ts";
import { Receiver } from "./sent.fixture.ts";

const event = widestEvent(events);
const many = (length: number, first = 0) => Array.from({ length }, (_, i) => first + i);

describe("a page with createClient(options)", function () {
  this.timeout(60_000);
  let browser: Browser;
  let context: BrowserContext;
  let receiver: Receiver;
  let script: string; // client.ts without its types
  let pages: Server;
  let game: string; // the page's origin

  before(async function () {
    const found = await openBrowser();
    if (!found) return this.skip();
    browser = found;
    script = stripTypeScriptTypes(await readFile(new URL("./client.ts", import.meta.url), "utf8"));
  });
  after(() => browser?.close());

  beforeEach(async () => {
    receiver = new Receiver();
    pages = createServer((request, response) => {
      const file = fileOf(request.url ?? "");
      response.writeHead(200, { "Content-Type": file.contentType }).end(file.body);
    }).listen(0, HOST);
    await once(pages, "listening");
    game = `http://${HOST}:${(pages.address() as AddressInfo).port}`;
    await receiver.start({ origins: [game] });
    context = await browser.newContext();
  });
  afterEach(async () => {
    await context?.close();
    await receiver?.stop();
    pages?.close();
  });

  function fileOf(path: string): { contentType: string; body: string } {
    if (path.endsWith("/client.js")) return { contentType: "text/javascript", body: script };
    return { contentType: "text/html", body: htmlOf(receiver.url) };
  }

  /** From now on the page's files come without a network, as from a service worker. */
  async function keepPages(): Promise<void> {
    // Chromium takes such a page for one of the Internet, and asks before it sends to this machine.
    await context.grantPermissions(["local-network-access"], { origin: game });
    await context.route(`${game}/**`, (route) => route.fulfill(fileOf(route.request().url())));
  }

  async function open(): Promise<Page> {
    const opened = await context.newPage();
    await opened.goto(game);
    await opened.waitForFunction("window.client");
    return opened;
  }
  const track = (at: Page, numbers: number[]) =>
    at.evaluate(
      `for (const n of ${JSON.stringify(numbers)}) client.track("${event.type}", { ...${JSON.stringify(exampleParameters(event, 0))}, n })`,
    );
  const flush = (at: Page) => at.evaluate("client.flush()");
  const stored = (at: Page) => at.evaluate<number>("localStorage.length");

  it("sends events without a preflight, and then stores none", async () => {
    const page = await open();
    await track(page, many(120));
    await flush(page);
    assert.deepEqual(receiver.numbers(), many(120));
    assert.deepEqual(new Set(receiver.requests), new Set(["POST /events"]));
    assert.equal(await stored(page), 0);
  });

  it("keeps events while the network is cut, and sends them by itself when it is back", async () => {
    const page = await open();
    await track(page, many(10));
    await flush(page);
    await context.setOffline(true);
    await track(page, many(20, 10));
    await page.waitForFunction("window.troubles.length > 0");
    assert.equal(await stored(page), 20);
    await context.setOffline(false);
    await page.waitForFunction("localStorage.length === 0");
    assert.deepEqual(receiver.numbers(), many(30));
  });

  it("keeps events over a reload without a network", async () => {
    await keepPages();
    const page = await open();
    await context.setOffline(true);
    await track(page, many(10));
    await page.reload();
    await page.waitForFunction("window.client");
    await track(page, many(10, 10));
    await context.setOffline(false);
    await page.waitForFunction("localStorage.length === 0");
    assert.deepEqual(receiver.numbers(), many(20)); // an event may come twice, under one id
  });

  it("sends its last events when the page is closed at once", async () => {
    const page = await open();
    await track(page, many(20));
    await page.close({ runBeforeUnload: true });
    await until("the events of the closed page", () => receiver.published.length >= 20 || undefined, {
      limitMs: 5000,
    });
    assert.deepEqual(receiver.numbers(), many(20));
  });

  it("sends its last events when the page is left", async () => {
    const page = await open();
    await track(page, many(20));
    await page.goto("about:blank");
    await until("the events of the left page", () => receiver.published.length >= 20 || undefined, {
      limitMs: 5000,
    });
    assert.deepEqual(receiver.numbers(), many(20));
  });

  it("sends the events of a page that was closed without a network, from the next page", async () => {
    const page = await open();
    await context.setOffline(true);
    await track(page, many(10));
    await page.close();
    await context.setOffline(false);
    const next = await open();
    await next.waitForFunction("localStorage.length === 0");
    assert.deepEqual(receiver.numbers(), many(10));
  });

  it("loses no event of two pages at once, and counts none twice", async () => {
    await keepPages();
    const [first, second] = [await open(), await open()];
    await context.setOffline(true);
    await track(first, many(50));
    await track(second, many(50, 50));
    await first.reload(); // it finds the events of both
    await first.waitForFunction("window.client");
    await track(first, many(50, 100));
    await context.setOffline(false);
    await first.waitForFunction("localStorage.length === 0");
    await flush(second);
    assert.deepEqual(
      receiver.numbers().toSorted((a, b) => a - b),
      many(150),
    );
    assertSameCopies(receiver);
  });

  it("survives an API that goes away between two requests", async () => {
    const page = await open();
    await track(page, many(10));
    await flush(page);
    await receiver.stop();
    await track(page, many(10, 10));
    await page.waitForFunction("window.troubles.length > 0");
    await receiver.start({ origins: [game] });
    await flush(page);
    assert.deepEqual([receiver.numbers(), receiver.published.length], [many(20), 20]);
  });

  it("works without localStorage, and with a clock of next year", async () => {
    await context.addInitScript(
      "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('', 'SecurityError'); } })",
    );
    const page = await context.newPage();
    await page.clock.install({ time: Date.now() + 400 * 86_400_000 });
    await page.goto(game);
    await page.waitForFunction("window.client");
    await track(page, many(10));
    await flush(page);
    await track(page, many(10, 10));
    await flush(page);
    assert.deepEqual(receiver.numbers(), many(20));
    assert.deepEqual(await page.evaluate("window.refused"), []);
  });
});

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

/** All copies of an event have the same content, so no copy is a conflict. */
function assertSameCopies({ published }: Receiver): void {
  for (const [id, copies] of Map.groupBy(published, ({ event_id }) => event_id)) {
    const contents = copies.map(({ params, occurred_at }) => JSON.stringify([params, occurred_at]));
    assert.equal(new Set(contents).size, 1, id);
  }
}
