import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { kafkaClient } from "./kafka.ts";

describe("kafkaClient(brokers)", () => {
  it("connects to a broker by its IPv6 address", async function () {
    const server = createServer().listen(0, "::1");
    const [problem] = (await Promise.race([once(server, "listening"), once(server, "error")])) as [unknown];
    if (problem) return this.skip(); // a machine without IPv6
    const { port } = server.address() as AddressInfo;
    const connected = once(server, "connection");
    const admin = kafkaClient([`[::1]:${port}`], { retries: 0, requestTimeoutMs: 200 }).admin();
    const answer = admin.connect().catch((error: Error) => error);
    const [socket] = (await connected) as [Socket];
    socket.destroy();
    assert.ok((await answer) instanceof Error);
    await admin.disconnect();
    server.close();
  });
});
