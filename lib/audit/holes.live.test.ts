import assert from "node:assert/strict";
import { events } from "../events.ts";
import { receive } from "../collect/receive.ts";
import { kafkaClient, Partitioners } from "../kafka.ts";
import { settings } from "../settings.ts";
import { openPipeline, type Pipeline } from "../testbed/pipeline.ts";
import { countTopic, hasMessageFrom, readOffsets } from "../topic.ts";
import { gapsOf, readChains } from "./chain.ts";
import { conservation } from "./conservation.ts";
import { untilLanded } from "./landed.ts";
import { collectSightings, rangesBetween } from "./sightings.ts";

// Kafka ends each transaction with a record of its own, and an aborted one leaves its messages
// unread: offsets that no consumer sees, in the middle of a batch and at the end of a partition.
describe("a topic whose offsets have holes", function () {
  this.timeout(180_000);
  let pipeline: Pipeline;
  before(async () => {
    pipeline = await openPipeline("holes");
  });
  after(() => pipeline.close());

  it("lands each message that can be read, in chains without a gap, and conserves it", async () => {
    const { topic } = pipeline;
    const event = events[0]!;
    const sent = Array.from({ length: 7 }, () =>
      receive(event, { query: "", headers: {}, remoteAddr: "127.0.0.1" }),
    );
    const producer = kafkaClient(settings.kafkaBrokers).producer({
      createPartitioner: Partitioners.DefaultPartitioner,
      transactionalId: topic,
      maxInFlightRequests: 1,
      idempotent: true,
    });
    await producer.connect();
    const send = async (ids: number[], end: "commit" | "abort") => {
      const transaction = await producer.transaction();
      const messages = ids.map((i) => ({ value: sent[i]!.message, partition: 0 }));
      await transaction.send({ topic, messages });
      await transaction[end]();
    };
    await send([0, 1], "commit");
    await send([2, 3], "abort");
    await send([4], "commit");
    await send([5, 6], "commit"); // and its own record is the partition's last
    await producer.disconnect();

    await pipeline.startStream();
    const count = await countTopic({ topic });
    const place = { topic, root: pipeline.root };
    const ends = await readOffsets({ topic });
    assert.equal(ends[0]!.high, count.partitions[0]!.high + 1, "the end of the last transaction");
    await untilLanded(ends, place);
    assert.equal(count.total, 5);
    assert.equal(await hasMessageFrom(count.partitions[0]!.high, 0, { topic }), false);
    assert.equal(await hasMessageFrom(count.partitions[0]!.high - 1, 0, { topic }), true);
    assert.deepEqual(gapsOf(await readChains(place), count.partitions), []);
    const seen = await collectSightings(rangesBetween([], count.partitions), {
      ...place,
      schema: pipeline.schema,
    });
    const read = [0, 1, 4, 5, 6].map((i) => sent[i]!);
    const { rows, discrepancies } = conservation(
      { accepted: { [event.type]: read.length }, event_ids: read.map(({ eventId }) => eventId) },
      seen,
    );
    assert.deepEqual(discrepancies, []);
    assert.equal(rows[0]?.counted, read.length);
  });
});
