import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { HOST } from "../settings.ts";
import { showAnswer } from "./show-answer.ts";

const run = promisify(execFile);
const module = JSON.stringify(join(import.meta.dirname, "show-answer.ts"));

describe("showAnswer(url)", () => {
  let server: Server;
  let url: string;

  before(async () => {
    server = createServer({ keepAlive: false }, (request, response) => {
      response.sendDate = false;
      response.writeHead(404, { "Event-Id": "7", Connection: "close", "Content-Length": 5 });
      response.end(`${request.url}\n`);
    }).listen(0, HOST);
    await once(server, "listening");
    url = `http://${HOST}:${(server.address() as AddressInfo).port}/buy`;
  });
  after(() => server.close());

  const shown = "HTTP/1.1 404 Not Found\nEvent-Id: 7\nConnection: close\nContent-Length: 5\n\n/buy";

  it("prints the request and the whole answer, also on a machine without any other program", async () => {
    const code = `import { showAnswer } from ${module}; await showAnswer("${url}")`;
    const args = ["--input-type=module", "-e", code];
    const { stdout } = await run(process.execPath, args, { env: { ...process.env, PATH: "" } });
    assert.equal(stdout, `GET ${url}\n${shown}\n`);
  });

  it("fails without an answer", async () => {
    server.close();
    await once(server, "close");
    await assert.rejects(showAnswer(url), { code: "ECONNREFUSED" });
  });
});
