// The client in Chromium, with a real API and a page of another origin.
import assert from "node:assert/strict";
import type { Browser } from "playwright-core";
import { openBrowser } from "../testbed/browser.ts";
import { until } from "../until.ts";
import { flush, GamePages, many, track, untilSent, untilTrouble } from "./game-page.fixture.ts";
import { Receiver } from "./sent.fixture.ts";

describe("a page with createClient(options)", function () {
  this.timeout(60_000);
  let browser: Browser;
  let pages: GamePages;
  let receiver: Receiver;

  before(async function () {
    const found = await openBrowser();
    if (!found) return this.skip();
    browser = found;
  });
  after(() => browser?.close());

  beforeEach(async () => {
    receiver = new Receiver();
    pages = await GamePages.serve(browser);
    await receiver.start({ origins: [pages.origin] });
    pages.apiUrl = receiver.url;
  });
  afterEach(async () => {
    await pages?.close();
    await receiver?.stop();
  });

  it("sends events without a preflight, and then stores none", async () => {
    const page = await pages.open();
    await track(page, many(120));
    await flush(page);
    assert.deepEqual(receiver.numbers(), many(120));
    assert.deepEqual(new Set(receiver.requests), new Set(["POST /events"]));
    assert.equal(await page.evaluate("localStorage.length"), 0);
  });

  it("keeps events while the network is cut, and sends them by itself when it is back", async () => {
    const page = await pages.open();
    await track(page, many(10));
    await flush(page);
    await pages.context.setOffline(true);
    await track(page, many(20, 10));
    await untilTrouble(page);
    assert.equal(await page.evaluate("localStorage.length"), 20);
    await pages.context.setOffline(false);
    await untilSent(page);
    assert.deepEqual(receiver.numbers(), many(30)); // an event may come twice, under one id
  });

  it("keeps events over a reload without a network", async () => {
    await pages.keep();
    const page = await pages.open();
    await pages.context.setOffline(true);
    await track(page, many(10));
    await page.reload();
    await page.waitForFunction("window.client");
    await track(page, many(10, 10));
    await pages.context.setOffline(false);
    await untilSent(page);
    assert.deepEqual(receiver.numbers(), many(20)); // an event may come twice, under one id
  });

  it("sends its last events when the page is closed at once", async () => {
    const page = await pages.open();
    await track(page, many(20));
    await page.close({ runBeforeUnload: true });
    await until("the events of the closed page", () => receiver.published.length >= 20 || undefined, {
      limitMs: 5000,
    });
    assert.deepEqual(receiver.numbers(), many(20));
  });

  it("sends its last events when the page is left", async () => {
    const page = await pages.open();
    await track(page, many(20));
    await page.goto("about:blank");
    await until("the events of the left page", () => receiver.published.length >= 20 || undefined, {
      limitMs: 5000,
    });
    assert.deepEqual(receiver.numbers(), many(20));
  });

  it("sends the events of a page that was closed without a network, from the next page", async () => {
    const page = await pages.open();
    await pages.context.setOffline(true);
    await track(page, many(10));
    await page.close();
    await pages.context.setOffline(false);
    const next = await pages.open();
    await untilSent(next);
    assert.deepEqual(receiver.numbers(), many(10));
  });

  it("loses no event of two pages at once, and counts none twice", async () => {
    await pages.keep();
    const [first, second] = [await pages.open(), await pages.open()];
    await pages.context.setOffline(true);
    await track(first, many(50));
    await track(second, many(50, 50));
    await first.reload(); // it finds the events of both
    await first.waitForFunction("window.client");
    await track(first, many(50, 100));
    await pages.context.setOffline(false);
    await untilSent(first);
    await flush(second);
    assert.deepEqual(
      receiver.numbers().toSorted((a, b) => a - b),
      many(150),
    );
    assertSameCopies(receiver);
  });

  it("survives an API that goes away between two requests", async () => {
    const page = await pages.open();
    await track(page, many(10));
    await flush(page);
    await receiver.stop();
    await track(page, many(10, 10));
    await untilTrouble(page);
    await receiver.start({ origins: [pages.origin] });
    await flush(page);
    assert.deepEqual(receiver.numbers(), many(20)); // an event may come twice, under one id
  });

  it("works without localStorage, and with a clock of next year", async () => {
    await pages.context.addInitScript(
      "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('', 'SecurityError'); } })",
    );
    const nextYear = { time: Date.now() + 400 * 86_400_000 };
    const page = await pages.open(({ clock }) => clock.install(nextYear));
    await track(page, many(10));
    await flush(page);
    await track(page, many(10, 10));
    await flush(page);
    assert.deepEqual(receiver.numbers(), many(20));
    assert.deepEqual(await page.evaluate("window.refused"), []);
  });
});

/** All copies of an event have the same content, so no copy is a conflict. */
function assertSameCopies({ published }: Receiver): void {
  for (const [id, copies] of Map.groupBy(published, ({ event_id }) => event_id)) {
    const contents = copies.map(({ params, occurred_at }) => JSON.stringify([params, occurred_at]));
    assert.equal(new Set(contents).size, 1, id);
  }
}
