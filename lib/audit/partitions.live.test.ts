// The settings' number of partitions is only that of a new topic. Another topic has its own, and it
// can be raised.
import assert from "node:assert/strict";
import { TopicWriter } from "../collect/publish.ts";
import { receive } from "../collect/receive.ts";
import { events } from "../events.ts";
import { openPipeline } from "../testbed/pipeline.ts";
import { landAll } from "../testbed/witness.ts";
import { withAdmin } from "../kafka.ts";
import { settings } from "../settings.ts";
import { countTopic, type PartitionOffsets, readOffsets } from "../topic.ts";
import { gapsOf, readChains } from "./chain.ts";
import { assertConserved, conservation } from "./conservation.ts";
import { collectSightings, rangesBetween } from "./sightings.ts";
import { traceEvent } from "./trace.ts";

const EVENTS = 30; // of as many players: enough for a message in each partition

describe("a topic with another number of partitions", function () {
  this.timeout(180_000);
  const event = events[0]!;

  for (const steps of [[1], [3], [2, 5]])
    it(`is landed, conserved and traced in each partition: ${steps.join(" raised to ")}`, async () => {
      const pipeline = await openPipeline(`partitions-${steps.join("-")}`, { partitions: steps[0]! });
      try {
        const { topic, failedTopic, root, schema } = pipeline;
        let before: PartitionOffsets[] = [];
        for (const partitions of steps) {
          await raise(topic, partitions);
          const event_ids = await send(topic, partitions);
          await landAll(pipeline);
          const { partitions: offsets } = await countTopic({ topic });
          assert.equal(offsets.filter(({ high }) => high > 0).length, partitions);
          assert.deepEqual(gapsOf(await readChains({ topic, root }), offsets), []);
          const ranges = rangesBetween(before, offsets);
          const seen = await collectSightings(ranges, { topic, root, schema });
          assertConserved(conservation({ accepted: { [event.type]: EVENTS }, event_ids }, seen));
          await pipeline.newest("stream").signal("SIGTERM");
          before = offsets;
        }

        const seen = await collectSightings(rangesBetween([], before), { topic, root, schema });

        for (const { partition } of before) {
          const { event_id, offset } = seen.topic.find((one) => one.partition === partition)!;
          const report = `${pipeline.home}/report.html`; // no such page
          const { ways } = await traceEvent(event_id!, { topic, failedTopic, root, schema, report });
          const [{ message, commit, files, row } = {}, ...others] = ways;
          assert.deepEqual([message?.partition, message?.offset, others], [partition, offset, []]);
          assert.ok(commit!.first <= offset && offset <= commit!.last);
          assert.deepEqual([files?.length, row?.counts], [1, "yes"]);
        }
      } finally {
        await pipeline.close();
      }
    });

  /** Gives the topic more partitions, unless it has that many. */
  async function raise(topic: string, partitions: number): Promise<void> {
    const topicPartitions = [{ topic, count: partitions }];
    if ((await readOffsets({ topic })).length < partitions)
      await withAdmin(settings.kafkaBrokers, (admin) => admin.createPartitions({ topicPartitions }));
  }

  /** Sends an event of each player; returns the ids. */
  async function send(topic: string, partitions: number): Promise<string[]> {
    const sent = Array.from({ length: EVENTS }, (_, i) =>
      receive(event, { query: `player=player-${i}`, headers: {}, remoteAddr: "127.0.0.1" }),
    );
    const writer = await TopicWriter.open({ topic, partitions });
    for (const { message, player } of sent) await writer.publish(message, player);
    await writer.close();
    return sent.map(({ eventId }) => eventId);
  }
});
