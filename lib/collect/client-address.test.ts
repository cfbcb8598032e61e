import assert from "node:assert/strict";
import { once } from "node:events";
import { type IncomingMessage, request as httpRequest } from "node:http";
import type { Envelope } from "../envelope.ts";
import { createApi } from "./api.ts";
import { createGuard } from "./guard.ts";
import { createRetention } from "./retention.ts";
import { type Listener, serve } from "./serve.ts";

const LOOPBACK = "127.0.0.1"; // the address of each sender here
const CLIENT = "198.51.100.7";

// The API listens for real, and each sender writes its own X-Forwarded-For.
describe("createApi({ trustedProxies })", () => {
  let listener: Listener | undefined;
  let published: Envelope[];
  beforeEach(() => {
    published = [];
  });
  afterEach(() => listener?.close());

  async function listen(trustedProxies: string[], options: { rateLimit?: number; retention?: string } = {}) {
    const api = createApi({
      publish: (message) => {
        published.push(JSON.parse(message) as Envelope);
        return Promise.resolve("kafka");
      },
      whyNotReady: () => null,
      trustedProxies,
      guard: createGuard({ rateLimit: options.rateLimit }),
      retention: createRetention({ overrides: options.retention }),
    });
    listener = await serve(api, 0);
  }

  async function ask(forwarded: string | string[] | undefined, others = {}): Promise<number | undefined> {
    const headers = { ...others, ...(forwarded !== undefined && { "X-Forwarded-For": forwarded }) };
    const request = httpRequest({ host: LOOPBACK, port: listener?.port, headers, agent: false }).end();
    const [response] = (await once(request, "response")) as [IncomingMessage];
    response.resume();
    return response.statusCode;
  }

  for (const [proxies, forwarded, address] of [
    // without a trusted proxy the header counts for nothing
    [[], undefined, LOOPBACK],
    [[], CLIENT, LOOPBACK],
    [[], `${CLIENT}, 127.0.0.1`, LOOPBACK],
    [["10.0.0.1"], CLIENT, LOOPBACK],
    [["128.0.0.0/8", "::/8"], CLIENT, LOOPBACK],
    [["::1"], CLIENT, LOOPBACK],
    // one proxy
    [["127.0.0.1"], undefined, LOOPBACK],
    [["127.0.0.1"], CLIENT, CLIENT],
    [["127.0.0.0/8"], CLIENT, CLIENT],
    [["10.0.0.0/8", "127.0.0.1/32"], CLIENT, CLIENT],
    [["127.0.0.1"], `203.0.113.9, ${CLIENT}`, CLIENT],
    [["127.0.0.1"], `127.0.0.1,${CLIENT}`, CLIENT],
    [["127.0.0.1"], ["203.0.113.9", CLIENT], CLIENT],
    [["127.0.0.1"], `${CLIENT}:4711`, CLIENT],
    [["127.0.0.1"], "127.0.0.1", LOOPBACK],
    // two proxies
    [["127.0.0.1", "10.0.0.0/8"], `${CLIENT}, 10.0.0.2`, CLIENT],
    [["127.0.0.1", "10.0.0.0/8"], `${CLIENT}, 10.0.0.2:4711`, CLIENT],
    [["127.0.0.1", "10.0.0.0/8"], `203.0.113.9, ${CLIENT}, 10.0.0.2`, CLIENT],
    [["127.0.0.1", "10.0.0.0/8"], `10.0.0.3, ${CLIENT}, 10.0.0.2`, CLIENT],
    [["127.0.0.1", "10.0.0.0/8"], "10.0.0.3, 10.0.0.2", "10.0.0.3"],
    [["127.0.0.1", "10.0.0.0/8"], `${CLIENT}, 11.0.0.2`, "11.0.0.2"],
    // IPv6
    [["127.0.0.1"], "2001:db8::7", "2001:db8::7"],
    [["127.0.0.1"], "[2001:db8::7]:4711", "2001:db8::7"],
    [["127.0.0.1"], "[2001:db8::7]", "2001:db8::7"],
    [["127.0.0.1", "fd00::/8"], "2001:db8::7, fd00::2", "2001:db8::7"],
    [["127.0.0.1", "fd00::/8"], "2001:db8::7, fe80::2", "fe80::2"],
    [["127.0.0.1", "fe80::/10"], `${CLIENT}, fe80::2%eth0`, CLIENT],
    [["127.0.0.1"], `::ffff:${CLIENT}`, CLIENT],
    [["127.0.0.1", "10.0.0.0/8"], `${CLIENT}, ::ffff:10.0.0.2`, CLIENT],
    // garbage: the last known address is the client's
    ...["", " ", ",", "unknown", "_hidden", "localhost", "1.2.3", "1.2.3.4.5", "300.1.1.1", "01.2.3.4"].map(
      (text) => [["127.0.0.1"], text, LOOPBACK] as const,
    ),
    ...["1.2.3.4/8", "::1::", "[::1", "<script>", "'; DROP TABLE", "é", "x".repeat(9000)].map(
      (text) => [["127.0.0.1"], text, LOOPBACK] as const,
    ),
    [["127.0.0.1", "10.0.0.0/8"], `${CLIENT}, unknown, 10.0.0.2`, "10.0.0.2"],
    [["127.0.0.1"], `unknown, ${CLIENT}`, CLIENT],
  ] as const) {
    const header = forwarded === undefined ? "no X-Forwarded-For" : `"${String(forwarded).slice(0, 60)}"`;
    it(`takes ${address} for the client with ${header} and the proxies [${proxies.join(", ")}]`, async () => {
      await listen([...proxies]);
      assert.equal(await ask(typeof forwarded === "object" ? [...forwarded] : forwarded), 200);
      assert.equal(published[0]?.remote_addr, address);
    });
  }

  it("limits each client behind a proxy by itself, and one IPv6 network as one client", async () => {
    await listen(["127.0.0.1"], { rateLimit: 1 });
    assert.deepEqual(
      [await ask(CLIENT), await ask("198.51.100.8"), await ask(`198.51.100.9, ${CLIENT}`)],
      [200, 200, 429],
    );
    assert.deepEqual([await ask("2001:db8::7"), await ask("2001:db8::8")], [200, 429]);
  });

  it("counts senders who are no trusted proxy by their own address", async () => {
    await listen(["10.0.0.1"], { rateLimit: 1 });
    assert.deepEqual([await ask(CLIENT), await ask("198.51.100.8")], [200, 429]);
  });

  it("cuts the client's address as the retention says, and stores no header that repeats it", async () => {
    await listen(["127.0.0.1"], { retention: "remote_addr=truncate" });
    await ask(CLIENT, { "CF-Connecting-IP": CLIENT, "True-Client-IP": CLIENT, "X-Real-IP": CLIENT });
    assert.equal(published[0]?.remote_addr, "198.51.100.0");
    assert.doesNotMatch(JSON.stringify(published), /198\.51\.100\.7/);
  });
});
