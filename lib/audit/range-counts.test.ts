// Batches are landed by the stream's own code, in an HDFS in memory.
import assert from "node:assert/strict";
import { BatchBuilder } from "../land/batch.ts";
import { openChain } from "../land/commits.ts";
import { HdfsModel } from "../testbed/hdfs-model.fixture.ts";
import { countFileRows } from "./range-counts.ts";

const root = "/q";

describe("countFileRows(ranges, target)", () => {
  it("counts the rows of each type, and the messages that did not fit, of the topic and no other", async () => {
    const hdfs = new HdfsModel();
    await land(hdfs, "game_events", [
      message("purchase_sword", { power_level: "7" }),
      message("purchase_sword", { power_level: "many" }),
      message("join_a_guild", {}),
      message("sell_a_bow", {}),
      "no JSON",
    ]);
    await land(hdfs, "failed_events", [message("purchase_sword", { power_level: "none" })]);
    const count = (from: number, to: number) =>
      countFileRows([{ partition: 0, from, to }], { hdfs, root, topic: "game_events" });
    assert.deepEqual(await count(0, 5), {
      rows: { default: 0, purchase_sword: 1, join_a_guild: 1 },
      failed: { default: 0, purchase_sword: 1, join_a_guild: 0, sell_a_bow: 1, not_an_event: 1 },
    });
    assert.deepEqual(await count(1, 3), {
      rows: { default: 0, purchase_sword: 0, join_a_guild: 1 },
      failed: { default: 0, purchase_sword: 1, join_a_guild: 0 },
    });
  });

  it("counts 0 before anything has failed", async () => {
    const counts = await countFileRows([], { hdfs: new HdfsModel(), root, topic: "game_events" });
    const none = { default: 0, purchase_sword: 0, join_a_guild: 0 };
    assert.deepEqual(counts, { rows: none, failed: none });
  });
});

async function land(hdfs: HdfsModel, topic: string, texts: string[]): Promise<void> {
  const batch = new BatchBuilder(topic, 0);
  for (const [offset, text] of texts.entries())
    batch.push({ offset: String(offset), timestamp: "1769860800000", value: Buffer.from(text) });
  const chain = await openChain(hdfs, { root, topic, partition: 0 });
  await chain.commit(batch.finish());
}

function message(event_type: string, params: Record<string, string>): string {
  return JSON.stringify({
    event_id: "0190163d-8694-739b-aea5-966c26f8ad90",
    event_type,
    received_at: "2026-01-31T11:59:59.123Z",
    player: "user1",
    params,
    headers: {},
    remote_addr: "127.0.0.1",
  });
}
