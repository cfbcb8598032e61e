import assert from "node:assert/strict";
import { loadedCatalogue } from "../events.ts";
import { serveProbes } from "../probes.ts";
import { otherCatalogue } from "./catalogue.ts";
import { type Service, services } from "./services.ts";
import { checkPorts } from "./space.ts";

// Real answers to /ready. The test's own process listens instead of an API.
describe("otherCatalogue(service)", () => {
  const api = services.find(({ name }) => name === "api")!;
  let answer: { ready: boolean; catalogue?: string };
  let server: Awaited<ReturnType<typeof serveProbes>>;
  let service: Service;

  beforeEach(async () => {
    server = await serveProbes({ state: () => answer }, 0, "api");
    service = { ...api, ports: [server.port] };
  });
  afterEach(() => server.close());

  it("is null for a process with the same list, and without an answer", async () => {
    answer = { ready: true, catalogue: loadedCatalogue };
    assert.equal(await otherCatalogue(service), null);
    server.close();
    assert.equal(await otherCatalogue(service), null);
  });

  it("names both lists when they differ, also of a process that is not ready", async () => {
    answer = { ready: false, catalogue: "00000000" };
    const expected = `runs another lib/game.ts (00000000) than this folder's (${loadedCatalogue})`;
    assert.equal(await otherCatalogue(service), expected);
    answer = { ready: true };
    assert.match((await otherCatalogue(service)) ?? "", /\(of an earlier version\)/);
  });

  it("is part of the remedy when an API that was started by hand has the port", async () => {
    answer = { ready: true, catalogue: loadedCatalogue };
    const taken = `api: port ${server.port} is taken by process ${process.pid} \\(.*\\)`;
    const remedy = "stop it by Ctrl-C in its terminal \\(npm run up did not start it";
    await assert.rejects(checkPorts([service]), new RegExp(`${taken}; ${remedy}\\), or set `));
    answer = { ready: true, catalogue: "00000000" };
    await assert.rejects(checkPorts([service]), new RegExp(`${remedy}, and it runs another lib/game.ts `));
  });
});
