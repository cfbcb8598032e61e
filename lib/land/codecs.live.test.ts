import assert from "node:assert/strict";
import { events } from "../events.ts";
import { gapsOf, readChains } from "../audit/chain.ts";
import { untilLanded } from "../audit/landed.ts";
import { receive } from "../collect/receive.ts";
import { runKafkaTool } from "../testbed/account.ts";
import { openPipeline, type Pipeline } from "../testbed/pipeline.ts";
import { countTopic } from "../topic.ts";
import { query } from "../trino.ts";

const CODECS = ["none", "gzip", "snappy", "lz4", "zstd"];
const EVENTS = 50; // of each codec

describe("a topic with batches of another producer", function () {
  this.timeout(180_000);
  let pipeline: Pipeline;
  before(async () => {
    pipeline = await openPipeline("codecs");
  });
  after(() => pipeline.close());

  it("lands each event in each of Kafka's codecs, and a text that is no event", async () => {
    const { topic } = pipeline;
    const event = events[0]!;
    await pipeline.startStream();
    for (const codec of CODECS) {
      const texts = Array.from(
        { length: EVENTS },
        () => receive(event, { query: "", headers: {}, remoteAddr: "127.0.0.1" }).message,
      );
      const options = ["--topic", topic, "--compression-codec", codec];
      const lines = [...texts.map(String), `hello in ${codec}`].join("\n");
      const { exitCode, stderr } = await runKafkaTool(
        "org.apache.kafka.tools.ConsoleProducer",
        options,
        `${lines}\n`,
      );
      assert.equal(exitCode, 0, stderr);
    }
    const { total, partitions } = await countTopic({ topic });
    assert.equal(total, CODECS.length * (EVENTS + 1));
    await untilLanded(partitions, { topic, root: pipeline.root });
    assert.deepEqual(gapsOf(await readChains({ topic, root: pipeline.root }), partitions), []);
    const { schema } = pipeline;
    const [row] = await query<{ n: number }>(`SELECT count(*) AS n FROM ${event.table}`, { schema });
    assert.equal(row!.n, CODECS.length * EVENTS);
    const failed = await query<{ raw: string }>("SELECT raw_event AS raw FROM failed_events ORDER BY 1", {
      schema,
    });
    assert.deepEqual(
      failed.map(({ raw }) => raw),
      CODECS.map((codec) => `hello in ${codec}`).sort(),
    );
  });
});
