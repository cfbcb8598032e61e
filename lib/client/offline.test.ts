// The client in Chromium, with a real API. The page's files come from the test also without a
// network, as from a service worker.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { stripTypeScriptTypes } from "node:module";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { exampleParameters, widestEvent } from "../catalog.ts";
import { events } from "../events.ts";
import { openBrowser } from "../testbed/browser.ts";
import { until } from "../until.ts";
import { Receiver } from "./sent.fixture.ts";

const event = widestEvent(events);
const GAME = "http://localhost:49999"; // no server listens there
const many = (length: number, first = 0) => Array.from({ length }, (_, i) => first + i);

describe("a page with createClient(options)", function () {
  this.timeout(60_000);
  let browser: Browser;
  let context: BrowserContext;
  let receiver: Receiver;

  before(async function () {
    const found = await openBrowser();
    if (!found) return this.skip();
    browser = found;
  });
  after(() => browser?.close());

  beforeEach(async () => {
    receiver = new Receiver();
    await receiver.start({ origins: [GAME] });
    context = await browser.newContext();
    const script = stripTypeScriptTypes(await readFile(new URL("./client.ts", import.meta.url), "utf8"));
    await context.route(`${GAME}/**`, (route) =>
      route.request().url().endsWith(".js")
        ? route.fulfill({ contentType: "text/javascript", body: script })
        : route.fulfill({ contentType: "text/html", body: page(receiver.url) }),
    );
  });
  afterEach(async () => {
    await context?.close();
    await receiver?.stop();
  });

  async function open(): Promise<Page> {
    const opened = await context.newPage();
    await opened.goto(GAME);
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
    const game = await open();
    await track(game, many(120));
    await flush(game);
    assert.deepEqual(receiver.numbers(), many(120));
    assert.deepEqual(new Set(receiver.requests), new Set(["POST /events"]));
    assert.equal(await stored(game), 0);
  });

  it("keeps events while the network is cut, and sends them by itself when it is back", async () => {
    const game = await open();
    await track(game, many(10));
    await flush(game);
    await context.setOffline(true);
    await track(game, many(20, 10));
    await game.waitForFunction("window.troubles.length > 0");
    assert.equal(await stored(game), 20);
    await context.setOffline(false);
    await game.waitForFunction("localStorage.length === 0");
    assert.deepEqual([receiver.numbers(), receiver.published.length], [many(30), 30]);
  });

  it("keeps events over a reload without a network", async () => {
    const game = await open();
    await context.setOffline(true);
    await track(game, many(10));
    await game.reload();
    await game.waitForFunction("window.client");
    await track(game, many(10, 10));
    await context.setOffline(false);
    await game.waitForFunction("localStorage.length === 0");
    assert.deepEqual([receiver.numbers(), receiver.published.length], [many(20), 20]);
  });

  it("sends its last events when the page is closed at once", async () => {
    const game = await open();
    await track(game, many(20));
    await game.close({ runBeforeUnload: true });
    await until("the events of the closed page", () => receiver.published.length >= 20 || undefined, {
      limitMs: 5000,
    });
    assert.deepEqual(receiver.numbers(), many(20));
  });

  it("sends its last events when the page is left", async () => {
    const game = await open();
    await track(game, many(20));
    await game.goto("about:blank");
    await until("the events of the left page", () => receiver.published.length >= 20 || undefined, {
      limitMs: 5000,
    });
    assert.deepEqual(receiver.numbers(), many(20));
  });

  it("sends the events of a page that was closed without a network, from the next page", async () => {
    const game = await open();
    await context.setOffline(true);
    await track(game, many(10));
    await game.close();
    await context.setOffline(false);
    const next = await open();
    await next.waitForFunction("localStorage.length === 0");
    assert.deepEqual(receiver.numbers(), many(10));
  });

  it("loses no event of two pages at once, and counts none twice", async () => {
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
    const game = await open();
    await track(game, many(10));
    await flush(game);
    await receiver.stop();
    await track(game, many(10, 10));
    await game.waitForFunction("window.troubles.length > 0");
    await receiver.start({ origins: [GAME] });
    await flush(game);
    assert.deepEqual([receiver.numbers(), receiver.published.length], [many(20), 20]);
  });

  it("works without localStorage, and with a clock of next year", async () => {
    await context.addInitScript(
      "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('', 'SecurityError'); } })",
    );
    const game = await context.newPage();
    await game.clock.install({ time: Date.now() + 400 * 86_400_000 });
    await game.goto(GAME);
    await game.waitForFunction("window.client");
    await track(game, many(10));
    await flush(game);
    await track(game, many(10, 10));
    await flush(game);
    assert.deepEqual(receiver.numbers(), many(20));
    assert.deepEqual(await game.evaluate("window.refused"), []);
  });
});

function page(url: string): string {
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
