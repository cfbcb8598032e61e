import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { DEFAULT_PORTS, HOST } from "../settings.ts";
import { freePort } from "./free-port.ts";

describe("freePort()", () => {
  it("never gives the same port twice, and none of outgoing connections or of a stack of tests", async () => {
    const ports = await Promise.all(Array.from({ length: 200 }, freePort));
    assert.equal(new Set(ports).size, ports.length);
    const offsets = [0, 6_000, 10_000, 13_000, 16_000]; // of the tests' stacks
    const stacks = offsets.flatMap((offset) => Object.values(DEFAULT_PORTS).map((port) => port + offset));
    for (const port of ports) assert.ok(port < 32_768 && !stacks.includes(port), String(port));
  });

  it("gives a port on which a server can listen", async () => {
    const server = createServer().listen(await freePort(), HOST);
    await once(server, "listening");
    server.close();
  });
});
