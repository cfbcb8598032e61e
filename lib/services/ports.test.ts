import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type AddressInfo, type Server } from "node:net";
import { findPortHolder, listeningSocketsOf } from "./ports.ts";
import { services } from "./services.ts";
import { checkPorts, checkSpace, checkDisk } from "./space.ts";

describe("obstacles before a start", () => {
  let server: Server;
  let port: number;
  beforeEach(async () => {
    server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    ({ port } = server.address() as AddressInfo);
  });
  afterEach(() => server.close());

  it("finds the process that listens on a port", async () => {
    const holder = await findPortHolder(port);
    assert.equal(holder?.pid, process.pid);
    assert.match(holder?.name ?? "", /node/);
  });

  it("also finds a process that listens on all interfaces", async () => {
    const everywhere = createServer().listen(0);
    await once(everywhere, "listening");
    const holder = await findPortHolder((everywhere.address() as AddressInfo).port);
    everywhere.close();
    assert.equal(holder?.pid, process.pid);
  });

  it("finds no process on a free port", async () => {
    server.close();
    await once(server, "close");
    assert.equal(await findPortHolder(port), undefined);
  });

  it("lists a process's listening sockets with their addresses", function () {
    if (process.platform !== "linux") this.skip();
    const socket = listeningSocketsOf(process.pid).find((each) => each.port === port);
    assert.equal(socket?.address, "127.0.0.1");
  });

  it("names the service, the port and its holder before a start", async () => {
    const [kafka] = services;
    assert.ok(kafka);
    await assert.rejects(checkPorts([{ ...kafka, ports: [port] }]), (error: Error) => {
      assert.match(
        error.message,
        new RegExp(`^kafka: port ${port} is taken by process ${process.pid} \\(.*node`),
      );
      return true;
    });
  });

  it("throws an error with the memory needed and available", async () => {
    const [kafka] = services;
    assert.ok(kafka);
    await assert.rejects(checkSpace([{ ...kafka, memoryMb: 1e9 }]), {
      message: /^memory: expected 1000000000 MB available for kafka, got \d+ MB; /,
    });
  });

  it("throws an error with the disk needed and free, and the folder", async () => {
    await assert.rejects(checkDisk(".", 1e12, "QUESTLOG_HOME"), {
      message: /^disk: expected 1000000000000 MB free in \., got \d+ MB; .*QUESTLOG_HOME/,
    });
  });
});
