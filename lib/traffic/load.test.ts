import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { load, newTally } from "./load.ts";

describe("load(url, options)", () => {
  let server: Server;
  let seen: IncomingMessage[];
  afterEach(() => server.close());

  async function listen(listener: RequestListener): Promise<string> {
    seen = [];
    server = createServer((request, response) => {
      seen.push(request);
      listener(request, response);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  it("sends n requests with the given headers over one connection, one at a time by default", async () => {
    let open = 0;
    const url = await listen((_, response) => {
      assert.equal(++open, 1);
      setImmediate(() => {
        open--;
        response.end("ok");
      });
    });
    const totals = await load(`${url}/a?b=1`, { requests: 7, headers: { Host: "user1.att.com" } });
    assert.deepEqual([totals.requests, totals.failures, totals.statuses], [7, 0, { 200: 7 }]);
    assert.ok(seen.every(({ url, headers }) => url === "/a?b=1" && headers.host === "user1.att.com"));
    assert.equal(new Set(seen.map(({ socket }) => socket)).size, 1);
  });

  it("keeps c requests in flight", async () => {
    const waiting: (() => void)[] = [];
    const url = await listen((_, response) => {
      waiting.push(() => response.end());
      // Three requests must have come before the server answers one of them.
      if (waiting.length === 3) for (const answer of waiting.splice(0)) answer();
    });
    assert.equal((await load(url, { requests: 9, concurrency: 3 })).requests, 9);
  });

  it("counts statuses, and every status but 200 as a failure", async () => {
    const url = await listen((_, response) => {
      response.statusCode = seen.length % 2 ? 200 : 404;
      response.end();
    });
    const totals = await load(url, { requests: 5 });
    assert.deepEqual([totals.failures, totals.statuses], [2, { 200: 3, 404: 2 }]);
  });

  it("keeps the event ids in the answers 200", async () => {
    const id = (n: number) => `0197a8c2-0000-7000-8000-00000000000${n}`;
    const url = await listen((_, response) => {
      if (seen.length !== 2) response.setHeader("Event-Id", seen.length === 3 ? "no id" : id(seen.length));
      response.statusCode = seen.length === 4 ? 503 : 200;
      response.end();
    });
    assert.deepEqual((await load(url, { requests: 5 })).event_ids, [id(1), id(5)]);
  });

  it("counts a request without a complete answer by the error's code", async () => {
    const url = await listen((_, response) => {
      response.writeHead(200, { "Content-Length": 10 });
      response.write("half", () => response.destroy());
    });
    const broken = await load(url, { requests: 2 });
    assert.deepEqual([broken.failures, broken.statuses], [2, { ECONNRESET: 2 }]);
    server.close();
    server.closeAllConnections();
    const refused = await load(url, { requests: 2 });
    assert.deepEqual([refused.failures, refused.statuses], [2, { ECONNREFUSED: 2 }]);
  });

  it("adds to a tally, and ends when the signal aborts", async () => {
    const stop = new AbortController();
    const url = await listen((_, response) => {
      if (seen.length === 6) stop.abort();
      response.end();
    });
    const tally = newTally();
    await load(url, { requests: 4, tally });
    const totals = await load(url, { requests: 100, tally, signal: stop.signal });
    assert.deepEqual([totals.requests, totals.failures], [6, 0]);
    assert.ok(totals.p50_ms > 0 && totals.p50_ms <= totals.p95_ms && totals.p95_ms <= totals.p99_ms);
    assert.ok(Math.abs(totals.requests_per_second - totals.requests / tally.seconds) <= 0.05); // rounded
  });
});
