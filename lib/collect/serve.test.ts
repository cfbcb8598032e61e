import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { Agent, get, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { type Listener, serve } from "./serve.ts";

describe("serve(application, port)", () => {
  it("answers the requests in flight before it has closed, then accepts no more", async () => {
    const application = new EventEmitter();
    const listener = await serve((_, response) => application.emit("asked", response), 0);
    const asked = once(application, "asked");
    const agent = new Agent({ keepAlive: true });
    const reply = once(get({ port: listener.port, agent }), "response");
    const [answer] = (await asked) as [ServerResponse];
    const closed = listener.close();
    answer.end("done");
    const [response] = (await reply) as [IncomingMessage];
    assert.equal(await text(response), "done");
    assert.equal(response.headers.connection, "close");
    await closed; // although the client would keep its connection
    agent.destroy();
    const [error] = await once(get({ port: listener.port, agent: false }), "error");
    assert.equal(error.code, "ECONNREFUSED");
  });

  describe("after the last answer of a connection", () => {
    let listener: Listener;
    let socket: Socket;

    beforeEach(async () => {
      const refuse: RequestListener = (_, response) => {
        response.writeHead(413, { Connection: "close", "Content-Length": 4 }).end("long");
      };
      listener = await serve(refuse, 0);
      socket = connect({ port: listener.port, host: "127.0.0.1", allowHalfOpen: true });
    });
    afterEach(async () => {
      socket.destroy();
      await listener.close();
    });

    it("reads what the client still sends, so that the answer is not lost", async () => {
      socket.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n");
      await sleep(100); // by now the answer is on its way, and the body meets a side that has ended
      await new Promise((sent) => socket.write(Buffer.alloc(1_000_000), sent));
      assert.match(await text(socket), /^HTTP\/1\.1 413 .*long$/s);
    });

    for (const [who, bytes] of [
      ["had a request", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"],
      ["made noise", "noise\r\n\r\n"],
    ] as const) {
      it(`closes to a client that ${who} and does not leave`, async () => {
        socket.write(bytes);
        await once(socket.resume(), "end");
        const drip = setInterval(() => socket.write("x"), 100);
        const [error] = (await once(socket, "error")) as [NodeJS.ErrnoException];
        clearInterval(drip);
        assert.match(error.code ?? "", /^(EPIPE|ECONNRESET)$/);
      });
    }
  });

  it("names the taken port", async () => {
    const listener = await serve(() => {}, 0);
    await assert.rejects(
      serve(() => {}, listener.port),
      new RegExp(`^Error: port ${listener.port} on 127.0.0.1 is taken`),
    );
    await listener.close();
  });
});
