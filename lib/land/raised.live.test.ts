// A topic gets more partitions while the API, two streams and a reader use it.
import assert from "node:assert/strict";
import { withAdmin } from "../kafka.ts";
import { settings } from "../settings.ts";
import { settle } from "../testbed/account.ts";
import { openPipeline, type Pipeline } from "../testbed/pipeline.ts";
import { startPlayers } from "../testbed/players.ts";
import { seeded } from "../testbed/seeded.ts";
import { readOffsets, readTopic } from "../topic.ts";
import { until } from "../until.ts";
import { readChains } from "../audit/chain.ts";

const LIMIT_MS = 60_000; // less than the 5 minutes after which kafkajs looks for new partitions

describe("a topic whose partitions are raised from 2 to 5 while it is in use", function () {
  this.timeout(240_000);
  let pipeline: Pipeline;

  before(async () => {
    pipeline = await openPipeline("raised", { partitions: 2 });
    await Promise.all([pipeline.startApi(), pipeline.startStream(), pipeline.startStream()]);
  });
  after(() => pipeline.close());

  it("gets events in each partition, lands each one once, and shows each one to a reader", async () => {
    const { topic } = pipeline;
    const players = startPlayers({ url: () => pipeline.apiUrl, perSecond: 100, random: seeded(1) });
    const reading = new AbortController();
    const seen = new Set<string>();
    const read = readTopic({
      topic,
      follow: true,
      signal: reading.signal,
      onMessage: ({ partition, offset }) => {
        assert.ok(!seen.has(`${partition}/${offset}`), `${partition}/${offset} is shown twice`);
        seen.add(`${partition}/${offset}`);
      },
    });
    await untilTrue("the reader shows events", () => seen.size > 100);
    await withAdmin(settings.kafkaBrokers, (admin) =>
      admin.createPartitions({ topicPartitions: [{ topic, count: 5 }] }),
    );
    await untilTrue("each partition has events", async () => (await filled()).length === 5);
    await untilTrue("each partition has landed events", async () => (await landed()).length === 5);
    players.stop();
    const account = await settle(pipeline, await players.done);
    await untilTrue("the reader shows all events", () => seen.size >= account.messages);
    reading.abort();
    await read;
    assert.deepEqual([seen.size, account.doubles_removed], [account.messages, 0]);
  });

  it("has streams that are ready again", async () => {
    await untilTrue("both streams are ready", async () => (await states()).every(({ ready }) => ready));
    const partitions = (await states()).flatMap(({ topics }) => topics[0]!.partitions);
    assert.deepEqual(partitions.map(({ partition }) => partition).sort(), [0, 1, 2, 3, 4]);
  });

  async function filled() {
    return (await readOffsets({ topic: pipeline.topic })).filter(({ high }) => high > 0);
  }

  async function landed() {
    const { topic, root } = pipeline;
    return [...new Set((await readChains({ topic, root })).map(({ partition }) => partition))];
  }

  interface State {
    ready: boolean;
    topics: { partitions: { partition: number }[] }[];
  }

  /** The answers of both streams to /ready. */
  function states(): Promise<State[]> {
    const urls = pipeline.children.flatMap(({ log }) =>
      log.flatMap((line) => /, (http:\S+)$/.exec(line)?.[1] ?? []),
    );
    assert.equal(urls.length, 2);
    return Promise.all(urls.map(async (url) => (await (await fetch(`${url}/ready`)).json()) as State));
  }

  async function untilTrue(condition: string, isTrue: () => boolean | Promise<boolean>): Promise<void> {
    await until(condition, async () => (await isTrue()) || undefined, { limitMs: LIMIT_MS, everyMs: 250 });
  }
});
