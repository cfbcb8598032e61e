import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { HttpFailure, sendToTrino } from "./trino-http.ts";

describe("sendToTrino(request, connection)", () => {
  let server: Server;
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  async function connection(answer: RequestListener) {
    server = createServer(answer).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const signal = AbortSignal.timeout(5_000);
    return {
      server: `http://127.0.0.1:${port}/behind/a/gateway/`,
      headers: { "X-Trino-User": "me" },
      signal,
    };
  }

  it("sends the path below the server's own path, the headers and the statement", async () => {
    const to = await connection((request, response) => {
      const { method, url, headers } = request;
      request.setEncoding("utf8").once("data", (text) => {
        response.end([method, url, headers["x-trino-user"], headers["x-trino-source"], text].join(" "));
      });
    });
    const headers = { "X-Trino-Source": "test" };
    const text = await sendToTrino({ url: "/v1/statement", method: "POST", data: "SELECT 'ä'", headers }, to);
    assert.equal(text, "POST /behind/a/gateway/v1/statement me test SELECT 'ä'");
  });

  it("keeps its connection for the next request", async () => {
    let connections = 0;
    const to = await connection((_, response) => response.end("page"));
    server.on("connection", () => connections++);
    for (let i = 0; i < 5; i++) assert.equal(await sendToTrino({ url: "/page" }, to), "page");
    assert.equal(connections, 1);
  });

  it("unpacks a packed answer", async () => {
    const to = await connection((_, response) => {
      response.setHeader("Content-Encoding", "gzip").end(gzipSync("page"));
    });
    assert.equal(await sendToTrino({ url: "/page" }, to), "page");
  });

  it("follows no redirect, because the login would go along", async () => {
    const asked: (string | undefined)[] = [];
    const to = await connection((request, response) => {
      asked.push(request.url);
      response.writeHead(307, { Location: "/elsewhere" }).end();
    });
    await assert.rejects(sendToTrino({ url: "/page" }, to), { name: "HttpFailure", message: "answer 307" });
    assert.deepEqual(asked, ["/behind/a/gateway/page"]);
  });

  it("fails with the code of a connection that ends within an answer", async () => {
    const to = await connection((_, response) => {
      response.writeHead(200, { "Content-Length": 100 }).write("half");
      setTimeout(() => response.destroy(), 20);
    });
    await assert.rejects(sendToTrino({ url: "/page" }, to), (error) => {
      return error instanceof HttpFailure && error.code === "ECONNRESET";
    });
  });
});
