// The settings' number of partitions is only that of a topic which is created. Another topic has
// its own.
import assert from "node:assert/strict";
import { TopicWriter } from "../collect/publish.ts";
import { receive } from "../collect/receive.ts";
import { events } from "../events.ts";
import { openPipeline } from "../testbed/pipeline.ts";
import { landAll } from "../testbed/witness.ts";
import { countTopic } from "../topic.ts";
import { gapsOf, readChains } from "./chain.ts";
import { assertConserved, conservation } from "./conservation.ts";
import { collectSightings, rangesBetween } from "./sightings.ts";
import { traceEvent } from "./trace.ts";

const EVENTS = 30; // of as many players: enough for a message in each partition

describe("a topic with another number of partitions", function () {
  this.timeout(180_000);
  const event = events[0]!;

  for (const partitions of [1, 3])
    it(`is landed, conserved and traced in each partition: ${partitions}`, async () => {
      const pipeline = await openPipeline(`partitions-${partitions}`, { partitions });
      try {
        const { topic, failedTopic, root, schema } = pipeline;
        const sent = Array.from({ length: EVENTS }, (_, i) =>
          receive(event, { query: `player=player-${i}`, headers: {}, remoteAddr: "127.0.0.1" }),
        );
        const writer = await TopicWriter.open({ topic, partitions });
        for (const { message, player } of sent) await writer.publish(message, player);
        await writer.close();
        await landAll(pipeline);

        const count = await countTopic({ topic });
        assert.equal(count.partitions.filter(({ high }) => high > 0).length, partitions);
        assert.deepEqual(gapsOf(await readChains({ topic, root }), count.partitions), []);
        const seen = await collectSightings(rangesBetween([], count.partitions), { topic, root, schema });
        const event_ids = sent.map(({ eventId }) => eventId);
        assertConserved(conservation({ accepted: { [event.type]: EVENTS }, event_ids }, seen));

        for (const { partition } of count.partitions) {
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
});
