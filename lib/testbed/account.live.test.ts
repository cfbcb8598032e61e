// Accounts that prove nothing, or show a loss, are refused on the real stack too.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { landAll } from "./witness.ts";
import { settle } from "./account.ts";
import type { Ledger } from "./players.ts";
import { openPipeline, type Pipeline } from "./pipeline.ts";

describe("settle(pipeline, ledger)", function () {
  this.timeout(120_000);
  let pipeline: Pipeline;
  before(async () => {
    pipeline = await openPipeline("settle");
    await pipeline.startApi();
  });
  after(() => pipeline.close());

  function ledgerOf(...accepted: string[]): Ledger {
    return {
      accepted: new Map(accepted.map((id) => [id, 0])),
      givenUp: new Set(),
      retries: 0,
      spooled: 0,
      slowestMs: 0,
      firstRefusedAt: null,
    };
  }

  it("refuses an empty account, then one with a lost event, and accepts a true one", async () => {
    await assert.rejects(settle(pipeline, ledgerOf()), /expected more than 0 accepted; got/);
    const answer = await fetch(`${pipeline.apiUrl}/?note=${encodeURIComponent("two\nlines\t\0")}`);
    const id = answer.headers.get("event-id") ?? "";
    assert.equal(await landAll(pipeline), 1);
    await assert.rejects(
      settle(pipeline, ledgerOf(id, randomUUID())),
      /a message for each accepted event, 0 lost; got/,
    );
    const { messages, rows } = await settle(pipeline, ledgerOf(id));
    assert.deepEqual({ messages, rows }, { messages: 1, rows: 1 });
  });
});
