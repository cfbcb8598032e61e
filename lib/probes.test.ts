// Real requests to a real listener.
import assert from "node:assert/strict";
import { type Probes, serveProbes } from "./probes.ts";
import { settings } from "./settings.ts";

describe("serveProbes(probes, port, service)", () => {
  let state: ReturnType<Probes["state"]>;
  let text: () => Promise<string>;
  let server: Awaited<ReturnType<typeof serveProbes>>;
  const metrics = { contentType: "text/plain; version=0.0.4", text: () => text() };

  beforeEach(async () => {
    state = { ready: true };
    text = () => Promise.resolve("questlog_stream_lag_events 0\n");
    server = await serveProbes({ state: () => state, metrics }, 0, "stream");
  });
  afterEach(() => server.close());

  async function get(path: string, options: RequestInit = {}): Promise<{ status: number; body: string }> {
    const response = await fetch(`http://127.0.0.1:${server.port}${path}`, options);
    return { status: response.status, body: await response.text() };
  }

  it("is healthy as long as it answers", async () => {
    state = { ready: false };
    const body = `{"ok":true,"version":"${settings.version}"}\n`;
    assert.deepEqual(await get("/health"), { status: 200, body });
  });

  it("tells whether it is ready, with details, and when to ask again", async () => {
    assert.deepEqual(await get("/ready"), { status: 200, body: '{"ready":true}\n' });
    state = { ready: false, reason: "Kafka is away" };
    const response = await fetch(`http://127.0.0.1:${server.port}/ready`);
    assert.deepEqual([response.status, response.headers.get("retry-after")], [503, "2"]);
    assert.deepEqual(await response.json(), state);
  });

  it("answers metrics in Prometheus' format, and 500 when they cannot be collected", async () => {
    const response = await fetch(`http://127.0.0.1:${server.port}/metrics`);
    assert.equal(response.headers.get("content-type"), metrics.contentType);
    assert.equal(await response.text(), "questlog_stream_lag_events 0\n");
    text = () => Promise.reject(new Error("Kafka is away"));
    assert.deepEqual(await get("/metrics"), { status: 500, body: '{"error":"Kafka is away"}\n' });
  });

  it("refuses other paths and methods", async () => {
    assert.deepEqual(await get("/"), {
      status: 404,
      body: '{"error":"path: expected one of /health, /ready, /metrics, got \\"/\\""}\n',
    });
    assert.equal((await get("/health", { method: "POST" })).status, 405);
  });

  it("names the taken port, and the setting to change it", async () => {
    await assert.rejects(serveProbes({ state: () => state }, server.port, "stream"), {
      message:
        `port ${server.port} on 127.0.0.1 is taken; stop the process that listens there, ` +
        "or set QUESTLOG_STREAM_PORT to another port",
    });
  });
});
