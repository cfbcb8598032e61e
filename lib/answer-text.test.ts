import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { getJson } from "./services/get-json.ts";
import { query } from "./trino.ts";
import { WebHdfs } from "./webhdfs.ts";

const LOGIN = `<!doctype html><html><head><title>Sign\n in</title></head><body>${"<p>x</p>".repeat(500)}</body></html>`;
const HTML = { "content-type": "text/html" };

describe("another server than the expected one", () => {
  let server: Server;
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  async function answering(status: number, headers: Record<string, string>, body: string): Promise<string> {
    server = createServer((asked, answer) => {
      asked.resume();
      answer.writeHead(status, headers).end(body);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  const ask: Record<string, (url: string) => Promise<unknown>> = {
    Trino: (url) => query("SELECT 1", { server: url }),
    HDFS: async (url) => {
      const hdfs = new WebHdfs({ urls: [url], attempts: 1 });
      return hdfs.status("/a").finally(() => hdfs.close());
    },
    "a service": (url) => getJson(`${url}/state`),
  };

  for (const [kind, [status, headers, body, told]] of Object.entries({
    "a page of a login": [200, HTML, LOGIN, "Sign in"],
    "a refusal of a proxy": [403, HTML, LOGIN, "Sign in"],
    "a redirect": [
      302,
      { location: "https://login.example/?ticket=1" },
      "",
      "a redirect to https://login.example",
    ],
    "no text": [404, {}, "", "no text"],
    "half a document": [200, {}, '{"id":', '{"id":'],
  } as const))
    for (const [name, call] of Object.entries(ask))
      it(`is told in one line, if ${name} answers with ${kind}`, async () => {
        const url = await answering(status, headers, body);
        await assert.rejects(call(url), ({ message }: Error) => {
          const line = message.split("\n")[0]!;
          assert.ok(line.includes(told), line);
          assert.ok(!message.includes("Unexpected") && !message.includes("ticket"), message);
          assert.ok(line.length < 250, line);
          return true;
        });
      });

  it("is told, if it answers as Trino with other JSON", async () => {
    const url = await answering(200, {}, '{"beans": []}');
    await assert.rejects(query("SELECT 1", { server: url }), {
      message: `HTTP_200: expected an answer of Trino at ${url}, got {"beans": []}`,
    });
  });
});
