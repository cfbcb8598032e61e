import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { Agent, get, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { serve } from "./serve.js";

describe("serve(application, port)", () => {
  it("answers what is in flight before it has closed, then accepts nothing more", async () => {
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

  it("says which port is taken", async () => {
    const listener = await serve(() => {}, 0);
    await assert.rejects(
      serve(() => {}, listener.port),
      new RegExp(`^Error: port ${listener.port} on 127.0.0.1 is taken`),
    );
    await listener.close();
  });
});
