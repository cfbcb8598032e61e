import assert from "node:assert/strict";
import { createApi } from "./api.ts";
import { createCors } from "./cors.ts";
import { createGuard } from "./guard.ts";

import { type Listener, serve } from "./serve.ts";

const GAME = "https://game.example";

// A real API listens; the test sends a browser's requests, and stands in for Kafka.
describe("createCors(origins)", () => {
  let listener: Listener;
  afterEach(() => listener.close());

  async function listen(origins: string[], guard = createGuard({})) {
    const publish = () => Promise.resolve("kafka" as const);
    listener = await serve(
      createApi({ publish, whyNotReady: () => null, cors: createCors(origins), guard }),
      0,
    );
    return (method: string, headers: Record<string, string>, body?: string) =>
      fetch(`http://127.0.0.1:${listener.port}/events`, { method, headers, ...(body && { body }) });
  }
  const preflight = (origin: string) => ({
    Origin: origin,
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "content-type,write-key",
  });
  const allowed = (answer: Response) => answer.headers.get("access-control-allow-origin");

  it("answers a preflight of a page that may send, also when the API asks for a key", async () => {
    const ask = await listen(
      [GAME],
      createGuard({ keys: [{ name: "game", limit: null, hash: Buffer.alloc(32) }] }),
    );
    const answer = await ask("OPTIONS", preflight(GAME));
    assert.deepEqual([answer.status, allowed(answer)], [204, GAME]);
    assert.equal(answer.headers.get("access-control-allow-headers"), "content-type,write-key");
    const refused = await ask("POST", { Origin: GAME, "Content-Type": "application/json" }, "[]");
    assert.deepEqual([refused.status, allowed(refused)], [401, GAME]); // the page can read why
  });

  it("lets a page that may send read the answer and its headers", async () => {
    const ask = await listen([GAME]);
    const answer = await ask(
      "POST",
      { Origin: GAME, "Content-Type": "application/json" },
      '{"event_type":"default"}',
    );
    assert.deepEqual([answer.status, allowed(answer)], [200, GAME]);
    assert.match(answer.headers.get("access-control-expose-headers") ?? "", /Event-Id/);
  });

  // pelias/api#296, jikan-me/jikan-rest#148: a page saw "network error", and sent again for ever.
  it("lets a page that may send read the answer to each request that is refused", async () => {
    const ask = await listen([GAME]);
    const json = { Origin: GAME, "Content-Type": "application/json" };
    const get = (path: string, headers: Record<string, string> = {}) =>
      fetch(`http://127.0.0.1:${listener.port}${path}`, { headers: { Origin: GAME, ...headers } });
    const large = fetch(`http://127.0.0.1:${listener.port}/join_a_guild`, {
      method: "POST",
      headers: json,
      body: " ".repeat(100_000),
    });
    const answers = await Promise.all([
      ask("POST", json, "{"),
      ask("POST", json, " ".repeat(1_100_000)),
      ask("POST", { ...json, "Content-Type": "application/xml" }, "<a/>"),
      ask("PUT", json, "{}"),
      get("/nowhere"),
      get(`/join_a_guild?region=${"x".repeat(9000)}`),
      large,
    ]);
    const facts = answers.map((answer) => [answer.status, allowed(answer)]);
    const statuses = [400, 413, 415, 405, 404, 414, 413];
    assert.deepEqual(
      facts,
      statuses.map((status) => [status, GAME]),
    );
  });

  // PostHog/posthog#9639, getsentry/sentry-javascript#6077
  it("allows the headers that a tracer of the page adds", async () => {
    const headers = "baggage,content-type,sentry-trace,traceparent";
    const ask = await listen([GAME]);
    const answer = await ask("OPTIONS", { ...preflight(GAME), "Access-Control-Request-Headers": headers });
    assert.equal(answer.headers.get("access-control-allow-headers"), headers);
    assert.match(answer.headers.get("vary") ?? "", /Access-Control-Request-Headers/);
  });

  it("lets every page send with *", async () => {
    assert.equal(allowed(await (await listen(["*"]))("OPTIONS", preflight("https://any.example"))), "*");
  });

  it("names no origin for other pages, and refuses their text/plain, which browsers send unasked", async () => {
    for (const origins of [[], [GAME]]) {
      const ask = await listen(origins);
      assert.equal(allowed(await ask("OPTIONS", preflight("https://evil.example"))), null);
      const text = { Origin: "https://evil.example", "Content-Type": "text/plain" };
      assert.equal((await ask("POST", text, '{"event_type":"default"}')).status, 415);
      if (origins.length === 0) await listener.close();
    }
  });
});
