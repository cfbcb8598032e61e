import assert from "node:assert/strict";
import { TopicWriter } from "../collect/publish.ts";
import { receive } from "../collect/receive.ts";
import { events } from "../events.ts";
import { withAdmin } from "../kafka.ts";
import { settings } from "../settings.ts";
import { openPipeline, type Pipeline } from "../testbed/pipeline.ts";
import { landAll } from "../testbed/witness.ts";
import { readOffsets } from "../topic.ts";
import { gapsOf, readChains } from "./chain.ts";

// Kafka's retention deletes messages while no stream runs.
describe("a topic with messages that Kafka deleted before the stream read them", function () {
  this.timeout(180_000);
  let pipeline: Pipeline;
  before(async () => {
    pipeline = await openPipeline("deleted", { partitions: 1 });
  });
  after(() => pipeline.close());

  async function send(count: number): Promise<void> {
    const writer = await TopicWriter.open({ topic: pipeline.topic, partitions: 1 });
    for (let i = 0; i < count; i++) {
      const { message, player } = receive(events[0]!, { query: "", headers: {}, remoteAddr: "127.0.0.1" });
      await writer.publish(message, player);
    }
    await writer.close();
  }

  it("has a gap in its chain, and the stream names the offsets once", async () => {
    const { topic, root } = pipeline;
    await send(3);
    await landAll(pipeline);
    await pipeline.newest("stream").signal("SIGTERM");
    await send(4);
    await withAdmin(settings.kafkaBrokers, async (admin) => {
      await admin.fetchTopicOffsets(topic); // kafkajs then knows the topic, which the next call needs
      await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: "5" }] });
    });
    await landAll(pipeline);

    const reason = "Kafka deleted offsets [3, 5) before they were landed";
    assert.deepEqual(gapsOf(await readChains({ topic, root }), await readOffsets({ topic })), [
      { partition: 0, expected: 3, found: 5, reason },
    ]);
    const stream = pipeline.newest("stream");
    await stream.signal("SIGTERM");
    assert.equal(stream.output.split(reason).length - 1, 1);
  });
});
