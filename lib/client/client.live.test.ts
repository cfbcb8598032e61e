// The client in Chromium, with the real pipeline: network, API and page fail, and rows tell the
// result.
import assert from "node:assert/strict";
import type { Browser } from "playwright-core";
import { openBrowser } from "../testbed/browser.ts";
import { openPipeline, type Pipeline } from "../testbed/pipeline.ts";
import { landAll } from "../testbed/witness.ts";
import { query } from "../trino.ts";
import { flush, GamePages, many, track, untilSent, untilTrouble } from "./game-page.fixture.ts";

describe("events that a page tracks", function () {
  this.timeout(180_000);
  let browser: Browser;
  let pages: GamePages;
  let pipeline: Pipeline;

  before(async function () {
    const found = await openBrowser();
    if (!found) return this.skip();
    browser = found;
    pages = await GamePages.serve(browser);
    pipeline = await openPipeline("client");
    pages.apiUrl = pipeline.apiUrl;
    await startApi();
  });
  after(async () => {
    await pages?.close();
    await browser?.close();
    await pipeline?.close();
  });

  const startApi = () => pipeline.startApi({ QUESTLOG_CORS: pages.origin });

  it("are counted once each, after a cut network, a killed API, reloads and a closed page", async () => {
    const page = await pages.open();
    await track(page, many(100));
    await flush(page);

    await pages.keep();
    await pages.context.setOffline(true);
    await track(page, many(100, 100));
    await page.reload();
    await page.waitForFunction("window.client");
    await track(page, many(100, 200));
    await pages.context.setOffline(false);
    await untilSent(page);

    await pipeline.newest("api").signal("SIGKILL");
    await track(page, many(100, 300));
    await untilTrouble(page);
    const second = await pages.open(); // it finds the first page's events, and sends them too
    await track(second, many(100, 400));
    await startApi();
    await Promise.all([flush(page), flush(second)]);

    await pages.context.unrouteAll();
    await track(second, many(20, 500));
    await second.close();
    const third = await pages.open();
    await untilSent(third);

    const messages = await landAll(pipeline);
    const rows = await query<{ n: string; event_id: string }>(
      `SELECT json_extract_scalar(raw_event, '$.params.n') AS n, event_id FROM events`,
      { schema: pipeline.schema },
    );
    assert.deepEqual(
      rows.map(({ n }) => Number(n)).sort((a, b) => a - b),
      many(520),
    );
    assert.ok(messages > 520, "some events came twice");
  });
});
