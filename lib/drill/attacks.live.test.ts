// The short forms of the attacks, each on an API of its own and the running stack. Their goals are the full forms'.
import assert from "node:assert/strict";
import { openBrowser } from "../testbed/browser.ts";
import type { Drill, Figures } from "./drill.ts";
import { inject } from "../collect/inject.live.test.ts";
import { large } from "../collect/large.live.test.ts";
import { malformed } from "../collect/malformed.live.test.ts";
import { slow } from "../collect/slow.live.test.ts";
import { sockets } from "../services/sockets.live.test.ts";
import { xss } from "../report/xss.live.test.ts";

const SEED = 1;

describe("npm run drill, the attacks", function () {
  this.timeout(5 * 60_000);

  const run = (drill: Drill): Promise<Figures> => drill.run({ short: true, seed: SEED, say: () => {} });

  it("malformed requests harm nothing", async () => {
    const { requests, status_400: refused } = await run(malformed);
    assert.equal(requests, 500);
    assert.ok(Number(refused) > 100); // they are malformed
  });

  it("large bodies are refused, and not kept", async () => {
    assert.ok(Number((await run(large)).body_limit_bytes) > 0);
  });

  it("slow sockets are cut, and honest players do not wait for them", async () => {
    assert.equal((await run(slow)).slow_body_sockets, 100);
  });

  it("what players send is inert wherever it comes by", async () => {
    assert.equal((await run(inject)).sql_texts, 200);
  });

  it("markup is text, to the report and to JupyterLab", async function () {
    const browser = await openBrowser();
    if (!browser) return this.skip();
    await browser.close();
    assert.equal((await run(xss)).payloads, 100);
  });

  it("nothing listens but on 127.0.0.1", async function () {
    if (process.platform !== "linux") return this.skip();
    assert.ok(Number((await run(sockets)).listening_sockets) > 8);
  });
});
