import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { getJson } from "./get-json.ts";

describe("getJson(url)", () => {
  const PAGE = "<html>\n<head><title>Error 404\nNot Found</title></head><body>HTTP ERROR</body></html>";
  const REMOTE = JSON.stringify({ RemoteException: { message: "Operation is not\nsupported", stack: "x" } });
  for (const [status, body, message] of [
    [404, PAGE, "answered 404: Error 404 Not Found"],
    [200, PAGE, "expected JSON, got Error 404 Not Found"],
    [403, REMOTE, "answered 403: Operation is not\\nsupported"],
    [500, "x".repeat(1000), `answered 500: ${"x".repeat(200)}…`],
    [200, "", "expected JSON, got no text"],
  ] as const)
    it(`tells the answer ${status} ${body.slice(0, 12)} in one short line`, async () => {
      const server = createServer((_, response) => response.writeHead(status).end(body));
      await once(server.listen(0, "127.0.0.1"), "listening");
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
      await assert.rejects(getJson(url), ({ message: got }: Error) => {
        assert.equal(got.replace(/^\S+?:? (?=answered|expected)/, ""), message);
        return true;
      });
      server.close();
    });
});
