import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { runStatement } from "./plain-trino.ts";

describe("runStatement(statement)", () => {
  async function trino(...pages: object[]) {
    const server = createServer((_, response) => response.end(JSON.stringify(pages.shift())));
    await once(server.listen(0, "127.0.0.1"), "listening");
    after(() => server.close());
    return { trinoUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
  }

  it("runs a statement again while Trino has no worker for it yet", async () => {
    const early = { error: { errorName: "NO_NODES_AVAILABLE", message: "No nodes available to run query" } };
    assert.deepEqual(await runStatement("SELECT 7", await trino(early, early, { data: [[7]] })), [[7]]);
  });

  it("throws Trino's message, with the statement", async () => {
    const server = await trino({ error: { errorName: "TABLE_NOT_FOUND", message: "no table t" } });
    await assert.rejects(runStatement("SELECT * FROM t", server), {
      message: "no table t, in SELECT * FROM t",
    });
  });
});
